package kiwisdr_test

import (
	"math"
	"net"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
	"github.com/heimdall-sdr/heimdall/websdr/websdrtest"
)

// simulated is a KiwiSDR of package simnet with some faults, whose samples come four times as fast as in life.
func simulated(faults ...simnet.Fault) websdrtest.Setup {
	return func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
		world := &simnet.World{Seed: 1, Receivers: []simnet.Receiver{{Name: "kiwi", Kind: "kiwisdr", Faults: faults}}}
		server, err := simnet.Serve(t.Context(), world, "kiwi", simnet.Options{Speed: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Close() })
		return new(kiwisdr.Driver), server.WebSDR(), websdr.Tuning{FrequencyHz: 10_000_000, Identity: "heimdall test"}
	}
}

func silent(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	w, tuning := row("http://" + ln.Addr().String())
	return new(kiwisdr.Driver), *w, tuning
}

func TestTheDriverKeepsItsPromise(t *testing.T) {
	websdrtest.Run(t, websdrtest.Target{
		Open:    simulated(),
		Endless: true,
		Stalls:  simulated(simnet.Fault{Kind: simnet.FaultStall, AfterSeconds: 0.6}),
		Silent:  silent,
		Faults: map[heimdall.FailureClass]websdrtest.Setup{
			heimdall.FailBusy:      simulated(simnet.Fault{Kind: simnet.FaultBusy}),
			heimdall.FailDown:      simulated(simnet.Fault{Kind: simnet.FaultDown}),
			heimdall.FailAuth:      simulated(simnet.Fault{Kind: simnet.FaultBadPassword}),
			heimdall.FailQuota:     simulated(simnet.Fault{Kind: simnet.FaultIPLimit}),
			heimdall.FailRedirect:  simulated(simnet.Fault{Kind: simnet.FaultRedirect, URL: "http://other.example:8073"}),
			heimdall.FailProtocol:  simulated(simnet.Fault{Kind: simnet.FaultHTML}),
			heimdall.FailTransport: simulated(simnet.Fault{Kind: simnet.FaultDrop, AfterSeconds: 0.5}),
		},
	})
}

func TestTheDriverFindsTheTruthOfASimulatedReceiver(t *testing.T) {
	t.Parallel()
	const ppm, samples = 95.5, 15_000
	for _, tt := range []struct {
		name     string
		fault    simnet.Fault
		dialect  string
		quality  heimdall.TimeQuality
		gaps     []int64 // samples missing
		outliers int64
	}{
		{"healthy", simnet.Fault{Kind: simnet.FaultWrap}, "kiwisdr 1.709", heimdall.TimeGPS, nil, 0},
		{"a stamp 3.2 hours off", simnet.Fault{Kind: simnet.FaultStaleStamp, AfterSeconds: 0.5}, "kiwisdr 1.709", heimdall.TimeGPS, nil, 1},
		{"the first stamp of all is wrong, too", simnet.Fault{Kind: simnet.FaultStaleStamp}, "kiwisdr 1.709", heimdall.TimeGPS, nil, 1},
		{"lost frames", simnet.Fault{Kind: simnet.FaultGap, AfterSeconds: 0.5, Samples: 5 * blockSize}, "kiwisdr 1.709", heimdall.TimeGPS, []int64{5 * blockSize}, 0},
		{"a Web-888", simnet.Fault{Kind: simnet.FaultFrozenStamps}, "web-888", heimdall.TimeHostArrival, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			world := &simnet.World{Seed: 1, Receivers: []simnet.Receiver{{Name: "kiwi", Kind: "kiwisdr", ClockPPM: ppm,
				StampJitterS: 30e-9, NoiseDBMHz: -135, Faults: []simnet.Fault{tt.fault}}}}
			server, err := simnet.Serve(t.Context(), world, "kiwi", simnet.Options{Speed: 30})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			w := server.WebSDR()
			s, err := new(kiwisdr.Driver).Open(t.Context(), &w, websdr.Tuning{FrequencyHz: 10_000_000})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			read(t, s, samples)
			c, tr := s.Clock(), s.Trailer()
			if d := s.Header().Dialect; d != tt.dialect {
				t.Errorf("dialect %q, want %q", d, tt.dialect)
			}
			if c.Quality != tt.quality || c.Outliers != tt.outliers || len(c.Gaps) != len(tt.gaps) {
				t.Fatalf("clock %+v", c)
			}
			for i, missing := range tt.gaps {
				if c.Gaps[i].Missing != missing {
					t.Errorf("gap %+v, want %d missing", c.Gaps[i], missing)
				}
			}
			trueHz := 12000 * (1 + ppm*1e-6)
			if c.Quality == heimdall.TimeGPS && math.Abs(c.RateHz-trueHz) > 5*c.RateSigmaHz {
				t.Errorf("rate %.5f +- %.5f Hz, want %.5f", c.RateHz, c.RateSigmaHz, trueHz)
			}
			want := world.Receivers[0].FullScaleDBMAt(*w.GainDB)
			if tr.CalibrationDB == nil || math.Abs(*tr.CalibrationDB-want) > 0.1 {
				t.Errorf("calibration %v, want %.2f", deref(tr.CalibrationDB), want)
			}
		})
	}
}
