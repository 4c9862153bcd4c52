package dsp_test

import (
	"testing"

	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/siggen"
)

func TestAToneOfKnownPowerInKnownNoiseHasItsSNR(t *testing.T) {
	s := siggen.NewSource(1, 1)
	z := make([]complex64, 48000)
	for k := range z {
		z[k] = complex64(s.Gauss(uint64(k)) * 0.01)
		z[k] += complex(0.1, 0)
	}
	raw := make([]byte, 4*len(z))
	iq.Encode(raw, z, iq.CI16LE)
	m, err := dsp.NewMeter(dsp.Config{Format: iq.CI16LE, SampleRateHz: 12000, ChannelBandwidthHz: 6000})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Write(raw); err != nil {
		t.Fatal(err)
	}
	got, err := m.Finish(dsp.End{})
	if err != nil {
		t.Fatal(err)
	}
	if got.SNRdB == nil || *got.SNRdB < 22.9 || *got.SNRdB > 23.1 {
		t.Errorf("SNR = %v, want 23.01 dB", got.SNRdB)
	}
}
