package rtltcp_test

import (
	"io"
	"math"
	"math/cmplx"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/rtltcp"
)

const beaconHz = 145_500_000

// world is one carrier and one dongle 20 km from it, behind a converter.
func world() *simnet.World {
	gain := 32.8
	return &simnet.World{
		Emitters: []simnet.Emitter{{
			Name: "beacon", Position: simnet.Position{LatitudeDeg: 45.2, LongitudeDeg: 7.6},
			FrequencyHz: beaconHz + 11_000, PowerDBM: 30, Modulation: simnet.Carrier,
		}},
		Receivers: []simnet.Receiver{{
			Name: "dongle", Kind: "rtl_tcp", GainDB: &gain, ClockPPM: 12, ConverterHz: 116_000_000,
			Position: simnet.Position{LatitudeDeg: 45.0, LongitudeDeg: 7.6}, RateHz: 240_000,
		}},
	}
}

func simulate(t *testing.T, faults ...simnet.Fault) (*simnet.Server, heimdall.WebSDR) {
	t.Helper()
	w := world()
	w.Receivers[0].Faults = faults
	server, err := simnet.Serve(t.Context(), w, "dongle", simnet.Options{})
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

// carrier returns the level of a carrier in the next tenth of a second.
func carrier(t *testing.T, stream websdr.Stream, truth simnet.Truth) (dBFS float64) {
	t.Helper()
	const n = 24_000
	b := make([]byte, 2*n)
	if _, err := io.ReadFull(stream, b); err != nil {
		t.Fatal(err)
	}
	z := make([]complex64, n)
	iq.Decode(z, b, iq.CU8)
	var sum complex128
	for k, v := range z {
		sum += complex128(v) * cmplx.Rect(1, -2*math.Pi*math.Mod(truth.FrequencyOffsetHz/truth.SampleRateHz*float64(k), 1))
	}
	return 20 * math.Log10(cmplx.Abs(sum)/n)
}

// A simulated dongle begins at 100 MHz with 2.048 MS/s, which a slow machine (or one that looks for races)
// simulates slower than real time, so that the old tuning lasts longer than any real one's.
func TestASimulatedCarrierHasItsTrueLevelAndFrequency(t *testing.T) {
	t.Parallel()
	_, w := simulate(t)
	stream, err := new(rtltcp.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: beaconHz})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	truth, err := world().Truth("dongle", beaconHz, 11_000, 12_500)
	if err != nil {
		t.Fatal(err)
	}
	patience := time.Now().Add(20 * time.Second)
	for carrier(t, stream, truth) < -40 && time.Now().Before(patience) {
	}
	carrier(t, stream, truth) // may still have begun with the old tuning
	if got := carrier(t, stream, truth); math.Abs(got-truth.SignalDBFS) > 0.1 {
		t.Errorf("the carrier has %.2f dBFS at %+.2f Hz, want %.2f", got, truth.FrequencyOffsetHz, truth.SignalDBFS)
	}
}

func TestSimulatedFaultsHaveTheirClasses(t *testing.T) {
	t.Parallel()
	for kind, want := range map[simnet.FaultKind]heimdall.FailureClass{
		simnet.FaultRefuse: heimdall.FailTransport,
		simnet.FaultBusy:   heimdall.FailBusy,
		simnet.FaultDown:   heimdall.FailTransport,
		simnet.FaultEmpty:  heimdall.FailTransport,
		simnet.FaultHTML:   heimdall.FailProtocol,
		simnet.FaultDrop:   heimdall.FailTransport,
		simnet.FaultStall:  heimdall.FailTransport,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			_, w := simulate(t, simnet.Fault{Kind: kind})
			w.Timeout = 500 * time.Millisecond
			_, err := new(rtltcp.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: beaconHz})
			if f := websdr.AsFailure(err); f == nil || f.Class != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

func TestASecondClientOfASimulatedDongleIsToldThatItIsBusy(t *testing.T) {
	t.Parallel()
	server, w := simulate(t)
	var d rtltcp.Driver
	first, err := d.Open(t.Context(), &w, websdr.Tuning{FrequencyHz: beaconHz})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	w.Timeout = 500 * time.Millisecond
	if _, err := d.Open(t.Context(), &w, websdr.Tuning{FrequencyHz: beaconHz}); websdr.AsFailure(err).Class != heimdall.FailBusy {
		t.Errorf("%v, want busy", err)
	}
	first.Close()
	w.Timeout = 10 * time.Second
	second, err := d.Open(t.Context(), &w, websdr.Tuning{FrequencyHz: beaconHz})
	if err != nil {
		t.Fatalf("after the first client has gone: %v (%d connections)", err, server.Connections())
	}
	second.Close()
}
