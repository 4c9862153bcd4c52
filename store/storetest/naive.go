package storetest

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
)

// An ended is a capture that has ended, with all that questions are about, as the rows say it.
type ended struct {
	heimdall.Capture
	label       string
	frequencyHz int64
	moment      time.Time
	row         *heimdall.Measurement // nil unless it succeeded
}

// allEnded reads every row there is.
func allEnded(t *testing.T, s Store) []ended {
	t.Helper()
	labels, frequencies := map[string]string{}, map[string]int64{}
	as, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	for _, a := range as {
		labels[a.TaskID], frequencies[a.TaskID] = a.Label, a.FrequencyHz
	}
	rows := map[string]*heimdall.Measurement{}
	for m, err := range s.EachMeasurement(t.Context(), heimdall.MeasurementFilter{}) {
		ok(t, err)
		rows[key(heimdall.Capture{TaskID: m.TaskID, WebSDRID: m.WebSDRID})] = &m
	}
	cs, err := s.Captures(t.Context(), heimdall.CaptureFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	var out []ended
	for _, c := range cs {
		if !c.State.Ended() {
			continue
		}
		e := ended{Capture: c, label: labels[c.TaskID], frequencyHz: frequencies[c.TaskID], moment: c.EndedAt, row: rows[key(c)]}
		if e.row != nil {
			e.frequencyHz, e.moment = e.row.FrequencyHz, e.row.Timestamp
		}
		out = append(out, e)
	}
	return out
}

func chosen(list []ended, f heimdall.AnalyticsFilter) []ended {
	return slices.DeleteFunc(slices.Clone(list), func(e ended) bool {
		return e.moment.Before(f.From) || !e.moment.Before(f.To) ||
			f.WebSDRIDs != nil && !slices.Contains(f.WebSDRIDs, e.WebSDRID) ||
			f.FrequencyMinHz != 0 && e.frequencyHz < f.FrequencyMinHz || f.FrequencyMaxHz != 0 && e.frequencyHz > f.FrequencyMaxHz ||
			f.Label != "" && e.label != f.Label
	})
}

// statOf is the naive statistic: two passes, no sums of squares.
func statOf(values []float64) heimdall.Stat {
	n := float64(len(values))
	if n == 0 {
		return heimdall.Stat{}
	}
	var mean, square float64
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		square += (v - mean) * (v - mean)
	}
	s := heimdall.Stat{Count: int64(n), Mean: &mean, Min: pointer(slices.Min(values)), Max: pointer(slices.Max(values))}
	if n > 1 {
		s.Std = pointer(math.Sqrt(square / (n - 1)))
	}
	return s
}

func snrs(list []ended) (out []float64) {
	for _, e := range list {
		if e.row != nil && e.row.SNRdB != nil {
			out = append(out, *e.row.SNRdB)
		}
	}
	return out
}

func offsets(list []ended, method string) (out []float64) {
	for _, e := range list {
		if e.row != nil && e.row.FrequencyMethod != nil && *e.row.FrequencyMethod == method && e.row.FrequencyOffsetHz != nil {
			out = append(out, *e.row.FrequencyOffsetHz)
		}
	}
	return out
}

func detected(list []ended) (n int64) {
	for _, e := range list {
		if e.row != nil && e.row.Detected {
			n++
		}
	}
	return n
}

func inState(list []ended, state heimdall.State) (n int64) {
	for _, e := range list {
		if e.State == state {
			n++
		}
	}
	return n
}

func recordedS(list []ended) (s float64) {
	for _, e := range list {
		if e.row != nil {
			s += float64(e.row.SamplesCount) / e.row.SampleRateHz
		}
	}
	return s
}

// grouped is list by key, and the keys in order.
func grouped[K comparable](list []ended, key func(ended) K, order func(a, b K) int) ([]K, map[K][]ended) {
	groups := map[K][]ended{}
	for _, e := range list {
		groups[key(e)] = append(groups[key(e)], e)
	}
	return slices.SortedFunc(maps.Keys(groups), order), groups
}

// A place is where a row of an answer stands.
type place struct {
	start       time.Time
	websdrID    int64
	frequencyHz int64
}

func byTime(a, b place) int {
	return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.websdrID, b.websdrID))
}

func naiveTrend(list []ended, b heimdall.Bucket) []heimdall.TrendPoint {
	list = slices.DeleteFunc(list, func(e ended) bool { return e.row == nil })
	places, groups := grouped(list, func(e ended) place { return place{e.moment.Truncate(b.Width()), e.WebSDRID, 0} }, byTime)
	out := []heimdall.TrendPoint{}
	for _, p := range places {
		g := groups[p]
		out = append(out, heimdall.TrendPoint{Start: p.start, WebSDRID: p.websdrID, Rows: int64(len(g)), Detected: detected(g), SNR: statOf(snrs(g))})
	}
	return out
}

func naiveDrift(list []ended, b heimdall.Bucket) []heimdall.DriftSeries {
	list = slices.DeleteFunc(list, func(e ended) bool { return len(offsets([]ended{e}, "carrier")) == 0 })
	series, groups := grouped(list, func(e ended) place { return place{websdrID: e.WebSDRID, frequencyHz: e.frequencyHz} },
		func(a, b place) int {
			return cmp.Or(cmp.Compare(a.websdrID, b.websdrID), cmp.Compare(a.frequencyHz, b.frequencyHz))
		})
	out := []heimdall.DriftSeries{}
	for _, p := range series {
		d := heimdall.DriftSeries{WebSDRID: p.websdrID, FrequencyHz: p.frequencyHz, Offset: statOf(offsets(groups[p], "carrier"))}
		starts, steps := grouped(groups[p], func(e ended) time.Time { return e.moment.Truncate(b.Width()) }, time.Time.Compare)
		var x, y []float64 // one entry for each row, so that weights follow
		for _, start := range starts {
			values := offsets(steps[start], "carrier")
			point := heimdall.DriftPoint{Start: start, Offset: statOf(values)}
			d.Points = append(d.Points, point)
			for range values {
				x, y = append(x, start.Add(b.Width()/2).Sub(starts[0]).Hours()/24), append(y, *point.Offset.Mean)
			}
		}
		if len(starts) > 1 {
			mx, my := *statOf(x).Mean, *statOf(y).Mean
			var xx, xy, left float64
			for i := range x {
				xx, xy = xx+(x[i]-mx)*(x[i]-mx), xy+(x[i]-mx)*(y[i]-my)
			}
			for i := range x {
				left += math.Pow(y[i]-my-xy/xx*(x[i]-mx), 2)
			}
			d.SlopeHzPerDay = pointer(xy / xx)
			if len(starts) > 2 {
				d.SlopeSigmaHzPerDay = pointer(math.Sqrt(left / float64(len(starts)-2) / xx))
			}
		}
		out = append(out, d)
	}
	return out
}

func naivePerformance(list []ended) heimdall.Performance {
	p := heimdall.Performance{
		Captures: int64(len(list)), Successes: inState(list, heimdall.Success), Failed: inState(list, heimdall.Failed),
		Cancelled: inState(list, heimdall.Cancelled), Failures: map[heimdall.FailureClass]int64{}, Detected: detected(list),
		SNR: statOf(snrs(list)), Offset: statOf(offsets(list, "carrier")), Centroids: int64(len(offsets(list, "centroid"))),
		RecordedS: recordedS(list),
	}
	for _, e := range list {
		p.Attempts += int64(e.Attempts)
		if e.State == heimdall.Failed {
			p.Failures[e.FailureClass]++
		}
		if e.row != nil {
			p.Bytes += e.Recording.Bytes
			if e.moment.After(p.LastSuccess) {
				p.LastSuccess = e.moment
			}
		}
	}
	if n := p.Successes + p.Failed; n > 0 {
		p.SuccessShare = pointer(float64(p.Successes) / float64(n))
	}
	if p.Successes > 0 {
		p.DetectedShare = pointer(float64(p.Detected) / float64(p.Successes))
	}
	return p
}

func naiveReport(list []ended) (ws []heimdall.WebSDRPerformance, ls []heimdall.LabelPerformance) {
	ids, byID := grouped(list, func(e ended) int64 { return e.WebSDRID }, cmp.Compare[int64])
	ws, ls = []heimdall.WebSDRPerformance{}, []heimdall.LabelPerformance{}
	for _, id := range ids {
		ws = append(ws, heimdall.WebSDRPerformance{WebSDRID: id, Performance: naivePerformance(byID[id])})
	}
	labels, byLabel := grouped(list, func(e ended) string { return e.label }, cmp.Compare[string])
	for _, label := range labels {
		ls = append(ls, heimdall.LabelPerformance{Label: label, Performance: naivePerformance(byLabel[label])})
	}
	return ws, ls
}

func naiveCoverage(list []ended, f heimdall.AnalyticsFilter) []heimdall.CoverageDay {
	const day = 24 * time.Hour
	places, groups := grouped(list, func(e ended) place { return place{e.moment.Truncate(day), e.WebSDRID, 0} }, byTime)
	out := []heimdall.CoverageDay{}
	for _, p := range places {
		g := groups[p]
		asked := day
		if f.From.After(p.start) {
			asked -= f.From.Sub(p.start)
		}
		if end := p.start.Add(day); f.To.Before(end) {
			asked -= end.Sub(f.To)
		}
		d := heimdall.CoverageDay{Start: p.start, WebSDRID: p.websdrID, Captures: int64(len(g)), Successes: inState(g, heimdall.Success),
			Cancelled: inState(g, heimdall.Cancelled), RecordedS: recordedS(g), TimeShare: pointer(recordedS(g) / asked.Seconds())}
		d.SuccessShare = naivePerformance(g).SuccessShare
		out = append(out, d)
	}
	return out
}

// alike compares answers as exactly as heimdall's analytics.go promises them: what is stated there to 1e-9 or 1e-6
// of a root mean square, is of numbers below 100 here unless the number itself is larger.
func alike(t *testing.T, what string, got, want any) {
	t.Helper()
	near := gocmp.Comparer(func(a, b float64) bool {
		return a == b || math.Abs(a-b) <= 1e-8*(100+math.Abs(a))
	})
	if diff := gocmp.Diff(want, got, near); diff != "" {
		t.Errorf("%s (-from the rows in Go +from the database):\n%s", what, diff)
	}
}
