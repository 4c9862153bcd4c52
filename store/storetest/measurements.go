package storetest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
)

var measurements = []promise{
	{"a stream gives what the pages give, up to its limit, undisturbed by new rows, until it is cancelled", streamMeasurements},
	{"times come back in UTC to the microsecond", measurementTimes},
	{"NaN and infinities are refused, naming the column", notFinite},
	{"from is included, to is not", timeWindow},
	{"frequency windows include both ends, to the hertz", frequencyWindow},
	{"lists are filtered by acquisition, WebSDR, SNR and detection", filterMeasurements},
	{"pages are newest first and do not skip or repeat, also among equal times", pageMeasurements},
}

func measurementTimes(t *testing.T, s Store) {
	east := time.FixedZone("UTC+9", 9*3600)
	ids := createWebSDRs(t, s, 1)
	for _, at := range []time.Time{aTime.In(east), aTime.Add(999), time.Date(1999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)} {
		want := measure(t, s, ids, func(m *heimdall.Measurement) { m.Timestamp = at })[0]
		list, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{TaskID: want.TaskID, Limit: 1})
		ok(t, err)
		got := list[0].Timestamp
		if !got.Equal(at.Truncate(time.Microsecond)) || got.Location() != time.UTC {
			t.Errorf("%v came back as %v", at, got)
		}
		c, err := s.Capture(t.Context(), want.TaskID, want.WebSDRID)
		ok(t, err)
		if !c.Recording.Start.Equal(at) || c.Recording.Start.Location() != time.UTC {
			t.Errorf("the recording's start %v came back as %v", at, c.Recording.Start)
		}
	}
}

func notFinite(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	before, err := s.Capture(t.Context(), job.TaskID, job.Captures[0].WebSDRID)
	ok(t, err)
	metrics := reflect.TypeFor[heimdall.Metrics]()
	for i := range metrics.NumField() {
		column := metrics.Field(i).Tag.Get("json")
		if column == "K" {
			column = "welch_k"
		}
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			c, m := succeeded(job.Captures[0])
			switch f := reflect.ValueOf(&m.Metrics).Elem().Field(i).Addr().Interface().(type) {
			case *float64:
				*f = v
			case **float64:
				*f = &v
			default:
				continue
			}
			wantInvalid(t, s.FinishCapture(t.Context(), job.Lease, c, m), column)
		}
	}
	for column, spoil := range map[string]func(*heimdall.Recording, *heimdall.Measurement){
		"sample_rate_hz":     func(_ *heimdall.Recording, m *heimdall.Measurement) { m.SampleRateHz = math.NaN() },
		"time_uncertainty_s": func(_ *heimdall.Recording, m *heimdall.Measurement) { m.TimeUncertaintyS = math.Inf(1) },
		"nominal_rate_hz":    func(r *heimdall.Recording, _ *heimdall.Measurement) { r.NominalRateHz = math.NaN() },
		"time_residual_s":    func(r *heimdall.Recording, _ *heimdall.Measurement) { r.TimeResidualS = math.Inf(1) },
		"s_meter_dbm":        func(r *heimdall.Recording, _ *heimdall.Measurement) { r.SMeterDBM = pointer(math.Inf(-1)) },
	} {
		c, m := succeeded(job.Captures[0])
		spoil(c.Recording, m)
		wantInvalid(t, s.FinishCapture(t.Context(), job.Lease, c, m), column)
	}
	unchanged(t, s, before)
}

// query is a filter and the names of what it must find.
type query struct {
	filter heimdall.MeasurementFilter
	want   string
}

// find runs each query as a page and as a stream, and compares the task ids found, by the names given to them.
func find(t *testing.T, s Store, names map[string]string, queries map[string]query) {
	t.Helper()
	for what, q := range queries {
		q.filter.Limit = 100
		list, err := s.Measurements(t.Context(), q.filter)
		ok(t, err)
		var page, stream []string
		for _, m := range list {
			page = append(page, names[m.TaskID])
		}
		q.filter.Limit = 0
		for m, err := range s.EachMeasurement(t.Context(), q.filter) {
			ok(t, err)
			stream = append(stream, names[m.TaskID])
		}
		same(t, what+", as a page", strings.Join(page, " "), q.want)
		same(t, what+", as a stream", strings.Join(stream, " "), q.want)
	}
}

func timeWindow(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	at := aTime.Truncate(time.Microsecond)
	names := make(map[string]string)
	for i, name := range []string{"a", "b", "c"} {
		m := measure(t, s, ids, func(m *heimdall.Measurement) { m.Timestamp = at.Add(time.Duration(i) * time.Microsecond) })
		names[m[0].TaskID] = name
	}
	b := at.Add(time.Microsecond)
	find(t, s, names, map[string]query{
		"no bounds":        {heimdall.MeasurementFilter{}, "c b a"},
		"from b":           {heimdall.MeasurementFilter{From: b}, "c b"},
		"from just past b": {heimdall.MeasurementFilter{From: b.Add(1)}, "c"},
		"to b":             {heimdall.MeasurementFilter{To: b}, "a"},
		"to just past b":   {heimdall.MeasurementFilter{To: b.Add(1)}, "b a"},
		"from b to b":      {heimdall.MeasurementFilter{From: b, To: b}, ""},
		"from a to c":      {heimdall.MeasurementFilter{From: at, To: b.Add(time.Microsecond)}, "b a"},
		"in another zone":  {heimdall.MeasurementFilter{From: b.In(time.FixedZone("UTC-5", -5*3600))}, "c b"},
	})
}

func frequencyWindow(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	names := make(map[string]string)
	for i, hz := range []int64{7_073_999, 7_074_000, 7_074_001, heimdall.MaxFrequencyHz - 1, heimdall.MaxFrequencyHz} {
		m := measure(t, s, ids, func(m *heimdall.Measurement) {
			m.FrequencyHz, m.Timestamp = hz, aTime.Add(time.Duration(i)*time.Second)
		})
		names[m[0].TaskID] = fmt.Sprint(hz)
	}
	window := func(low, high int64) heimdall.MeasurementFilter {
		return heimdall.MeasurementFilter{FrequencyMinHz: low, FrequencyMaxHz: high}
	}
	find(t, s, names, map[string]query{
		"both ends":     {window(7_073_999, 7_074_001), "7074001 7074000 7073999"},
		"one frequency": {window(7_074_000, 7_074_000), "7074000"},
		"none":          {window(7_074_002, 7_074_003), ""},
		"no lower end":  {window(0, 7_074_000), "7074000 7073999"},
		"no upper end":  {window(7_074_001, 0), "300000000000 299999999999 7074001"},
		"the highest":   {window(heimdall.MaxFrequencyHz, heimdall.MaxFrequencyHz), "300000000000"},
		"the next":      {window(heimdall.MaxFrequencyHz-1, heimdall.MaxFrequencyHz-1), "299999999999"},
	})
}

func filterMeasurements(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	names := make(map[string]string)
	add := func(name string, id int64, snr *float64, detected bool) string {
		m := measure(t, s, []int64{id}, func(m *heimdall.Measurement) {
			m.SNRdB, m.Detected, m.Timestamp = snr, detected, aTime.Add(time.Duration(len(names))*time.Second)
		})
		names[m[0].TaskID] = name
		return m[0].TaskID
	}
	a := add("a", ids[0], pointer(-3.0), false)
	add("b", ids[1], pointer(0.0), true)
	add("c", ids[2], nil, false)
	add("d", ids[0], pointer(12.5), true)
	find(t, s, names, map[string]query{
		"acquisition":       {heimdall.MeasurementFilter{TaskID: a}, "a"},
		"WebSDR":            {heimdall.MeasurementFilter{WebSDRIDs: ids[:1]}, "d a"},
		"WebSDRs":           {heimdall.MeasurementFilter{WebSDRIDs: []int64{ids[2], ids[0], 999}}, "d c a"},
		"no WebSDRs":        {heimdall.MeasurementFilter{WebSDRIDs: []int64{}}, ""},
		"SNR from 0 dB":     {heimdall.MeasurementFilter{SNRMinDB: pointer(0.0)}, "d b"},
		"SNR from -100 dB":  {heimdall.MeasurementFilter{SNRMinDB: pointer(-100.0)}, "d b a"},
		"detected":          {heimdall.MeasurementFilter{DetectedOnly: true}, "d b"},
		"WebSDR, detected":  {heimdall.MeasurementFilter{WebSDRIDs: ids[:1], DetectedOnly: true}, "d"},
		"everything at all": {heimdall.MeasurementFilter{}, "d c b a"},
	})
}

func pageMeasurements(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	var all []heimdall.Measurement
	for i := range 4 {
		all = append(measure(t, s, ids, func(m *heimdall.Measurement) {
			m.Timestamp = aTime.Add(time.Duration(i/2) * time.Second)
		}), all...)
	}
	for i := 0; i < len(all); i += len(ids) { // newest acquisition first, and in it the greatest id
		all[i], all[i+2] = all[i+2], all[i]
	}
	for _, filter := range []heimdall.MeasurementFilter{
		{}, {WebSDRIDs: ids}, {FrequencyMinHz: 1}, {FrequencyMinHz: all[0].FrequencyHz, FrequencyMaxHz: all[0].FrequencyHz},
	} {
		for _, limit := range []int{1, 2, 5, 12} {
			var got []heimdall.Measurement
			f := filter
			for f.Limit = limit; ; {
				page, err := s.Measurements(t.Context(), f)
				ok(t, err)
				got = append(got, page...)
				if len(page) < limit {
					break
				}
				last := page[len(page)-1]
				f.After = &heimdall.MeasurementKey{Timestamp: last.Timestamp, TaskID: last.TaskID, WebSDRID: last.WebSDRID}
			}
			same(t, fmt.Sprintf("pages of %d", limit), got, all)
		}
	}
}

func streamMeasurements(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 30)
	want := make(map[string]bool)
	for i := range 7 { // 210 rows: stores read at most 200 at once
		for _, m := range measure(t, s, ids, func(m *heimdall.Measurement) { m.Timestamp = aTime.Add(time.Duration(i) * time.Second) }) {
			want[fmt.Sprint(m.TaskID, m.WebSDRID)] = true
		}
	}
	got := make(map[string]bool)
	var last time.Time
	for m, err := range s.EachMeasurement(t.Context(), heimdall.MeasurementFilter{}) {
		ok(t, err)
		if len(got) == 0 { // meanwhile
			measure(t, s, ids[:1], func(m *heimdall.Measurement) { m.Timestamp = aTime.Add(time.Hour) })
		} else if m.Timestamp.After(last) {
			t.Fatalf("%v comes after %v", m.Timestamp, last)
		}
		key := fmt.Sprint(m.TaskID, m.WebSDRID)
		if got[key] {
			t.Errorf("%s came twice", key)
		}
		got[key], last = true, m.Timestamp
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows streamed (-want +got):\n%s", diff)
	}
	for _, limit := range []int{1, 200, 201} {
		n := 0
		for _, err := range s.EachMeasurement(t.Context(), heimdall.MeasurementFilter{Limit: limit}) {
			ok(t, err)
			n++
		}
		if n != limit {
			t.Errorf("a stream of %d gave %d rows", limit, n)
		}
	}
	for range s.EachMeasurement(t.Context(), heimdall.MeasurementFilter{}) {
		break // a reader that has seen enough
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var end error
	for _, err := range s.EachMeasurement(ctx, heimdall.MeasurementFilter{}) {
		cancel()
		end = err
	}
	wantErr(t, end, context.Canceled)
}
