package storetest

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
)

// An ImportStore takes measurements that were made elsewhere.
type ImportStore interface {
	// ImportMeasurements stores rows with stand-ins for what they were made from, and with their rollups. What is
	// there already stays as it is. What is wrong with one row keeps none of the others out; an error does, though
	// some of those before it may be stored: a repeat stores what is missing.
	ImportMeasurements(ctx context.Context, rows []heimdall.ImportedMeasurement, opt heimdall.ImportOptions) (heimdall.ImportResult, error)
}

var imports = []promise{
	{"every column of a row comes back, and its stand-ins are a success without a recording", importComesBack},
	{"rows that are there, or come twice, are counted and stay as they are", importTwice},
	{"a row that is wrong is refused with its column, and keeps none of the others out", importRefuses},
	{"one capture may have many rows, which are found by their acquisition", importManyOfOneCapture},
	{"an acquisition that was recorded here takes no rows, and those of its own are there already", importIntoRecorded},
	{"what was deleted does not come back", importDeleted},
	{"analytics and rollups count what was imported, in batches of any size and beside what was recorded here", importCounts},
	{"a dry run says the same and changes nothing", importDryRun},
	{"imports of the same rows at once store each once", importAtOnce},
	{"metrics that were imported are not replaced, and nobody is asked to", importNotReplaced},
	{"stand-ins expire by the time of their import, and all their rows go with them", importExpires},
	{"rows of ages ago are found like any other", importOld},
}

// importTime is in the past, whatever the clocks of tests and servers say.
var importTime = time.Date(2020, 3, 1, 23, 59, 58, 123_456_789, time.UTC)

// imported is a row of that acquisition, every field of which has a value of its own.
func imported(source string, websdrID int64, at time.Time) heimdall.ImportedMeasurement {
	n := 0
	m := heimdall.ImportedMeasurement{SourceTaskID: source}
	fill(reflect.ValueOf(&m.Metrics).Elem(), &n)
	for _, fraction := range []*float64{m.NoiseUsedFraction, &m.ClipFraction, m.LineFraction, m.Duty} {
		*fraction /= 100
	}
	m.TaskID, m.WebSDRID, m.Timestamp = heimdall.TaskIDOf(source), websdrID, at
	m.FrequencyHz, m.SampleRateHz, m.SamplesCount = 7_074_000, 12_000.25, 24_000
	m.S3Path, m.TimeQuality, m.TimeUncertaintyS = "elsewhere/"+source, heimdall.TimeGPS, 0.5
	return m
}

func importRows(t *testing.T, s Store, rows []heimdall.ImportedMeasurement, stored, present, refused int) heimdall.ImportResult {
	t.Helper()
	r, err := s.ImportMeasurements(t.Context(), rows, heimdall.ImportOptions{Label: "imported"})
	ok(t, err)
	if r.Stored != stored || r.Present != present || len(r.Refused) != refused {
		t.Errorf("%d stored, %d present, %d refused; want %d, %d, %d", r.Stored, r.Present, len(r.Refused), stored, present, refused)
		if len(r.Refused) > 0 {
			t.Logf("row %d was refused: %v", r.Refused[0].Row, r.Refused[0].Err)
		}
	}
	return r
}

// listedRows are all measurements, by key.
func listedRows(t *testing.T, s Store, f heimdall.MeasurementFilter) map[heimdall.MeasurementKey]heimdall.Measurement {
	t.Helper()
	out := map[heimdall.MeasurementKey]heimdall.Measurement{}
	for m, err := range s.EachMeasurement(t.Context(), f) {
		ok(t, err)
		out[keyOf(m)] = m
	}
	return out
}

func rowsOf(rows ...heimdall.ImportedMeasurement) map[heimdall.MeasurementKey]heimdall.Measurement {
	out := map[heimdall.MeasurementKey]heimdall.Measurement{}
	for _, m := range rows {
		m.Measurement = asStored(&m.Measurement)
		out[keyOf(m.Measurement)] = m.Measurement
	}
	return out
}

func importComesBack(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	bare := heimdall.ImportedMeasurement{Measurement: heimdall.Measurement{
		TaskID: "019ab000-0000-7000-8000-00000000000f", WebSDRID: ids[1], Timestamp: importTime, FrequencyHz: 1, TimeQuality: heimdall.TimeNone,
	}}
	full := imported("task 1", ids[0], importTime)
	importRows(t, s, []heimdall.ImportedMeasurement{full, bare}, 2, 0, 0)
	bare.Flags = []string{}
	same(t, "the rows", listedRows(t, s, heimdall.MeasurementFilter{}), rowsOf(full, bare))
	a, cs, err := s.Acquisition(t.Context(), full.TaskID)
	ok(t, err)
	if a.State != heimdall.Success || a.Label != "imported" || a.FrequencyHz != full.FrequencyHz || a.EndedAt.IsZero() ||
		!a.StartedAt.IsZero() || !a.CreatedAt.Equal(importTime.Truncate(time.Microsecond)) || a.Duration.Round(time.Millisecond) != 2*time.Second {
		t.Errorf("the acquisition is %+v", a)
	}
	if len(cs) != 1 || cs[0].State != heimdall.Success || cs[0].Recording != nil || cs[0].Attempts != 0 {
		t.Errorf("its captures are %+v", cs)
	}
	for c, err := range s.RecordingKeys(t.Context()) {
		ok(t, err)
		t.Errorf("there is a recording %+v", c)
	}
}

func importTwice(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	one, two := imported("task 1", ids[0], importTime), imported("task 1", ids[1], importTime)
	other := one
	other.SNRdB = pointer(1.0)
	importRows(t, s, []heimdall.ImportedMeasurement{one, other}, 1, 1, 0)
	importRows(t, s, []heimdall.ImportedMeasurement{other, two, two}, 1, 2, 0)
	importRows(t, s, []heimdall.ImportedMeasurement{two, one}, 0, 2, 0)
	importRows(t, s, nil, 0, 0, 0)
	same(t, "the rows", listedRows(t, s, heimdall.MeasurementFilter{}), rowsOf(one, two))
}

func importRefuses(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	good := imported("task 1", ids[0], importTime)
	wrong := map[string]func(*heimdall.ImportedMeasurement){
		"websdr_id":     func(m *heimdall.ImportedMeasurement) { m.WebSDRID = ids[0] + 1 },
		"snr_db":        func(m *heimdall.ImportedMeasurement) { m.SNRdB = pointer(math.NaN()) },
		"K":             func(m *heimdall.ImportedMeasurement) { m.SegmentAverages = math.Inf(1) },
		"power_dbm":     func(m *heimdall.ImportedMeasurement) { m.PowerDBM = pointer(500.0) },
		"frequency_mhz": func(m *heimdall.ImportedMeasurement) { m.FrequencyHz = 0 },
		"timestamp_utc": func(m *heimdall.ImportedMeasurement) { m.Timestamp = time.Time{} },
	}
	var rows []heimdall.ImportedMeasurement
	var columns []string
	for column, spoil := range wrong {
		m := imported("task 1", ids[0], importTime)
		spoil(&m)
		rows, columns = append(rows, m), append(columns, column)
	}
	r := importRows(t, s, append(rows, good), 1, 0, len(wrong))
	for i, refused := range r.Refused {
		if refused.Row != i {
			t.Errorf("refusal %d is of row %d", i, refused.Row)
		}
		wantInvalid(t, refused.Err, columns[refused.Row])
	}
	same(t, "the rows", listedRows(t, s, heimdall.MeasurementFilter{}), rowsOf(good))
}

func importManyOfOneCapture(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	var rows, ofOne []heimdall.ImportedMeasurement
	for i := range 40 {
		for _, source := range []string{"task 1", "task 2"} {
			rows = append(rows, imported(source, ids[i%2], importTime.Add(-time.Duration(i)*17*time.Hour)))
		}
		ofOne = append(ofOne, rows[len(rows)-2])
	}
	importRows(t, s, rows[:30], 30, 0, 0)
	importRows(t, s, rows[20:], 50, 10, 0) // earlier ones, of the same captures
	task := heimdall.MeasurementFilter{TaskID: ofOne[0].TaskID}
	same(t, "the rows of one acquisition", listedRows(t, s, task), rowsOf(ofOne...))
	_, cs, err := s.Acquisition(t.Context(), ofOne[0].TaskID)
	ok(t, err)
	if len(cs) != 2 {
		t.Errorf("it has the captures %+v, want one of each WebSDR", cs)
	}
}

func importIntoRecorded(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	own := measure(t, s, ids[:1], func(m *heimdall.Measurement) { m.Timestamp = importTime })[0]
	again := imported("", ids[0], own.Timestamp)
	again.TaskID = own.TaskID
	other, later := again, again
	other.WebSDRID, later.Timestamp = ids[1], own.Timestamp.Add(time.Microsecond)
	r := importRows(t, s, []heimdall.ImportedMeasurement{again, other, later}, 0, 1, 2)
	for _, refused := range r.Refused {
		wantInvalid(t, refused.Err, "task_id")
	}
	same(t, "the rows", listedRows(t, s, heimdall.MeasurementFilter{}), map[heimdall.MeasurementKey]heimdall.Measurement{keyOf(own): own})
}

func importDeleted(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	row := imported("task 1", ids[0], importTime)
	importRows(t, s, []heimdall.ImportedMeasurement{row}, 1, 0, 0)
	remove(t, s, expired(t, s, never))
	r := importRows(t, s, []heimdall.ImportedMeasurement{row}, 0, 0, 1)
	wantInvalid(t, r.Refused[0].Err, "task_id")
}

func importAtOnce(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	var rows []heimdall.ImportedMeasurement
	for i := range 60 {
		rows = append(rows, imported(fmt.Sprint("task ", i/6), ids[i%3], importTime.Add(time.Duration(i)*time.Minute)))
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	stored := 0
	for n := range 4 {
		group.Go(func() {
			for i := range 6 { // each in an order of its own
				part := (i*5 + n) % 6 * 10
				r, err := s.ImportMeasurements(t.Context(), rows[part:part+10], heimdall.ImportOptions{})
				if err != nil || len(r.Refused) > 0 {
					t.Error(r.Refused, err)
				}
				mu.Lock()
				stored += r.Stored
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if stored != len(rows) {
		t.Errorf("%d rows were stored, want %d", stored, len(rows))
	}
	same(t, "the rows", listedRows(t, s, heimdall.MeasurementFilter{}), rowsOf(rows...))
}

func importNotReplaced(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	row := imported("task 1", ids[0], importTime)
	importRows(t, s, []heimdall.ImportedMeasurement{row}, 1, 0, 0)
	wantErr(t, s.ReplaceMetrics(t.Context(), keyOf(asStored(&row.Measurement)), row.AlgorithmVersion, heimdall.Metrics{}), heimdall.ErrConflict)
	same(t, "the rows", listedRows(t, s, heimdall.MeasurementFilter{}), rowsOf(row))
	same(t, "rows to recompute", listedRows(t, s, heimdall.MeasurementFilter{AlgorithmVersionNot: "none"}), rowsOf())
}

func importExpires(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	old, kept := imported("task 1", ids[0], importTime.AddDate(-2, 0, 0)), imported("task 1", ids[0], importTime)
	importRows(t, s, []heimdall.ImportedMeasurement{old, kept}, 2, 0, 0)
	a, _, err := s.Acquisition(t.Context(), old.TaskID)
	ok(t, err)
	if list := expired(t, s, a.EndedAt); len(list) > 0 {
		t.Errorf("%v expired before they were here", list)
	}
	list := expired(t, s, a.EndedAt.Add(time.Hour))
	if len(list) != 1 || list[0].Rows != 4 {
		t.Fatalf("an hour after the import %+v have expired, want one of 4 rows", list)
	}
	remove(t, s, list)
	same(t, "the rows", listedRows(t, s, heimdall.MeasurementFilter{}), rowsOf())
}

func importOld(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	var rows []heimdall.ImportedMeasurement
	for i := range 300 {
		rows = append(rows, imported(fmt.Sprint("task ", i%5), ids[0], importTime.AddDate(-20, 0, 0).Add(time.Duration(i)*10*time.Second)))
	}
	importRows(t, s, rows, 300, 0, 0)
	from, to := rows[100].Timestamp.Truncate(time.Microsecond), rows[200].Timestamp.Truncate(time.Microsecond)
	if diff := cmp.Diff(rowsOf(rows[100:200]...), listedRows(t, s, heimdall.MeasurementFilter{From: from, To: to})); diff != "" {
		t.Errorf("rows of 20 years ago (-want +got):\n%s", diff)
	}
}
