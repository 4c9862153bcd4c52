package kiwisdr_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

// torino is a KiwiSDR of package simnet, which shares no code with the driver.
func torino(t *testing.T) (*simnet.Server, heimdall.WebSDR) {
	t.Helper()
	w := &simnet.World{Receivers: []simnet.Receiver{{
		Name: "Superga", Kind: "kiwisdr", Position: simnet.Position{LatitudeDeg: 45.08, LongitudeDeg: 7.767, AltitudeM: 672}, LocationName: "Torino, Italy",
	}}}
	server, err := simnet.Serve(t.Context(), w, "Superga", simnet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, server.WebSDR()
}

func TestAProbeReportsWhatTheReceiverSaysAndTakesNoChannel(t *testing.T) {
	server, w := torino(t)
	r, err := new(kiwisdr.Driver).Probe(t.Context(), &w, "heimdall test")
	if err != nil {
		t.Fatal(err)
	}
	low, high := w.TuningRangeHz()
	want := websdr.Report{
		Dialect: "KiwiSDR_v1.709", Users: ptr(0), UsersMax: ptr(4), FixesPerMin: ptr(60), Satellites: ptr(9), Name: "Superga", Antenna: "simulated",
		LocationName: "Torino, Italy", LatitudeDeg: ptr(45.08), LongitudeDeg: ptr(7.767), AltitudeM: ptr(672.0), FrequencyMinHz: low, FrequencyMaxHz: high,
		Raw: map[string]string{"status": "active", "hardware": "KiwiSDR v1.709 📡 GPS ⏳ Limits", "converter_overloads": "0"},
	}
	delete(r.Raw, "uptime_s")
	if diff := cmp.Diff(want, r, cmpopts.IgnoreFields(websdr.Report{}, "Latency")); diff != "" || r.Latency <= 0 {
		t.Errorf("report after %v (-want +got):\n%s", r.Latency, diff)
	}
	if n := server.Connections(); n != 0 {
		t.Errorf("the probe took %d channels", n)
	}
}

func TestAReceiverThatIsFullIsUpAndOneThatIsSwitchedOffIsDown(t *testing.T) {
	server, w := torino(t)
	d := new(kiwisdr.Driver)
	server.SetFaults(simnet.Fault{Kind: simnet.FaultBusy})
	if r, err := d.Probe(t.Context(), &w, ""); err != nil || *r.Users != *r.UsersMax {
		t.Errorf("a full one is %+v, %v", r, err)
	}
	server.SetFaults(simnet.Fault{Kind: simnet.FaultDown})
	r, err := d.Probe(t.Context(), &w, "")
	wantFailure(t, err, heimdall.FailDown, 0)
	if r.Name != "Superga" {
		t.Errorf("one that is switched off says %+v", r)
	}
	server.SetFaults(simnet.Fault{Kind: simnet.FaultHTML})
	_, err = d.Probe(t.Context(), &w, "")
	wantFailure(t, err, heimdall.FailProtocol, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	begun := time.Now()
	if _, err := d.Probe(ctx, &w, ""); err == nil || time.Since(begun) > time.Second {
		t.Errorf("a cancelled probe ended after %v with %v", time.Since(begun), err)
	}
	server.Close()
	_, err = d.Probe(t.Context(), &w, "")
	wantFailure(t, err, heimdall.FailTransport, 0)
}
