package storetest

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// season begins in the last hour of a day, so that a few hours of it touch two days.
var season = time.Date(2026, 11, 20, 22, 30, 0, 0, time.UTC)

// A scene is one acquisition of a season: when its captures have their moments, and how each of them ends.
type scene struct {
	label       string
	frequencyHz int64
	at          time.Duration
	states      []heimdall.State // of WebSDRs in order; "" takes no part
}

const (
	won    = heimdall.Success
	lost   = heimdall.Failed
	ceased = heimdall.Cancelled
)

var scenes = []scene{
	{"beacon", 7_074_000, 0, []heimdall.State{won, won, lost}},
	{"beacon", 7_074_000, 10 * time.Minute, []heimdall.State{won, lost, lost}},
	{"beacon", 10_136_000, 30*time.Minute - time.Microsecond, []heimdall.State{won, won, won}}, // the last of an hour
	{"beacon", 10_136_000, 30 * time.Minute, []heimdall.State{won, won, ceased}},               // the first of the next
	{"", 7_074_000, 31 * time.Minute, []heimdall.State{won, "", won}},
	{"hunt", 7_074_000, 89 * time.Minute, []heimdall.State{lost, won, won}},
	{"hunt", 14_074_001, 90 * time.Minute, []heimdall.State{won, won, won}}, // the first of a day
	{"", 14_074_001, 100 * time.Minute, []heimdall.State{ceased, ceased}},
	{"beacon", 7_074_000, 3 * time.Hour, []heimdall.State{won, won, won}},
	{"beacon", 7_074_000, 4*time.Hour + 17*time.Minute, []heimdall.State{lost, won}},
	{"late, with 'quotes' and %", 7_074_000, 26 * time.Hour, []heimdall.State{won, won, lost}},
	{"hunt", 7_074_000, 27 * time.Hour, []heimdall.State{won}},
}

// play stores scenes, and returns the WebSDRs. The numbers differ from row to row, and every kind of them is
// missing somewhere.
func play(t *testing.T, s Store, scenes []scene) (ids []int64) {
	t.Helper()
	ids = createWebSDRs(t, s, 3)
	for n, sc := range scenes {
		playScene(t, s, ids, n, sc)
	}
	return ids
}

func playScene(t *testing.T, s Store, ids []int64, n int, sc scene) heimdall.Acquisition {
	t.Helper()
	var part []int64
	var states []heimdall.State
	for i, state := range sc.states {
		if state != "" {
			part, states = append(part, ids[i]), append(states, state)
		}
	}
	request := aRequest(part...)
	request.Label, request.FrequencyHz = sc.label, sc.frequencyHz
	a := create(t, s, request)
	job := running(t, s, claim(t, s))
	for i, c := range job.Captures {
		c.Attempts = n%3 + 1
		c.State, c.EndedAt = states[i], season.Add(sc.at+time.Duration(i)*time.Microsecond)
		var m *heimdall.Measurement
		switch c.State {
		case won:
			attempts := c.Attempts
			c, m = succeeded(c)
			c.Attempts = attempts
			m.Timestamp = season.Add(sc.at)
			c.Recording.Start, c.Recording.Bytes = m.Timestamp, int64(1000+n)
			m.FrequencyHz, m.SampleRateHz, m.SamplesCount = sc.frequencyHz, 12_000.5, int64(12_000*(n+1))
			c.Recording.SamplesCount = m.SamplesCount
			m.Metrics = seasonMetrics(n, i)
		case lost:
			c.FailureClass = []heimdall.FailureClass{heimdall.FailBusy, heimdall.FailTransport, ""}[n%3]
		}
		ok(t, s.FinishCapture(t.Context(), job.Lease, c, m))
		job.Captures[i] = c
	}
	ok(t, s.FinishAcquisition(t.Context(), job.Lease, heimdall.Outcome(job.Captures), ""))
	return a
}

func seasonMetrics(n, i int) heimdall.Metrics {
	m := newMetrics("1")
	m.Detected = (n+i)%3 > 0
	m.SNRdB, m.FrequencyOffsetHz, m.FrequencyMethod = nil, nil, nil
	m.NoiseDBFSHz, m.PowerDBFS = pointer(-120.25-float64(n)), pointer(-30.1+float64(i))
	if (n+i)%4 > 0 {
		m.SNRdB = pointer(float64((7*n+3*i)%13) - 4.1)
	}
	switch (n + i) % 5 {
	case 0:
		m.FrequencyMethod, m.FrequencyOffsetHz = pointer("centroid"), pointer(4321.5)
	case 1: // none at all
		m.NoiseDBFSHz, m.PowerDBFS = nil, nil
	default:
		m.FrequencyMethod, m.FrequencyOffsetHz = pointer("carrier"), pointer(-3.25+float64(n)/7+float64(i))
	}
	return m
}

// questions are ranges and filters that take a season apart in every way.
func questions(ids []int64) map[string]heimdall.AnalyticsFilter {
	out := map[string]heimdall.AnalyticsFilter{}
	all := heimdall.AnalyticsFilter{From: season.Add(-time.Hour), To: season.Add(48 * time.Hour)}
	add := func(name string, change func(*heimdall.AnalyticsFilter)) {
		f := all
		change(&f)
		out[name] = f
	}
	add("everything", func(*heimdall.AnalyticsFilter) {})
	add("whole days", func(f *heimdall.AnalyticsFilter) {
		f.From, f.To = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	})
	add("whole hours", func(f *heimdall.AnalyticsFilter) {
		f.From, f.To = time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC), time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	})
	add("within an hour", func(f *heimdall.AnalyticsFilter) { f.From, f.To = season, season.Add(20*time.Minute) })
	add("over one border", func(f *heimdall.AnalyticsFilter) {
		f.From, f.To = season.Add(5*time.Minute), season.Add(35*time.Minute)
	})
	add("both ends ragged", func(f *heimdall.AnalyticsFilter) {
		f.From, f.To = season.Add(10*time.Minute), season.Add(4*time.Hour+17*time.Minute)
	})
	add("just after both", func(f *heimdall.AnalyticsFilter) {
		f.From, f.To = season.Add(10*time.Minute+1), season.Add(4*time.Hour+17*time.Minute+1)
	})
	add("another zone", func(f *heimdall.AnalyticsFilter) {
		f.From = season.Add(10 * time.Minute).In(time.FixedZone("IST", 19800))
	})
	add("one WebSDR", func(f *heimdall.AnalyticsFilter) { f.WebSDRIDs = ids[1:2] })
	add("two WebSDRs, ragged", func(f *heimdall.AnalyticsFilter) {
		f.WebSDRIDs, f.From = []int64{ids[2], ids[0]}, season.Add(time.Minute)
	})
	add("no WebSDR", func(f *heimdall.AnalyticsFilter) { f.WebSDRIDs = []int64{} })
	add("one frequency", func(f *heimdall.AnalyticsFilter) { f.FrequencyMinHz, f.FrequencyMaxHz = 10_136_000, 10_136_000 })
	add("below a frequency, ragged", func(f *heimdall.AnalyticsFilter) {
		f.FrequencyMaxHz, f.To = 14_074_000, season.Add(3*time.Hour+1)
	})
	add("above a frequency", func(f *heimdall.AnalyticsFilter) { f.FrequencyMinHz = 10_136_001 })
	add("one label", func(f *heimdall.AnalyticsFilter) { f.Label = "beacon" })
	add("one label, ragged", func(f *heimdall.AnalyticsFilter) {
		f.Label, f.From, f.To = "hunt", season.Add(89*time.Minute), season.Add(27*time.Hour)
	})
	add("an odd label", func(f *heimdall.AnalyticsFilter) { f.Label = "late, with 'quotes' and %" })
	add("an unknown label", func(f *heimdall.AnalyticsFilter) { f.Label = "Beacon" })
	return out
}
