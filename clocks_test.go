package heimdall_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
)

// seen is the drift of receivers whose clocks are known: each measures a transmitter that is off by txPPM, at two
// frequencies, every day for three days, once too high and once too low by the scatter.
func seen(txPPM, scatterPPM float64, clockPPM, driftPPMPerDay map[int64]float64) heimdall.Drift {
	var d heimdall.Drift
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for id := int64(1); id <= int64(len(clockPPM)); id++ {
		for _, frequencyHz := range []int64{10_000_000, 145_500_000} {
			var starts []time.Time
			var days []heimdall.Sums
			for day := range 3 {
				starts = append(starts, begin.AddDate(0, 0, day))
				var sums heimdall.Sums
				for _, sign := range []float64{-1, 1} {
					ppm := txPPM + clockPPM[id] + driftPPMPerDay[id]*float64(day-1) + sign*scatterPPM
					hz := ppm * float64(frequencyHz) / 1e6
					sums.Add(heimdall.Sums{Count: 1, Sum: hz, SumOfSquares: hz * hz, Min: hz, Max: hz})
				}
				days = append(days, sums)
			}
			d.Series = append(d.Series, heimdall.NewDriftSeries(id, frequencyHz, starts, days))
		}
	}
	d.Bucket = heimdall.Daily
	return d
}

// everybody is d without its steps.
func everybody(d heimdall.Drift) (all heimdall.Offsets) {
	for _, s := range d.Series {
		all.Offsets = append(all.Offsets, heimdall.CarrierOffset{WebSDRID: s.WebSDRID, FrequencyHz: s.FrequencyHz, Offset: s.Offset})
	}
	return all
}

func TestWhatIsLeftAfterTheOthersMedianIsAReceiversOwnClock(t *testing.T) {
	t.Parallel()
	clocks := map[int64]float64{1: 0.1, 2: -0.3, 3: 0.2, 4: 50} // the last is far off, and spoils nobody's
	const tx, scatter, drift = 2.0, 0.06, 0.25
	all := seen(tx, scatter, clocks, map[int64]float64{3: drift})
	got := all.Clocks(everybody(all))
	if len(got.Clocks) != 8 || got.Bucket != heimdall.Daily {
		t.Fatalf("%d clocks in steps of %s, want 2 of each of 4 receivers", len(got.Clocks), got.Bucket)
	}
	medians := map[int64]float64{1: 0.2, 2: 0.2, 3: 0.1, 4: 0.1} // of the three others
	steady := scatter / math.Sqrt(5)                             // sigma of the mean of six values, each by the scatter off it
	drifting := math.Sqrt((6*scatter*scatter + 4*drift*drift) / 5 / 6)
	sigmas := map[int64]float64{1: math.Hypot(steady, drifting), 2: math.Hypot(steady, drifting), 3: math.Hypot(steady, drifting), 4: math.Hypot(steady, steady)}
	for _, c := range got.Clocks {
		own := clocks[c.WebSDRID] - medians[c.WebSDRID]
		near(t, c, "offset", c.OffsetMeanPPM, tx+clocks[c.WebSDRID])
		near(t, c, "median of the others", c.OthersMedianPPM, tx+medians[c.WebSDRID])
		near(t, c, "own share", c.OwnPPM, own)
		near(t, c, "sigma of it", c.OwnSigmaPPM, sigmas[c.WebSDRID])
		if c.Others != 3 || c.Offset.Count != 6 {
			t.Errorf("WebSDR %d: %d others and %d measurements, want 3 and 6", c.WebSDRID, c.Others, c.Offset.Count)
		}
		if c.WebSDRID != 3 { // of six values, each by the scatter off their mean
			std := scatter * math.Sqrt(6.0/5)
			near(t, c, "scatter", c.OffsetStdPPM, std)
			near(t, c, "sigma of the mean", c.OffsetSigmaPPM, std/math.Sqrt(6))
			near(t, c, "slope", c.SlopePPMPerDay, 0)
			continue
		}
		near(t, c, "slope", c.SlopePPMPerDay, drift)
		near(t, c, "slope in Hz", c.SlopeHzPerDay, drift*float64(c.FrequencyHz)/1e6)
		near(t, c, "sigma of the slope", c.SlopeSigmaPPMPerDay, 0) // the days' means are on a line
	}
}

func TestOfAnEvenNumberOfOthersTheMedianIsBetweenTheMiddleTwo(t *testing.T) {
	t.Parallel()
	all := seen(0, 0.06, map[int64]float64{1: 1, 2: 2, 3: 4}, nil)
	one := heimdall.Drift{Series: all.Series[:2]}
	got := one.Clocks(everybody(all))
	if len(got.Clocks) != 2 {
		t.Fatalf("%d clocks, want both frequencies of the one that was asked about", len(got.Clocks))
	}
	near(t, got.Clocks[0], "median of two", got.Clocks[0].OthersMedianPPM, 3)
	near(t, got.Clocks[0], "own share", got.Clocks[0].OwnPPM, -2)
	near(t, got.Clocks[0], "sigma of it", got.Clocks[0].OwnSigmaPPM, 0.06/math.Sqrt(5)*math.Sqrt(1+2.0/4))
}

func TestAloneOnAFrequencyNothingIsSaidOfAClock(t *testing.T) {
	t.Parallel()
	alone := seen(3, 0.1, map[int64]float64{1: 1}, nil)
	got := alone.Clocks(everybody(alone))
	for _, c := range got.Clocks {
		near(t, c, "offset", c.OffsetMeanPPM, 4)
		if c.Others != 0 || c.OthersMedianPPM != nil || c.OwnPPM != nil || c.OwnSigmaPPM != nil {
			t.Errorf("nobody to compare with, and yet: %+v", c)
		}
	}
	if diff := cmp.Diff([]heimdall.WebSDRClock{}, heimdall.Drift{}.Clocks(heimdall.Offsets{}).Clocks); diff != "" {
		t.Errorf("of nothing (-want +got):\n%s", diff)
	}
}

func near(t *testing.T, c heimdall.WebSDRClock, what string, got *float64, want float64) {
	t.Helper()
	if got == nil || math.Abs(*got-want) > 1e-6 { // sums of squares keep six digits of a standard deviation
		t.Errorf("WebSDR %d at %d Hz: %s is %v ppm, want %v", c.WebSDRID, c.FrequencyHz, what, got, want)
	}
}
