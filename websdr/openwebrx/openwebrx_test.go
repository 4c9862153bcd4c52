package openwebrx_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/openwebrx"
)

const statusText = `{"receiver":{"name":"Aquila di Giaveno","admin":"op@example.org","gps":{"lat":45.02,"lon":7.29},"asl":600,"location":"Giaveno, Italy"},
"max_clients":20,"version":"v1.2.94","sdrs":[
{"name":"RTL","type":"RtlSdrSource","profiles":[{"name":"2m","center_freq":145000000,"sample_rate":2048000},{"name":"70cm","center_freq":432500000,"sample_rate":2048000}]},
{"name":"broken","type":"x","profiles":[{"name":"none","center_freq":0,"sample_rate":2048000}]}]}`

func TestTheStatusOfAReceiverIsReported(t *testing.T) {
	var asked, agent string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, agent = r.Method+" "+r.URL.Path, r.UserAgent()
		if r.Method != http.MethodGet { // as the real one
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		w.Write([]byte(statusText))
	}))
	defer srv.Close()
	w := heimdall.WebSDR{URL: srv.URL + "/owrx/", Timeout: 5 * time.Second}
	r, err := new(openwebrx.Prober).Probe(t.Context(), &w, "heimdall IZ1ABC")
	if err != nil || asked != "GET /owrx/status.json" || !strings.Contains(agent, "IZ1ABC") {
		t.Fatalf("asked %s as %q: %v", asked, agent, err)
	}
	want := websdr.Report{
		Dialect: "OpenWebRX v1.2.94", UsersMax: new(20), Name: "Aquila di Giaveno", LocationName: "Giaveno, Italy",
		LatitudeDeg: new(45.02), LongitudeDeg: new(7.29), AltitudeM: new(600.0), FrequencyMinHz: 143_976_000, FrequencyMaxHz: 433_524_000,
		Raw: map[string]string{"profiles": "2m 144-146 MHz; 70cm 431.5-433.5 MHz"},
	}
	if diff := cmp.Diff(want, r, cmpopts.IgnoreFields(websdr.Report{}, "Latency")); diff != "" || r.Latency <= 0 {
		t.Errorf("report after %v (-want +got):\n%s", r.Latency, diff)
	}
}

func TestARefusalIsOfTheRightClass(t *testing.T) {
	code, text := 200, ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(code)
		w.Write([]byte(text))
	}))
	defer srv.Close()
	w := heimdall.WebSDR{URL: srv.URL, Timeout: 5 * time.Second}
	probe := func() *websdr.Failure {
		_, err := new(openwebrx.Prober).Probe(t.Context(), &w, "")
		return websdr.AsFailure(err)
	}
	for status, want := range map[int]heimdall.FailureClass{
		302: heimdall.FailRedirect, 401: heimdall.FailAuth, 403: heimdall.FailBanned, 404: heimdall.FailProtocol, 429: heimdall.FailQuota, 503: heimdall.FailTransport,
	} {
		if code = status; probe() == nil || probe().Class != want || probe().After != 2*time.Minute {
			t.Errorf("status %d: %v, want class %s after two minutes", status, probe(), want)
		}
	}
	code = 200
	for _, text = range []string{"", "<html>", `{"version":"v1"}`, `[]`} {
		if f := probe(); f == nil || f.Class != heimdall.FailProtocol {
			t.Errorf("%q: %v, want class protocol", text, f)
		}
	}
	srv.Close()
	if f := probe(); f == nil || f.Class != heimdall.FailTransport {
		t.Errorf("nobody there: %v", f)
	}
	w.URL = "ftp://x"
	if f := probe(); f == nil || f.Class != heimdall.FailUnsupported {
		t.Errorf("no web address: %v", f)
	}
}

func FuzzParseStatus(f *testing.F) {
	for _, s := range []string{"", "{}", statusText, `{"receiver":{"gps":{"lat":1e300,"lon":-1}},"sdrs":[{"profiles":[{"center_freq":1e308,"sample_rate":1e308}]}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := openwebrx.ParseStatus(text)
		if err != nil {
			return
		}
		if r.LatitudeDeg != nil && !(*r.LatitudeDeg >= -90 && *r.LatitudeDeg <= 90) || r.FrequencyMinHz < 0 || r.FrequencyMaxHz < r.FrequencyMinHz || r.FrequencyMaxHz > heimdall.MaxFrequencyHz {
			t.Fatalf("report %+v", r)
		}
	})
}
