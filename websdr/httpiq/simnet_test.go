package httpiq_test

import (
	"io"
	"math"
	"math/cmplx"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/httpiq"
	"github.com/heimdall-sdr/heimdall/websdr/websdrtest"
)

// world is one carrier 1 kHz above the tuned frequency and one bridge 20 km from it.
func world(faults ...simnet.Fault) *simnet.World {
	return &simnet.World{
		Emitters: []simnet.Emitter{{
			Name: "beacon", Position: simnet.Position{LatitudeDeg: 45.2, LongitudeDeg: 7.6},
			FrequencyHz: tunedHz + 1000, PowerDBM: 30, Modulation: simnet.Carrier,
		}},
		Receivers: []simnet.Receiver{{
			Name: "bridge", Kind: "http_iq", Password: "sesame", RateHz: 12_000,
			Position: simnet.Position{LatitudeDeg: 45.0, LongitudeDeg: 7.6}, Faults: faults,
		}},
	}
}

func simulated(faults ...simnet.Fault) websdrtest.Setup {
	return func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
		server, err := simnet.Serve(t.Context(), world(faults...), "bridge", simnet.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
		return new(httpiq.Driver), server.WebSDR(), websdr.Tuning{FrequencyHz: tunedHz, SampleRateHz: 12_000}
	}
}

func TestThePromiseOfADriverBySimulatedBridges(t *testing.T) {
	websdrtest.Run(t, websdrtest.Target{
		Open:    simulated(),
		Endless: true,
		Stalls:  simulated(simnet.Fault{Kind: simnet.FaultStall, AfterSeconds: 0.1}),
		Silent:  simulated(simnet.Fault{Kind: simnet.FaultSlow, AfterSeconds: 3600}),
		Faults: map[heimdall.FailureClass]websdrtest.Setup{
			heimdall.FailBusy:      simulated(simnet.Fault{Kind: simnet.FaultBusy}),
			heimdall.FailAuth:      simulated(simnet.Fault{Kind: simnet.FaultBadPassword}),
			heimdall.FailRedirect:  simulated(simnet.Fault{Kind: simnet.FaultHTTPRedirect, URL: "http://127.0.0.2:1/iq"}),
			heimdall.FailTransport: simulated(simnet.Fault{Kind: simnet.FaultDrop, AfterSeconds: 0.1}),
			heimdall.FailProtocol:  simulated(simnet.Fault{Kind: simnet.FaultOddBytes, AfterSeconds: 0.1}),
		},
	})
}

func TestSimulatedPagesAndEmptyStreamsAreProtocolFailures(t *testing.T) {
	for _, kind := range []simnet.FaultKind{simnet.FaultHTML, simnet.FaultEmpty} {
		d, w, tuning := simulated(simnet.Fault{Kind: kind})(t)
		_, err := d.Open(t.Context(), &w, tuning)
		if f := websdr.AsFailure(err); f == nil || f.Class != heimdall.FailProtocol {
			t.Errorf("%s: %v, want a protocol failure", kind, err)
		}
	}
}

func TestASimulatedCarrierHasItsTrueLevelAndFrequency(t *testing.T) {
	t.Parallel()
	const n = 6000
	d, w, tuning := simulated()(t)
	stream, err := d.Open(t.Context(), &w, tuning)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	b := make([]byte, 4*n)
	if _, err := io.ReadFull(stream, b); err != nil {
		t.Fatal(err)
	}
	z := make([]complex64, n)
	iq.Decode(z, b, iq.CI16LE)
	truth, err := world().Truth("bridge", tunedHz, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	var sum complex128
	for k, v := range z {
		sum += complex128(v) * cmplx.Rect(1, -2*math.Pi*math.Mod(truth.FrequencyOffsetHz/truth.SampleRateHz*float64(k), 1))
	}
	if got := 20 * math.Log10(cmplx.Abs(sum)/n); math.Abs(got-truth.SignalDBFS) > 0.1 {
		t.Errorf("the carrier has %.2f dBFS at %+.2f Hz, want %.2f", got, truth.FrequencyOffsetHz, truth.SignalDBFS)
	}
}
