package rtltcp_test

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/rtltcp"
)

func TestAProbeReadsTheHeaderAndHangsUpWithoutACommand(t *testing.T) {
	server, w := simulate(t)
	for range 2 { // the place that the first held is free again
		r, err := new(rtltcp.Driver).Probe(t.Context(), &w, "")
		if err != nil || r.Dialect != "rtl_tcp R820T" || r.Latency <= 0 || r.Latency > headerWait {
			t.Errorf("the report is %+v, %v", r, err)
		}
	}
	if n := server.Connections(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// headerWait is what the driver gives a header.
const headerWait = 3 * time.Second

func TestAProbeTellsABusyServerFromOneThatIsGone(t *testing.T) {
	for fault, want := range map[simnet.FaultKind]heimdall.FailureClass{
		simnet.FaultBusy: heimdall.FailBusy, simnet.FaultDown: heimdall.FailTransport, simnet.FaultHTML: heimdall.FailProtocol, simnet.FaultRefuse: heimdall.FailTransport,
	} {
		_, w := simulate(t, simnet.Fault{Kind: fault})
		w.Timeout = 200 * time.Millisecond
		_, err := new(rtltcp.Driver).Probe(t.Context(), &w, "")
		if err == nil || websdr.AsFailure(err).Class != want {
			t.Errorf("%s: %v, want class %s", fault, err, want)
		}
	}
	if _, err := new(rtltcp.Driver).Probe(t.Context(), &heimdall.WebSDR{URL: "http://x"}, ""); websdr.AsFailure(err).Class != heimdall.FailUnsupported {
		t.Errorf("a wrong address is %v", err)
	}
}
