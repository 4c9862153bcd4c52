package storetest

import (
	"math"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

var replacements = []promise{
	{"metrics are replaced whole, and nothing else of any row is", replaceWhole},
	{"metrics of another version than the one named stay as they are, and that is ErrConflict", replaceStale},
	{"of replacements at once exactly one succeeds", replaceAtOnce},
	{"replacing what is not there is ErrNotFound and makes no row", replaceUnknown},
	{"metrics that are not finite replace nothing", replaceNotFinite},
	{"rows are found by not being of a version", filterByVersion},
}

// keyOf is the natural key of m.
func keyOf(m heimdall.Measurement) heimdall.MeasurementKey {
	return heimdall.MeasurementKey{Timestamp: m.Timestamp, TaskID: m.TaskID, WebSDRID: m.WebSDRID}
}

// newMetrics are of that version, with other numbers in every field than any row of measure.
func newMetrics(version string) (m heimdall.Metrics) {
	n := 1000
	fill(reflect.ValueOf(&m).Elem(), &n)
	m.Detected, m.SNRdB, m.AlgorithmVersion = false, nil, version
	return m
}

// listed is every measurement, newest first.
func listed(t *testing.T, s Store) []heimdall.Measurement {
	t.Helper()
	list, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	return list
}

// ofVersion stores a measurement by each of ids.
func ofVersion(t *testing.T, s Store, version string, ids ...int64) []heimdall.Measurement {
	t.Helper()
	return measure(t, s, ids, func(m *heimdall.Measurement) { m.AlgorithmVersion = version })
}

func replaceWhole(t *testing.T, s Store) {
	ofVersion(t, s, "1", createWebSDRs(t, s, 3)...)
	want := listed(t, s)
	before, err := s.Capture(t.Context(), want[1].TaskID, want[1].WebSDRID)
	ok(t, err)
	want[1].Metrics = newMetrics("2")
	ok(t, s.ReplaceMetrics(t.Context(), keyOf(want[1]), "1", want[1].Metrics))
	same(t, "measurements", listed(t, s), want)
	after, err := s.Capture(t.Context(), want[1].TaskID, want[1].WebSDRID)
	ok(t, err)
	same(t, "capture", after, before)

	want[1].Metrics = heimdall.Metrics{Flags: []string{}, AlgorithmVersion: "2"} // all that may be absent is
	ok(t, s.ReplaceMetrics(t.Context(), keyOf(want[1]), "2", want[1].Metrics))
	same(t, "measurements after a replacement by next to nothing", listed(t, s), want)
}

func replaceStale(t *testing.T, s Store) {
	m := ofVersion(t, s, "1", createWebSDRs(t, s, 1)...)[0]
	ok(t, s.ReplaceMetrics(t.Context(), keyOf(m), "1", newMetrics("2")))
	want := listed(t, s)
	for _, stale := range []string{"1", "", "3"} {
		wantErr(t, s.ReplaceMetrics(t.Context(), keyOf(m), stale, newMetrics("3")), heimdall.ErrConflict)
	}
	same(t, "measurements", listed(t, s), want)
}

func replaceAtOnce(t *testing.T, s Store) {
	m := ofVersion(t, s, "1", createWebSDRs(t, s, 1)...)[0]
	var group sync.WaitGroup
	var replaced, refused atomic.Int64
	for range 8 {
		group.Go(func() {
			switch err := s.ReplaceMetrics(t.Context(), keyOf(m), "1", newMetrics("2")); err {
			case nil:
				replaced.Add(1)
			default:
				wantErr(t, err, heimdall.ErrConflict)
				refused.Add(1)
			}
		})
	}
	group.Wait()
	same(t, "replacements", replaced.Load(), 1)
	same(t, "refusals", refused.Load(), 7)
}

func replaceUnknown(t *testing.T, s Store) {
	m := ofVersion(t, s, "1", createWebSDRs(t, s, 1)...)[0]
	want := listed(t, s)
	for _, change := range []func(*heimdall.MeasurementKey){
		func(k *heimdall.MeasurementKey) { k.TaskID = newID() },
		func(k *heimdall.MeasurementKey) { k.WebSDRID++ },
		func(k *heimdall.MeasurementKey) { k.Timestamp = k.Timestamp.Add(time.Microsecond) },
	} {
		key := keyOf(m)
		change(&key)
		wantErr(t, s.ReplaceMetrics(t.Context(), key, "1", newMetrics("2")), heimdall.ErrNotFound)
	}
	same(t, "measurements", listed(t, s), want)
}

func replaceNotFinite(t *testing.T, s Store) {
	m := ofVersion(t, s, "1", createWebSDRs(t, s, 1)...)[0]
	want := listed(t, s)
	bad := newMetrics("2")
	bad.SNRdB = pointer(math.NaN())
	wantInvalid(t, s.ReplaceMetrics(t.Context(), keyOf(m), "1", bad), "snr_db")
	bad = newMetrics("2")
	bad.SegmentAverages = math.Inf(1)
	wantInvalid(t, s.ReplaceMetrics(t.Context(), keyOf(m), "1", bad), "welch_k")
	same(t, "measurements", listed(t, s), want)
}

func filterByVersion(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	names := make(map[string]string)
	add := func(name, version string, id int64) {
		m := measure(t, s, []int64{id}, func(m *heimdall.Measurement) {
			m.AlgorithmVersion, m.Timestamp = version, aTime.Add(time.Duration(len(names))*time.Second)
		})
		names[m[0].TaskID] = name
	}
	add("a", "1", ids[0])
	add("b", "2", ids[0])
	add("c", "1", ids[1])
	add("d", "10", ids[1])
	not := func(version string) heimdall.MeasurementFilter {
		return heimdall.MeasurementFilter{AlgorithmVersionNot: version}
	}
	ofOne := not("2")
	ofOne.WebSDRIDs = ids[1:]
	find(t, s, names, map[string]query{
		"not 1":               {not("1"), "d b"},
		"not 2":               {not("2"), "d c a"},
		"not 3":               {not("3"), "d c b a"},
		"not 2, by a WebSDR":  {ofOne, "d c"},
		"whatever version":    {not(""), "d c b a"},
		"not 1 and not after": {heimdall.MeasurementFilter{AlgorithmVersionNot: "1", To: aTime.Add(2 * time.Second)}, "b"},
	})
}
