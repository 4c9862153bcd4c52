package simnet_test

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/simnet"
)

func FuzzKiwiCommands(f *testing.F) {
	for _, s := range []string{auth, arOK, modeIQ, agcOff, "SET keepalive", "SET mod=iq low_cut=0 high_cut=0 freq=1e999", "SET agc=1 manGain=NaN",
		"SET auth t=kiwi p=%zz", "SET", "SET =", "SET a=b=c a=d", arOK + "\n" + modeIQ + "\n" + agcOff} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		complete, low, high, gain := simnet.ApplyKiwi(strings.Split(s, "\n"))
		if complete && !(low < high) {
			t.Errorf("samples would flow through %g to %g Hz", low, high)
		}
		if math.IsNaN(low) || math.IsInf(high, 0) || !(gain >= 0 && gain <= 120) {
			t.Errorf("passband %g to %g Hz, gain %g", low, high, gain)
		}
	})
}

func FuzzRTLCommands(f *testing.F) {
	for _, c := range [][2]uint32{{1, 145_500_000}, {2, 240_000}, {3, 0}, {4, 496}, {4, 0xffffffff}, {13, 40}} {
		f.Add(binary.BigEndian.AppendUint32([]byte{byte(c[0])}, c[1]))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var c [5]byte
		copy(c[:], b)
		hz, rate, gain := simnet.ApplyRTL(c)
		if hz == 0 || hz > 2_200_000_000 || rate <= 225_000 || rate > 3_200_000 || !(gain >= 0 && gain < 50) {
			t.Errorf("set to %d Hz, %d S/s, %g dB", hz, rate, gain)
		}
	})
}

func FuzzIQRequest(f *testing.F) {
	f.Add("145500000", "12000", "")
	f.Add("145500000", "12000", "1.5")
	f.Add("-0", "1e3", "NaN")
	f.Fuzz(func(t *testing.T, tune, rate, duration string) {
		err := simnet.ParseIQRequest(tune, rate, duration)
		if err != nil && !strings.Contains(err.Error(), " must be ") {
			t.Errorf("the message %q says not what to do", err)
		}
	})
}

func FuzzScenario(f *testing.F) {
	f.Add(scenario)
	f.Add(`{"receivers":[{"name":"a","kind":"http_iq","passband_low_hz":1e-300}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := simnet.LoadScenario(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, r := range s.Receivers {
			if truth, err := s.Truth(r.Name, 145_500_000, 0, 1000); err == nil && math.IsNaN(truth.NoiseDBFSHz) {
				t.Errorf("%+v has noise that is no number", r)
			}
		}
	})
}
