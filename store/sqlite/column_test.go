package sqlite_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 123_456_789, time.UTC)

// measured is a store of one acquisition at 145.5 MHz by two WebSDRs: the first succeeded with m, the second failed.
func measured(t testing.TB, path string, m heimdall.Measurement) *sqlite.Store {
	t.Helper()
	s := open(t, path)
	var ids []int64
	for _, name := range []string{"first", "second"} {
		w := aWebSDR(name)
		w.Kind, w.URL = "rtl_tcp", "tcp://"+name+".example:1234"
		w, err := s.CreateWebSDR(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, w.ID)
	}
	a := heimdall.Acquisition{FrequencyHz: 145_500_000, Duration: time.Second, SampleRateHz: 250_000, WebSDRIDs: ids}
	if _, _, err := s.CreateAcquisition(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	job, err := s.Claim(t.Context(), "worker", time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	c, other := job.Captures[0], job.Captures[1]
	c.State, c.Phase = heimdall.Running, heimdall.PhaseRecording
	if err := s.SaveProgress(t.Context(), job.Lease, []heimdall.Capture{c}); err != nil {
		t.Fatal(err)
	}
	c.State = heimdall.Success
	c.Recording = &heimdall.Recording{S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", c.TaskID, c.WebSDRID),
		Datatype: "cu8", SampleRateHz: 250_000.25, FrequencyHz: 145_500_000, SamplesCount: 250_000, ExpectedSamples: 250_007,
		Bytes: 500_000, SHA256: strings.Repeat("0f", 32), Start: start, TimeQuality: heimdall.TimeHostArrival,
		Gaps: []heimdall.Gap{{Sample: 100, Missing: 7}}}
	m.TaskID, m.WebSDRID, m.Timestamp, m.S3Path, m.SamplesCount = c.TaskID, c.WebSDRID, start, c.Recording.S3Path, 250_000
	m.FrequencyHz, m.SampleRateHz = 145_500_000, 250_000.25
	other.State, other.FailureClass, other.Reason = heimdall.Failed, heimdall.FailBusy, "it serves one client at a time"
	for _, end := range []error{
		s.FinishCapture(t.Context(), job.Lease, c, &m),
		s.FinishCapture(t.Context(), job.Lease, other, nil),
		s.FinishAcquisition(t.Context(), job.Lease, heimdall.Partial, ""),
	} {
		if end != nil {
			t.Fatal(end)
		}
	}
	return s
}

func TestEveryMetricIsInTheColumnOfItsJSONName(t *testing.T) {
	t.Parallel()
	var m heimdall.Measurement
	want := make(map[string]any)
	metrics := reflect.ValueOf(&m.Metrics).Elem()
	for i := range metrics.NumField() {
		column := metrics.Type().Field(i).Tag.Get("json")
		if column == "L" || column == "K" {
			column = "welch_" + strings.ToLower(column)
		}
		switch f := metrics.Field(i).Addr().Interface().(type) {
		case **float64:
			v := float64(i) + 0.5
			*f, want[column] = &v, v
		case *float64:
			*f = float64(i) + 0.5
			want[column] = *f
		case *int:
			*f = i
			want[column] = int64(i)
		case *string:
			*f = fmt.Sprint("text ", i)
			want[column] = *f
		case **string:
			v := fmt.Sprint("text ", i)
			*f, want[column] = &v, v
		case *bool:
			*f = i%2 == 0
			want[column] = int64(1 - i%2)
		case *[]string:
			*f = []string{"clipped", "gaps"}
			want[column] = `["clipped","gaps"]`
		default:
			t.Fatalf("field %d is of type %T", i, f)
		}
	}
	path := filepath.Join(t.TempDir(), "heimdall.db")
	measured(t, path, m)
	raw := openRaw(t, path)
	got := make(map[string]any)
	for column := range want {
		var v any
		if err := raw.QueryRow(`SELECT ` + column + ` FROM measurements`).Scan(&v); err != nil {
			t.Errorf("column %s: %v", column, err)
		}
		got[column] = v
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics in their columns (-want +got):\n%s", diff)
	}
}

// The queries that users of the system before this one have, with time spelled as SQLite spells it.
func TestTheQueriesOfOldFindTheRow(t *testing.T) {
	t.Parallel()
	snr, offset := 12.5, -3.25
	path := filepath.Join(t.TempDir(), "heimdall.db")
	measured(t, path, heimdall.Measurement{Metrics: heimdall.Metrics{SNRdB: &snr, FrequencyOffsetHz: &offset}})
	raw := openRaw(t, path)
	var taskID string
	if err := raw.QueryRow(`SELECT task_id FROM acquisitions WHERE frequency_mhz = 145.5 AND sample_rate_khz = 250`).Scan(&taskID); err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		query string
		want  string
	}{
		{`SELECT task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db, frequency_offset_hz, power_dbm, s3_path
			FROM measurements WHERE websdr_id = 1 AND timestamp_utc > unixepoch('2026-11-20') * 1000000 ORDER BY timestamp_utc DESC`,
			"[" + taskID + " 1 145.5 250.00025 250000 1795262400123456 12.5 -3.25 <nil> sessions/" + taskID + "/websdr_1.sigmf-data]"},
		{`SELECT websdr_id, AVG(snr_db) AS avg_snr, timestamp_utc / 3600000000 * 3600000000 AS hour FROM measurements
			WHERE task_id = (SELECT task_id FROM acquisitions) GROUP BY websdr_id, hour ORDER BY hour DESC`,
			"[1 12.5 1795262400000000]"},
		{`SELECT websdr_id, frequency_offset_hz, timestamp_utc FROM measurements
			WHERE frequency_mhz = 145.5 ORDER BY websdr_id, timestamp_utc`,
			"[1 -3.25 1795262400123456]"},
		{`SELECT task_id, websdr_id, COUNT(*), AVG(snr_db), MIN(snr_db), MAX(snr_db), AVG(frequency_offset_hz) FROM measurements
			WHERE timestamp_utc > unixepoch('2026-11-14') * 1000000 GROUP BY task_id, websdr_id`,
			"[" + taskID + " 1 1 12.5 12.5 12.5 -3.25]"},
	} {
		rows, err := raw.Query(q.query)
		if err != nil {
			t.Errorf("%s: %v", q.query, err)
			continue
		}
		names, _ := rows.Columns()
		n := 0
		for ; rows.Next(); n++ {
			values := make([]any, len(names))
			targets := make([]any, len(names))
			for i := range values {
				targets[i] = &values[i]
			}
			if err := rows.Scan(targets...); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(values); got != q.want {
				t.Errorf("%s:\ngot  %s\nwant %s", q.query, got, q.want)
			}
		}
		if err := rows.Err(); err != nil || n != 1 {
			t.Errorf("%s: %d rows (%v)", q.query, n, err)
		}
		rows.Close()
	}
}
