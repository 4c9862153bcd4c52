package heimdall_test

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func TestAnEstimateGoesByTheLastRecording(t *testing.T) {
	t.Parallel()
	last := &heimdall.Recording{SamplesCount: 120_011, Bytes: 4 * 120_011, NominalRateHz: 12_000, SampleRateHz: 12_001.1} // ci16, ten seconds
	for _, q := range []struct {
		name        string
		settingHz   int64
		requestedHz int64
		last        *heimdall.Recording
		want        int64
		known       bool
	}{
		{"the rate it claimed then", 0, 0, last, 4 * 12_000 * 30, true},
		{"the rate of its settings comes before", 20_250, 0, last, 4 * 20_250 * 30, true},
		{"the rate asked for comes before both", 20_250, 48_000, last, 4 * 48_000 * 30, true},
		{"without a recording nothing is known", 20_250, 48_000, nil, 0, false},
		{"nor with one that holds nothing", 0, 48_000, &heimdall.Recording{}, 0, false},
	} {
		got, known := heimdall.EstimateBytes(heimdall.WebSDR{SampleRateHz: q.settingHz}, q.last, 30*time.Second, q.requestedHz)
		if got != q.want || known != q.known {
			t.Errorf("%s: %d bytes (%v), want %d (%v)", q.name, got, known, q.want, q.known)
		}
	}
}
