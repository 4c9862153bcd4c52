package api_test

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestMeasurementsAreListedAsStored(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	a := r.measured(1)
	stored, err := r.store.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	r.must(err)
	var page wire.MeasurementPage
	r.get(a.Links.Measurements).want(200).into(&page)
	if len(page.Measurements) != 1 || page.NextCursor != nil {
		t.Fatalf("page is %+v", page)
	}
	if diff := cmp.Diff(stored[0], page.Measurements[0].Root()); diff != "" {
		t.Errorf("shown otherwise than stored (-stored +shown):\n%s", diff)
	}
	if got := page.Measurements[0]; got.TimestampUTC.Nanosecond() != 234_567_000 || got.SampleRateKHz != 12.001135 || got.PowerDBM != nil {
		t.Errorf("shown as %+v", got)
	}
}

func TestMeasurementFiltersChooseTheirRows(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"One", "Two", "Three"} {
		r.websdr(name)
	}
	a := r.measured(1, 2, 3) // at 1.2, 2.5 and 3.7 s, SNR 10, 20 and 30 dB, the first not detected
	for _, c := range []struct {
		query string
		want  []int64
	}{
		{"", []int64{3, 2, 1}},
		{"task_id=" + a.TaskID, []int64{3, 2, 1}},
		{"task_id=other", nil},
		{"websdr_id=2", []int64{2}},
		{"websdr_id=1&websdr_id=3", []int64{3, 1}},
		{"from=2026-03-01T12:00:02Z", []int64{3, 2}},
		{"to=2026-03-01T12:00:02.469135Z", []int64{1}},
		{"from=2026-03-01T12:00:02.469135Z&to=2026-03-01T12:00:02.469136Z", []int64{2}},
		{"from=2026-03-01T13:00:02%2B01:00", []int64{3, 2}},
		{"frequency_min_mhz=145.5&frequency_max_mhz=145.5", []int64{3, 2, 1}},
		{"frequency_min_mhz=145.500001", nil},
		{"frequency_max_mhz=145.499999", nil},
		{"snr_min_db=20", []int64{3, 2}},
		{"snr_min_db=0", []int64{3, 2, 1}},
		{"detected=true", []int64{3, 2}},
		{"limit=2", []int64{3, 2}},
	} {
		var page wire.MeasurementPage
		r.get("/api/v1/measurements?" + c.query).want(200).into(&page)
		var got []int64
		for _, m := range page.Measurements {
			got = append(got, m.WebSDRID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("?%s chooses other rows (-want +got):\n%s", c.query, diff)
		}
	}
}

func TestPagesOfMeasurementsNeitherSkipNorRepeatWhileRowsArrive(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"One", "Two", "Three"} {
		r.websdr(name)
	}
	r.measured(1, 2, 3)
	r.measured(1, 2, 3) // the same times again: ties are broken by the key
	var got []string
	cursor := ""
	for range 10 {
		var page wire.MeasurementPage
		r.get("/api/v1/measurements?limit=1" + cursor).want(200).into(&page)
		for _, m := range page.Measurements {
			got = append(got, fmt.Sprint(m.TaskID, m.WebSDRID))
		}
		if page.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + *page.NextCursor
	}
	seen := map[string]bool{}
	for _, key := range got {
		seen[key] = true
	}
	if len(got) != 6 || len(seen) != 6 {
		t.Errorf("pages gave %d rows, %d distinct, want 6", len(got), len(seen))
	}
}

func TestAMisspeltFilterIsRefused(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct{ target, location, message string }{
		{"/api/v1/measurements?taskid=x", "query.taskid", "not known: use"},
		{"/api/v1/measurements?task_id=", "query.task_id", "must not be empty"},
		{"/api/v1/measurements?task_id=a&task_id=b", "query.task_id", "once"},
		{"/api/v1/measurements?websdr_id=one", "query.websdr_id", "integer"},
		{"/api/v1/measurements?websdr_id=1&websdr_id=0", "query.websdr_id[1]", ">= 1"},
		{"/api/v1/measurements?from=yesterday", "query.from", "date"},
		{"/api/v1/measurements?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "query.to", "after from"},
		{"/api/v1/measurements?limit=0", "query.limit", ">= 1"},
		{"/api/v1/measurements?limit=1001", "query.limit", "<= 1000"},
		{"/api/v1/measurements?snr_min_db=NaN", "query.snr_min_db", "finite"},
		{"/api/v1/measurements?frequency_min_mhz=Inf", "query.frequency_min_mhz", "at most"},
		{"/api/v1/measurements?frequency_min_mhz=0", "query.frequency_min_mhz", "above 0"},
		{"/api/v1/measurements?frequency_min_mhz=2&frequency_max_mhz=1", "query.frequency_max_mhz", "below"},
		{"/api/v1/measurements?detected=yes", "query.detected", "true"},
		{"/api/v1/measurements?format=xml", "query.format", "json"},
		{"/api/v1/measurements?cursor=rubbish", "query.cursor", "next_cursor"},
		{"/api/v1/measurements?cursor=rubbish&snr_min_db=NaN", "query.snr_min_db", "finite"},
		{"/api/v1/acquisitions?state=done", "query.state[0]", "pending"},
		{"/api/v1/acquisitions?cursor=" + *encode("m1|1|x|1"), "query.cursor", "next_cursor"},
		{"/api/v1/acquisitions?cursor=" + *encode("a1|gone"), "query.cursor", "unknown"},
		{"/api/v1/captures?state=partial", "query.state[0]", "pending"},
		{"/api/v1/captures?failure_class=bad", "query.failure_class", "busy"},
		{"/api/v1/captures?cursor=" + *encode("c1|x|0"), "query.cursor", "next_cursor"},
		{"/healthz?verbose=1", "query.verbose", "no parameters"},
		{"/api/v1/websdrs/export?format=xml", "query.format", "csv"},
		{"/api/v1/websdrs?is_active=true", "query.is_active", "use active"},
	} {
		r.get(c.target).refused(422, c.location, c.message)
	}
	r.get("/api/v1/measurements?task_id=%zz").refused(400, "", "query cannot be read")
	r.get("/api/v1/measurements?a;b").refused(400, "", "query cannot be read")
}

func encode(text string) *string {
	return new(base64.RawURLEncoding.EncodeToString([]byte(text)))
}

func TestMeasurementsStreamAsCSVWithTheNamesOfTheJSON(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	r.websdr("Two")
	r.measured(1, 2)
	for _, ask := range [][]string{{"?format=csv"}, {"", "Accept", "text/csv"}, {"", "Accept", "text/csv, application/json;q=0.5"}} {
		a := r.get("/api/v1/measurements"+ask[0], ask[1:]...).want(200)
		if !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
			t.Fatalf("Content-Type is %q", a.header.Get("Content-Type"))
		}
		compareCSV(t, a.body, r.get("/api/v1/measurements").want(200).body)
	}
	if a := r.get("/api/v1/measurements?format=json", "Accept", "text/csv").want(200); a.header.Get("Content-Type") != "application/json" {
		t.Errorf("format=json answers %q", a.header.Get("Content-Type"))
	}
	if lines := strings.Count(r.get("/api/v1/measurements?format=csv&limit=1").want(200).body, "\n"); lines != 2 {
		t.Errorf("a limit of 1 gives %d lines, want 2", lines)
	}
	if lines := strings.Count(r.get("/api/v1/measurements?format=csv&task_id=none").want(200).body, "\n"); lines != 1 {
		t.Errorf("nothing found gives %d lines, want the header alone", lines)
	}
}

// compareCSV fails unless the CSV says what the JSON page says, cell by cell.
func compareCSV(t *testing.T, text, page string) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows struct{ Measurements []map[string]any }
	if err := json.Unmarshal([]byte(page), &rows); err != nil {
		t.Fatal(err)
	}
	if len(records) != len(rows.Measurements)+1 {
		t.Fatalf("%d lines for %d rows", len(records), len(rows.Measurements))
	}
	for i, row := range rows.Measurements {
		if len(records[0]) != len(row) {
			t.Fatalf("%d columns for %d keys", len(records[0]), len(row))
		}
		for k, name := range records[0] {
			want := fmt.Sprint(row[name])
			switch v := row[name].(type) {
			case nil:
				want = ""
			case float64:
				want = strconv.FormatFloat(v, 'g', -1, 64)
			case []any:
				want = strings.Trim(want, "[]")
			}
			if got := records[i+1][k]; got != want {
				t.Errorf("row %d, %s is %q, want %q", i, name, got, want)
			}
		}
	}
}

func TestCapturesAreFoundByWhatBecameOfThem(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"One", "Two", "Three"} {
		r.websdr(name)
	}
	a := r.acquisition(1, 2, 3)
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) {
		if c.WebSDRID == 2 {
			c.State, c.Phase, c.FailureClass, c.Reason, c.StartedAt, c.EndedAt = heimdall.Failed, heimdall.PhaseDone, heimdall.FailBusy, "all slots are taken", noon, noon
			return c, nil
		}
		return success(job, c)
	})
	for _, c := range []struct {
		query string
		want  []int64
	}{
		{"", []int64{1, 2, 3}},
		{"task_id=" + a.TaskID, []int64{1, 2, 3}},
		{"task_id=other", nil},
		{"websdr_id=3", []int64{3}},
		{"state=failed", []int64{2}},
		{"state=failed&state=success", []int64{1, 2, 3}},
		{"failure_class=busy", []int64{2}},
		{"failure_class=down", nil},
		{"from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:01Z", []int64{1, 2, 3}},
		{"from=2026-03-01T12:00:01Z", nil},
	} {
		var page wire.CapturePage
		r.get("/api/v1/captures?" + c.query).want(200).into(&page)
		var got []int64
		for _, c := range page.Captures {
			got = append(got, c.WebSDRID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("?%s finds others (-want +got):\n%s", c.query, diff)
		}
	}
	var got []int64
	cursor := ""
	for range 10 {
		var page wire.CapturePage
		r.get("/api/v1/captures?limit=1" + cursor).want(200).into(&page)
		for _, c := range page.Captures {
			got = append(got, c.WebSDRID)
		}
		if page.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + *page.NextCursor
	}
	if diff := cmp.Diff([]int64{1, 2, 3}, got); diff != "" {
		t.Errorf("pages skip or repeat (-want +got):\n%s", diff)
	}
	stored, err := r.store.Capture(t.Context(), a.TaskID, 1)
	r.must(err)
	var shown wire.Capture
	r.get(fmt.Sprintf("/api/v1/captures/%s/1", a.TaskID)).want(http.StatusOK).into(&shown)
	if diff := cmp.Diff(stored, shown.Root()); diff != "" {
		t.Errorf("shown otherwise than stored (-stored +shown):\n%s", diff)
	}
	if shown.Recording.StartUnixNs != strconv.FormatInt(stored.Recording.Start.UnixNano(), 10) {
		t.Errorf("start_unix_ns is %s", shown.Recording.StartUnixNs)
	}
	r.get(fmt.Sprintf("/api/v1/captures/%s/4", a.TaskID)).refused(404, "", "not found")
}
