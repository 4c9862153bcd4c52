package heimdall_test

import (
	"math"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// sumOf is what a rollup keeps of values.
func sumOf(values ...float64) (s heimdall.Sums) {
	for _, v := range values {
		s.Add(heimdall.Sums{Count: 1, Sum: v, SumOfSquares: v * v, Min: v, Max: v})
	}
	return s
}

func TestASpreadOfHundredthsOfAHertzIsSeenFarFromTheMiddle(t *testing.T) {
	t.Parallel()
	var joined heimdall.Sums
	for range 1000 { // buckets of four: mean square deviation 1e-4 (Hz^2)
		joined.Add(sumOf(4999.99, 5000.01, 5000.01, 4999.99))
	}
	want := 0.01 * math.Sqrt(4000.0/3999)
	if got := joined.Stat(); math.Abs(*got.Std-want) > 5000*1e-6 || math.Abs(*got.Mean-5000) > 1e-9*5000 {
		t.Errorf("mean %v and deviation %v, want 5000 and %v", *got.Mean, *got.Std, want)
	}
}

func TestOneNumberHasNoDeviationAndEqualOnesHaveNone(t *testing.T) {
	t.Parallel()
	if got := sumOf(-3.7).Stat(); got.Std != nil || *got.Mean != -3.7 || *got.Min != -3.7 {
		t.Errorf("one number gives %+v", got)
	}
	if got := sumOf(-3.7, -3.7, -3.7).Stat(); *got.Std != 0 {
		t.Errorf("three equal numbers deviate by %v", *got.Std)
	}
	if got := sumOf().Stat(); got != (heimdall.Stat{}) {
		t.Errorf("no number gives %+v", got)
	}
}

func TestADriftThatIsALineHasItsSlopeAndNoSigma(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var starts []time.Time
	var offsets []heimdall.Sums
	for day := range 5 {
		starts = append(starts, start.AddDate(0, 0, 2*day))
		var values []float64
		for range day + 1 { // weights that a slope through exact points does not see
			values = append(values, 10-0.25*float64(2*day))
		}
		offsets = append(offsets, sumOf(values...))
	}
	d := heimdall.NewDriftSeries(1, 7_000_000, starts, offsets)
	if math.Abs(*d.SlopeHzPerDay+0.25) > 1e-12 || *d.SlopeSigmaHzPerDay > 1e-12 {
		t.Errorf("slope %v and sigma %v, want -0.25 and 0", *d.SlopeHzPerDay, *d.SlopeSigmaHzPerDay)
	}
	two := heimdall.NewDriftSeries(1, 7_000_000, starts[:2], offsets[:2])
	one := heimdall.NewDriftSeries(1, 7_000_000, starts[:1], offsets[:1])
	if two.SlopeHzPerDay == nil || two.SlopeSigmaHzPerDay != nil || one.SlopeHzPerDay != nil {
		t.Errorf("of two buckets %+v, of one %+v", two, one)
	}
}

func TestWholeDaysLieWithinWholeHours(t *testing.T) {
	t.Parallel()
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	for _, q := range []struct{ from, to, first, end time.Time }{
		{at(1, 0, 0), at(4, 0, 0), at(1, 0, 0), at(4, 0, 0)},
		{at(1, 0, 1), at(4, 0, 1), at(2, 0, 0), at(4, 0, 0)},
		{at(1, 5, 0), at(3, 5, 0), at(2, 0, 0), at(3, 0, 0)},
	} {
		b := heimdall.AnalyticsFilter{From: q.from, To: q.to}.Basis()
		if first, end := b.WholeDays(); !first.Equal(q.first) || !end.Equal(q.end) {
			t.Errorf("%v to %v has the whole days %v to %v", q.from, q.to, first, end)
		}
	}
	b := heimdall.AnalyticsFilter{From: at(1, 0, 1), To: at(2, 23, 59)}.Basis()
	if first, end := b.WholeDays(); first.Before(end) {
		t.Errorf("there is a whole day from %v to %v", first, end)
	}
}
