package httpiq_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/httpiq"
)

func TestAProbeTakesAHeaderAndNoSamples(t *testing.T) {
	server, err := simnet.Serve(t.Context(), world(), "bridge", simnet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := server.WebSDR()
	r, err := new(httpiq.Driver).Probe(t.Context(), &w, "heimdall test")
	if err != nil || r.Dialect != "http_iq" || r.Latency <= 0 {
		t.Errorf("the report is %+v, %v", r, err)
	}
	if n := server.Connections(); n != 0 {
		t.Errorf("it was counted as %d listeners", n)
	}
	w.Password = "wrong"
	if _, err := new(httpiq.Driver).Probe(t.Context(), &w, ""); websdr.AsFailure(err).Class != heimdall.FailAuth {
		t.Errorf("a wrong password is %v", err)
	}
	server.SetFaults(simnet.Fault{Kind: simnet.FaultBusy})
	if _, err := new(httpiq.Driver).Probe(t.Context(), &w, ""); websdr.AsFailure(err).Class != heimdall.FailBusy || websdr.AsFailure(err).After != time.Minute {
		t.Errorf("a busy bridge is %v", err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := new(httpiq.Driver).Probe(t.Context(), &w, ""); websdr.AsFailure(err).Class != heimdall.FailTransport {
		t.Errorf("a bridge that is gone is %v", err)
	}
}

func TestABridgeThatKnowsOnlyGETIsAskedSo(t *testing.T) {
	for name, answers := range map[string]struct {
		head, get int
		want      heimdall.FailureClass
		methods   []string
	}{
		"HEAD is enough":                  {200, 500, "", []string{"HEAD"}},
		"HEAD is not allowed":             {405, 200, "", []string{"HEAD", "GET"}},
		"HEAD is not implemented":         {501, 200, "", []string{"HEAD", "GET"}},
		"it cannot tune there, but is up": {400, 400, "", []string{"HEAD", "GET"}},
		"there is no /iq at all":          {404, 404, heimdall.FailProtocol, []string{"HEAD", "GET"}},
		"it is broken":                    {500, 200, heimdall.FailTransport, []string{"HEAD"}},
		"it wants to be left alone":       {429, 200, heimdall.FailQuota, []string{"HEAD"}},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var methods []string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				methods = append(methods, r.Method)
				if r.URL.Path != "/iq" || r.URL.Query().Get("tune") != "7050000" {
					t.Errorf("asked for %s", r.URL)
				}
				w.WriteHeader(map[string]int{http.MethodHead: answers.head, http.MethodGet: answers.get}[r.Method])
			}))
			defer srv.Close()
			w := heimdall.WebSDR{Kind: "http_iq", URL: srv.URL, FrequencyMinHz: 7_000_000, FrequencyMaxHz: 7_100_000, Timeout: 5 * time.Second}
			_, err := new(httpiq.Driver).Probe(t.Context(), &w, "")
			if answers.want == "" && err != nil || answers.want != "" && (err == nil || websdr.AsFailure(err).Class != answers.want) {
				t.Errorf("got %v, want class %q", err, answers.want)
			}
			if mu.Lock(); !slices.Equal(methods, answers.methods) {
				t.Errorf("asked by %v, want %v", methods, answers.methods)
			}
			mu.Unlock()
		})
	}
}
