package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

var filters = []promise{
	{"any combination of filters chooses the rows that a loop would, page by page", filteredMeasurements},
	{"captures and acquisitions are found by place, frequency, text and schedule", filteredNouns},
	{"text is found as it is written, A to Z in either case", textFilters},
}

// A labelled is a measurement and what filters know of it besides.
type labelled struct {
	heimdall.Measurement
	label  string
	origin string
	websdr heimdall.WebSDR
}

// places are WebSDRs to tell apart: the first two 11 km from each other, the third 500.
func places(t *testing.T, s Store) (list []heimdall.WebSDR) {
	for _, p := range []struct {
		name, location string
		latitude       float64
	}{{"Alpha 100%", "Torino", 45}, {"beta_1", "Giaveno, Torino", 45.1}, {"Γάμμα", "Roma", 41}} {
		w := aWebSDR(p.name)
		w.LocationName, w.LatitudeDeg, w.LongitudeDeg = p.location, p.latitude, 7.5
		list = append(list, createWebSDR(t, s, w))
	}
	return list
}

func chance[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// moments are in several hours, two of them in one; the last is later than all rows.
var moments = func() (list []time.Time) {
	for _, later := range []time.Duration{0, time.Second, 70 * time.Minute, 5 * time.Hour, 5*time.Hour + time.Second} {
		list = append(list, aTime.Truncate(time.Microsecond).Add(later))
	}
	return list
}()

// rowsOfAllKinds stores rows that differ in everything a filter looks at, many with equal times, newest first.
func rowsOfAllKinds(t *testing.T, s Store, r *rand.Rand, websdrs []heimdall.WebSDR) (rows []labelled) {
	for range 12 {
		var ids []int64
		for _, w := range websdrs {
			ids = append(ids, w.ID)
		}
		request := aRequest(ids...)
		request.Label = chance(r, "", "beacon", "Beacon 2", "hunt_1", "100%")
		request.FrequencyHz = chance[int64](r, 7_074_000, 7_074_001, 10_136_000)
		request.Origin = chance(r, "", "schedule/1", "schedule/2", "schedule/12", "Schedule/1")
		create(t, s, request)
		job := running(t, s, claim(t, s))
		for i, c := range job.Captures {
			c, m := succeeded(c)
			m.FrequencyHz = request.FrequencyHz
			m.Timestamp = chance(r, moments[:4]...)
			m.SNRdB = chance(r, nil, pointer(-3.0), pointer(0.0), pointer(12.5))
			m.Detected = r.IntN(2) == 0
			m.FrequencyMethod = chance(r, nil, pointer("carrier"), pointer("centroid"))
			m.Flags = chance(r, []string{}, []string{"gaps"}, []string{"clipped", "gaps"}, []string{"short", "clipped"})
			c.Recording.Start = m.Timestamp
			ok(t, s.FinishCapture(t.Context(), job.Lease, c, m))
			job.Captures[i] = c
			rows = append(rows, labelled{asStored(m), request.Label, request.Origin, websdrs[i]})
		}
		ok(t, s.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, ""))
	}
	slices.SortFunc(rows, func(a, b labelled) int {
		return cmp.Or(b.Timestamp.Compare(a.Timestamp), strings.Compare(b.TaskID, a.TaskID), cmp.Compare(b.WebSDRID, a.WebSDRID))
	})
	return rows
}

// aFilter is any filter, every part of it left out more often than not.
func aFilter(r *rand.Rand, rows []labelled) (f heimdall.MeasurementFilter) {
	at := func() time.Time { return chance(r, moments...) }
	for _, set := range []func(){
		func() { f.TaskID = rows[r.IntN(len(rows))].TaskID },
		func() { f.WebSDRIDs = []int64{rows[r.IntN(len(rows))].WebSDRID} },
		func() { f.WebSDRIDs = []int64{rows[0].WebSDRID, rows[r.IntN(len(rows))].WebSDRID, 999} },
		func() { f.From = at() },
		func() { f.To = at() },
		func() { f.FrequencyMinHz = chance[int64](r, 7_074_000, 7_074_001, 10_000_000) },
		func() { f.FrequencyMaxHz = chance[int64](r, 7_074_000, 7_074_001, 10_136_000) },
		func() { f.SNRMinDB = chance(r, pointer(-3.0), pointer(0.0)) },
		func() { f.SNRMaxDB = chance(r, pointer(0.0), pointer(12.0)) },
		func() { f.DetectedOnly = true },
		func() { f.UndetectedOnly = true },
		func() {
			f.FrequencyMethods = chance(r, []string{"carrier"}, []string{"carrier", "centroid"}, []string{})
		},
		func() { f.Flags = chance(r, []string{"gaps"}, []string{"gaps", "clipped"}, []string{"ga"}) },
		func() { f.FlagsNot = chance(r, []string{"gaps"}, []string{"short", "gaps"}) },
		func() {
			f.Near = &heimdall.Near{LatitudeDeg: 45, LongitudeDeg: 7.5, RadiusKm: chance(r, 1.0, 20, 600)}
		},
		func() { f.Text = chance(r, "beacon", "BEACON", "%", "_1", "torino", "Γάμμα", "roma", "nobody") },
		func() { f.ScheduleIDs = chance(r, []int64{1}, []int64{12, 2}, []int64{3}, []int64{}) },
	} {
		if r.IntN(5) == 0 {
			set()
		}
	}
	return f
}

// satisfies is f, slowly and plainly.
func (m labelled) satisfies(f heimdall.MeasurementFilter) bool {
	found := func(in, text string) bool { return strings.Contains(lowerASCII(in), lowerASCII(text)) }
	switch {
	case f.TaskID != "" && m.TaskID != f.TaskID,
		f.WebSDRIDs != nil && !slices.Contains(f.WebSDRIDs, m.WebSDRID),
		m.Timestamp.Before(f.From),
		!f.To.IsZero() && !m.Timestamp.Before(f.To),
		f.FrequencyMinHz != 0 && m.FrequencyHz < f.FrequencyMinHz,
		f.FrequencyMaxHz != 0 && m.FrequencyHz > f.FrequencyMaxHz,
		f.SNRMinDB != nil && (m.SNRdB == nil || *m.SNRdB < *f.SNRMinDB),
		f.SNRMaxDB != nil && (m.SNRdB == nil || *m.SNRdB > *f.SNRMaxDB),
		f.DetectedOnly && !m.Detected,
		f.UndetectedOnly && m.Detected,
		f.FrequencyMethods != nil && (m.FrequencyMethod == nil || !slices.Contains(f.FrequencyMethods, *m.FrequencyMethod)),
		f.Near != nil && !f.Near.Holds(m.websdr),
		f.ScheduleIDs != nil && !slices.ContainsFunc(f.ScheduleIDs, func(id int64) bool { return m.origin == fmt.Sprint("schedule/", id) }),
		f.Text != "" && !found(m.label, f.Text) && !found(m.websdr.Name, f.Text) && !found(m.websdr.LocationName, f.Text):
		return false
	}
	for _, flag := range f.Flags {
		if !slices.Contains(m.Metrics.Flags, flag) {
			return false
		}
	}
	for _, flag := range f.FlagsNot {
		if slices.Contains(m.Metrics.Flags, flag) {
			return false
		}
	}
	return true
}

func lowerASCII(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

func filteredMeasurements(t *testing.T, s Store) {
	r := rand.New(rand.NewPCG(20_261_122, 1)) // the same filters every time
	rows := rowsOfAllKinds(t, s, r, places(t, s))
	const rounds = 150
	some := 0
	for range rounds {
		f := aFilter(r, rows)
		var want []heimdall.Measurement
		for _, m := range rows {
			if m.satisfies(f) {
				want = append(want, m.Measurement)
			}
		}
		if len(want) > 0 {
			some++
		}
		what := fmt.Sprintf("%+v, near %v", f, f.Near)
		var streamed []heimdall.Measurement
		for m, err := range s.EachMeasurement(t.Context(), f) {
			ok(t, err)
			streamed = append(streamed, m)
		}
		same(t, what+", as a stream", streamed, want)
		same(t, what+", as pages", allPages(t, s, f, 1+r.IntN(9)), want)
	}
	if some < rounds/4 {
		t.Errorf("only %d of %d filters found anything: this test looks at too little", some, rounds)
	}
}

func allPages(t *testing.T, s Store, f heimdall.MeasurementFilter, limit int) (list []heimdall.Measurement) {
	for f.Limit = limit; ; {
		page, err := s.Measurements(t.Context(), f)
		ok(t, err)
		list = append(list, page...)
		if len(page) < limit {
			return list
		}
		last := page[len(page)-1]
		f.After = &heimdall.MeasurementKey{Timestamp: last.Timestamp, TaskID: last.TaskID, WebSDRID: last.WebSDRID}
	}
}

func textFilters(t *testing.T, s Store) {
	websdrs := places(t, s)
	names := map[string]string{}
	for i, w := range websdrs {
		m := measure(t, s, []int64{w.ID}, func(m *heimdall.Measurement) { m.Timestamp = aTime.Add(time.Duration(i) * time.Second) })
		names[m[0].TaskID] = string("abc"[i])
	}
	text := func(text string) heimdall.MeasurementFilter { return heimdall.MeasurementFilter{Text: text} }
	find(t, s, names, map[string]query{
		"of a name":                  {text("ALPHA"), "a"},
		"of a location":              {text("torino"), "b a"},
		"a percent sign is a letter": {text("%"), "a"},
		"so is an underscore":        {text("_"), "b"},
		"and a quote":                {text("'"), ""},
		"and a backslash":            {text(`\`), ""},
		"Greek as it is":             {text("Γάμμα"), "c"},
		"Greek in the other case":    {text("γάμμα"), ""},
		"what is no UTF-8":           {text("\xff"), ""},
	})
}

func filteredNouns(t *testing.T, s Store) {
	websdrs := places(t, s)
	ask := func(label, origin string, hz int64, of ...int) string {
		a := aRequest()
		a.Label, a.Origin, a.FrequencyHz = label, origin, hz
		for _, i := range of {
			a.WebSDRIDs = append(a.WebSDRIDs, websdrs[i].ID)
		}
		return create(t, s, a).TaskID
	}
	names := map[string]string{ask("beacon", "schedule/1", 7_074_000, 0): "a", ask("", "", 7_074_001, 1, 2): "b", ask("Beacon", "schedule/12", 10_136_000, 2): "c"}
	near := func(km float64) *heimdall.Near {
		return &heimdall.Near{LatitudeDeg: 45, LongitudeDeg: 7.5, RadiusKm: km}
	}
	for _, c := range []struct {
		what         string
		of           heimdall.CaptureFilter
		acquisitions string
		captures     string
	}{
		{"everything", heimdall.CaptureFilter{}, "c b a", "c3 b2 b3 a1"},
		{"a kilometre", heimdall.CaptureFilter{Near: near(1)}, "a", "a1"},
		{"20 kilometres", heimdall.CaptureFilter{Near: near(20)}, "b a", "b2 a1"},
		{"a lowest frequency", heimdall.CaptureFilter{FrequencyMinHz: 7_074_001}, "c b", "c3 b2 b3"},
		{"a highest frequency", heimdall.CaptureFilter{FrequencyMaxHz: 7_074_001}, "b a", "b2 b3 a1"},
		{"a label", heimdall.CaptureFilter{Text: "BEA"}, "c a", "c3 a1"},
		{"a place", heimdall.CaptureFilter{Text: "giaveno"}, "b", "b2"},
		{"a schedule", heimdall.CaptureFilter{ScheduleIDs: []int64{1}}, "a", "a1"},
		{"two schedules", heimdall.CaptureFilter{ScheduleIDs: []int64{12, 1}}, "c a", "c3 a1"},
		{"no schedule", heimdall.CaptureFilter{ScheduleIDs: []int64{}}, "", ""},
		{"all at once", heimdall.CaptureFilter{Text: "a", ScheduleIDs: []int64{1, 2}, FrequencyMaxHz: 7_074_000, FrequencyMinHz: 7_074_000, Near: near(20)}, "a", "a1"},
	} {
		c.of.Limit = 100
		list, err := s.Captures(t.Context(), c.of)
		ok(t, err)
		var captures, acquisitions []string
		for _, e := range list {
			n := slices.IndexFunc(websdrs, func(w heimdall.WebSDR) bool { return w.ID == e.WebSDRID })
			captures = append(captures, fmt.Sprintf("%s%d", names[e.TaskID], n+1))
		}
		same(t, "captures by "+c.what, strings.Join(captures, " "), c.captures)
		as, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{
			Near: c.of.Near, FrequencyMinHz: c.of.FrequencyMinHz, FrequencyMaxHz: c.of.FrequencyMaxHz, Text: c.of.Text, ScheduleIDs: c.of.ScheduleIDs, Limit: 100,
		})
		ok(t, err)
		for _, a := range as {
			acquisitions = append(acquisitions, names[a.TaskID])
		}
		same(t, "acquisitions by "+c.what, strings.Join(acquisitions, " "), c.acquisitions)
	}
	as, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{WebSDRIDs: []int64{websdrs[2].ID}, Limit: 100})
	ok(t, err)
	same(t, "acquisitions of a WebSDR", len(as), 2)
}
