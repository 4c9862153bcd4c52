package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

const fullWebSDR = `{"name":"Montanaro","kind":"kiwisdr","url":"http://kiwi.example:8073","location_name":"Montanaro, IT",
	"latitude":45.234,"longitude":7.857,"altitude_m":300,"is_active":false,"timeout_seconds":12.5,"retry_count":0,
	"frequency_min_hz":10000,"frequency_max_hz":30000000,"frequency_offset_hz":-1000,"sample_rate_hz":12000,
	"passband_low_hz":-5000,"passband_high_hz":5000,"gain_db":-3.5,"password":"geheim","clock_sigma_ppm":0.1,
	"calibration_db":-12.25,"calibration_sigma_db":0.5,"notes":"a \"note\", with\nlines"}`

func TestAWebSDRIsKeptAsGivenAndItsPasswordNeverShown(t *testing.T) {
	r := newRig(t)
	a := r.post("/api/v1/websdrs", fullWebSDR).want(201)
	if a.header.Get("Location") != "/api/v1/websdrs/1" || a.header.Get("ETag") == "" {
		t.Errorf("headers are %v", a.header)
	}
	stored, err := r.store.WebSDR(t.Context(), 1)
	r.must(err)
	altitude, gain, cal, sigma := 300.0, -3.5, -12.25, 0.5
	want := heimdall.WebSDR{
		ID: 1, Name: "Montanaro", Kind: "kiwisdr", URL: "http://kiwi.example:8073", LocationName: "Montanaro, IT",
		LatitudeDeg: 45.234, LongitudeDeg: 7.857, AltitudeM: &altitude, Timeout: 12500 * time.Millisecond,
		FrequencyMinHz: 10_000, FrequencyMaxHz: 30_000_000, FrequencyOffsetHz: -1000, SampleRateHz: 12000,
		PassbandLowHz: -5000, PassbandHighHz: 5000, GainDB: &gain, Password: "geheim", ClockSigmaPPM: 0.1,
		CalibrationDB: &cal, CalibrationSigma: &sigma, Notes: "a \"note\", with\nlines", CreatedAt: noon, UpdatedAt: noon,
	}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Errorf("stored another WebSDR (-want +got):\n%s", diff)
	}
	for _, target := range []string{"/api/v1/websdrs", "/api/v1/websdrs/1", "/api/v1/websdrs/export", "/api/v1/websdrs/export?format=csv"} {
		if body := r.get(target).want(200).body; strings.Contains(body, "geheim") || !strings.Contains(body, "has_password") {
			t.Errorf("%s shows: %s", target, body)
		}
	}
	if bad := r.post("/api/v1/websdrs", `{"name":1,"password":"geheim"}`).want(422).body; strings.Contains(bad, "geheim") {
		t.Errorf("the complaint repeats the password: %s", bad)
	}
	if strings.Contains(r.log.String(), "geheim") {
		t.Errorf("the log has the password: %s", r.log)
	}
}

func TestAWebSDRLeftToDefaultsIsActiveWithThirtySecondsAndThreeRetries(t *testing.T) {
	r := newRig(t)
	var w wire.WebSDR
	r.post("/api/v1/websdrs", `{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0}`).want(201).into(&w)
	if !w.IsActive || w.TimeoutSeconds != 30 || w.RetryCount != 3 || w.HasPassword || w.AltitudeM != nil {
		t.Errorf("defaults are %+v", w)
	}
}

func TestABadWebSDRIsRefusedByField(t *testing.T) {
	r := newRig(t)
	r.websdr("Taken")
	for _, c := range []struct{ name, body, location, message string }{
		{"unknown kind", `{"name":"A","kind":"magic","url":"sim://a","latitude":0,"longitude":0}`, "body.kind", "not known"},
		{"no kind", `{"name":"A","url":"sim://a","latitude":0,"longitude":0}`, "body", "kind"},
		{"credentials in the address", `{"name":"A","kind":"kiwisdr","url":"http://u:p@a","latitude":0,"longitude":0}`, "body.url", "credentials"},
		{"beyond the pole", `{"name":"A","kind":"sim","url":"sim://a","latitude":91,"longitude":0}`, "body.latitude", "-90 to 90"},
		{"an endless time-out", `{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0,"timeout_seconds":1e18}`, "body.timeout_seconds", "1 to 300"},
		{"a broken number", `{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0,"retry_count":1.5}`, "body.retry_count", "integer"},
		{"an unknown field", `{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0,"active":true}`, "body.active", "unexpected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := *r
			r.T = t
			r.post("/api/v1/websdrs", c.body).refused(422, c.location, c.message)
		})
	}
	r.post("/api/v1/websdrs", `{"name":"Taken","kind":"sim","url":"sim://a","latitude":0,"longitude":0}`).refused(409, "", "Taken")
	r.post("/api/v1/websdrs", `name: A`, "Content-Type", "application/yaml").refused(415, "body", "send it with Content-Type: application/json")
}

func TestReplacingKeepsThePasswordAndPatchingChangesOnlyWhatItNames(t *testing.T) {
	r := newRig(t)
	r.post("/api/v1/websdrs", fullWebSDR).want(201)
	const self = "/api/v1/websdrs/1"
	shown := r.get(self).want(200).body
	step := func(a answer) heimdall.WebSDR {
		t.Helper()
		a.want(200)
		w, err := r.store.WebSDR(t.Context(), 1)
		r.must(err)
		return w
	}
	before, err := r.store.WebSDR(t.Context(), 1)
	r.must(err)

	r.now = r.now.Add(time.Second)
	after := step(r.do("PUT", self, shown))
	before.UpdatedAt = r.now
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("putting back what was shown changes it (-before +after):\n%s", diff)
	}
	before.Notes, before.AltitudeM, before.RetryCount, before.Active = "", nil, 3, true
	after = step(r.do("PATCH", self, `{"notes":null,"altitude_m":null,"retry_count":null,"is_active":true}`, "Content-Type", "application/merge-patch+json"))
	before.UpdatedAt = after.UpdatedAt // every change has a later one
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the patch changes something else (-want +got):\n%s", diff)
	}
	if after = step(r.do("PATCH", self, `{"password":"neu"}`)); after.Password != "neu" {
		t.Errorf("password is %q after a patch", after.Password)
	}
	if after = step(r.do("PATCH", self, `{"password":null}`)); after.Password != "" {
		t.Errorf("password is %q after it was removed", after.Password)
	}
	r.do("PATCH", self, `{"name":null}`).refused(422, "body", "name")
	r.do("PATCH", self, `{"nmae":"x"}`).refused(422, "body.nmae", "unexpected")
	r.do("PATCH", self, `{"latitude":"north"}`).refused(422, "body.latitude", "number")
	r.do("PATCH", self, `{"latitude":1e999}`).refused(400, "body", "latitude is a number too large")
	r.do("PATCH", self, `{"latitude":91}`).refused(422, "body.latitude", "90")
	r.do("PATCH", self, `[1]`).refused(422, "body", "object")
	r.do("PATCH", self, `{`).refused(400, "body", "JSON")
	r.do("PATCH", self, ``).refused(400, "", "required")
	r.do("PATCH", self, `a=b`, "Content-Type", "application/x-www-form-urlencoded").refused(415, "", "merge-patch")
	r.do("PUT", self, `{"name":"x"}`).refused(422, "body", "kind")
}

func TestAChangeBasedOnAnOldVersionIsRefused(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	const self = "/api/v1/websdrs/1"
	old := r.get(self).want(200)
	r.now = r.now.Add(time.Second)
	fresh := r.do("PATCH", self, `{"notes":"a"}`, "If-Match", old.header.Get("ETag")).want(200)
	for _, method := range []string{"PATCH", "PUT", "DELETE"} {
		r.do(method, self, old.body, "If-Match", old.header.Get("ETag")).refused(412, "", "changed since")
	}
	r.do("PUT", self, old.body, "If-Match", `"x", `+fresh.header.Get("ETag")).want(200)
	r.do("DELETE", self, "", "If-Match", "*").want(204)
}

func TestAWebSDRWithCapturesCannotBeDeleted(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	r.websdr("Two")
	r.acquisition(1)
	r.do("DELETE", "/api/v1/websdrs/1", "").refused(409, "", "capture")
	r.do("DELETE", "/api/v1/websdrs/2", "").want(204)
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		r.do(method, "/api/v1/websdrs/2", `{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0}`).refused(404, "", "WebSDR 2")
	}
	r.get("/api/v1/websdrs/one").refused(422, "path.websdr_id", "integer")
	r.get("/api/v1/websdrs/0").refused(422, "path.websdr_id", ">= 1")
}

func TestOnlyActiveWebSDRsAreListedOnRequest(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	r.websdr("Two", func(w *heimdall.WebSDR) { w.Active = false })
	var list wire.WebSDRList
	r.get("/api/v1/websdrs").want(200).into(&list)
	if len(list.WebSDRs) != 2 {
		t.Errorf("%d listed, want 2", len(list.WebSDRs))
	}
	r.get("/api/v1/websdrs?active=true").want(200).into(&list)
	if len(list.WebSDRs) != 1 || list.WebSDRs[0].Name != "One" {
		t.Errorf("active are %+v", list.WebSDRs)
	}
	r.get("/api/v1/websdrs?active=false").refused(422, "query.active", "true")
}

func TestAnExportImportsAsTheSameWebSDRs(t *testing.T) {
	for _, format := range []string{"json", "csv"} {
		t.Run(format, func(t *testing.T) {
			from := newRig(t)
			from.post("/api/v1/websdrs", fullWebSDR).want(201)
			from.websdr("Two, \"quoted\"", func(w *heimdall.WebSDR) { w.URL, w.LatitudeDeg, w.ClockSigmaPPM = "sim://two", 1.0/3, 1e-7 })
			from.websdr(" spaced ", func(w *heimdall.WebSDR) { w.URL, w.Notes = "sim://three", "=1+1" })
			export := from.get("/api/v1/websdrs/export?format=" + format).want(200)
			media := map[string]string{"json": "application/json", "csv": "text/csv"}[format]

			to := newRig(t)
			var res wire.ImportResult
			to.post("/api/v1/websdrs/import?dry_run=true", export.body, "Content-Type", media).want(200).into(&res)
			if res != (wire.ImportResult{Created: 3, DryRun: true}) {
				t.Errorf("the trial says %+v", res)
			}
			if body := to.get("/api/v1/websdrs").want(200).body; !strings.Contains(body, `"websdrs":[]`) {
				t.Errorf("the trial stored something: %s", body)
			}
			to.post("/api/v1/websdrs/import", export.body, "Content-Type", media).want(200).into(&res)
			if res != (wire.ImportResult{Created: 3}) {
				t.Errorf("the import says %+v", res)
			}
			again := to.get("/api/v1/websdrs/export?format=" + format).want(200)
			want := strings.Replace(export.body, `"has_password":true`, `"has_password":false`, 1)
			want = strings.Replace(want, ",-3.5,true,", ",-3.5,false,", 1)
			if diff := cmp.Diff(want, again.body); diff != "" {
				t.Errorf("the round trip changes it (-want +got):\n%s", diff)
			}

			from.post("/api/v1/websdrs/import", export.body, "Content-Type", media).want(200).into(&res)
			if res != (wire.ImportResult{Updated: 3}) {
				t.Errorf("importing again says %+v", res)
			}
			if w, err := from.store.WebSDR(t.Context(), 1); err != nil || w.Password != "geheim" {
				t.Errorf("importing again lost the password: %q %v", w.Password, err)
			}
		})
	}
}

func TestAnImportIsRefusedAsAWholeAndNamesEveryBadCell(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ name, media, body, location, message string }{
		{"a bad cell", "text/csv", "name,kind,url,latitude,longitude\nA,sim,sim://a,north,0\n", "body.line 2, latitude", "must be a number"},
		{"NaN", "text/csv", "name,kind,url,latitude,longitude\nA,sim,sim://a,NaN,0\n", "body.line 2, latitude", "must be a number"},
		{"an empty latitude", "text/csv", "name,kind,url,latitude,longitude\nA,sim,sim://a,,0\n", "body.line 2, latitude", "must not be empty"},
		{"a column nobody knows", "text/csv", "name,kind,url,latitude,longitude,lat\n", "body.csv", `unknown column "lat"`},
		{"a column twice", "text/csv", "name,kind,url,latitude,longitude,name\n", "body.csv", "twice"},
		{"a column that is missing", "text/csv", "name,kind,url,latitude\n", "body.csv", `lacks the column "longitude"`},
		{"too few cells", "text/csv", "name,kind,url,latitude,longitude\nA,sim\n", "body.csv", "wrong number of fields"},
		{"what the noun refuses", "text/csv", "name,kind,url,latitude,longitude\nGood,sim,sim://a,0,0\nA,sim,sim://a,91,0\n", "body[1].latitude", "90"},
		{"a name twice", "application/json", `[{"name":"A","kind":"sim","url":"sim://a","latitude":0,"longitude":0},{"name":"A","kind":"sim","url":"sim://b","latitude":0,"longitude":0}]`, "body[1].name", "unique"},
		{"a wrong type", "application/json", `[{"name":7,"kind":"sim","url":"sim://a","latitude":0,"longitude":0}]`, "body[0].name", "string"},
		{"no list", "application/json", `{"name":"A"}`, "body", "array"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := *r
			r.T = t
			r.post("/api/v1/websdrs/import", c.body, "Content-Type", c.media).refused(422, c.location, c.message)
		})
	}
	r.post("/api/v1/websdrs/import", "x", "Content-Type", "text/plain").refused(415, "", "text/csv")
	r.post("/api/v1/websdrs/import", "", "Content-Type", "text/csv").refused(400, "", "required")
	list, err := r.store.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
	r.must(err)
	if len(list) != 0 {
		t.Errorf("%d WebSDRs were stored", len(list))
	}
}

func TestEveryKeyOfAWebSDRHasItsColumn(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	var keys map[string]any
	r.must(json.Unmarshal([]byte(r.get("/api/v1/websdrs/1").want(http.StatusOK).body), &keys))
	header, _, _ := strings.Cut(r.get("/api/v1/websdrs/export?format=csv").want(200).body, "\n")
	columns := strings.Split(header, ",")
	for _, c := range columns {
		if _, ok := keys[c]; !ok {
			t.Errorf("column %q is no key", c)
		}
	}
	if len(columns) != len(keys) {
		t.Errorf("%d columns, %d keys", len(columns), len(keys))
	}
}
