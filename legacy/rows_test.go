package legacy_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/legacy"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, migrate)) }

func migrate(ctx context.Context, url string) error {
	s, err := postgres.Open(ctx, url, postgres.Options{MaxConns: 2})
	if err != nil {
		return err
	}
	return s.Close()
}

// The table of the Python system's service, with the key of its migration.
const serviceTable = `
CREATE TABLE measurements (
    id bigserial, task_id text NOT NULL, websdr_id integer NOT NULL, frequency_mhz double precision NOT NULL, sample_rate_khz double precision NOT NULL,
    samples_count integer NOT NULL, timestamp_utc timestamptz NOT NULL, snr_db double precision, frequency_offset_hz double precision,
    power_dbm double precision, s3_path text, PRIMARY KEY (id, timestamp_utc));
INSERT INTO measurements (task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db, frequency_offset_hz, power_dbm, s3_path) VALUES
    ('` + taskA + `', 1, 145.5, 12.5, 1000, '2025-03-01 08:30:15.123456+00', 7.5, 3.25, NULL, 's3://heimdall-raw-iq/sessions/` + taskA + `/websdr_1.npy'),
    ('` + taskA + `', 1, 145.5, 12.5, 1000, '2025-03-01 08:30:15.123456+00', 7.5, 3.25, NULL, 's3://heimdall-raw-iq/sessions/` + taskA + `/websdr_1.npy'),
    ('` + taskA + `', 2, 145.5, 48, 1000, '2025-03-01 09:30:00+01', 'NaN', 1, -80, NULL),
    ('` + taskA + `', 3, 145.5, 12.5, 1000, '2025-03-01 08:30:16+00', 1, 1, NULL, NULL),
    ('a name', 1, 7.074, 12.5, 1000, '2025-03-01 08:30:17+00', 'NaN', NULL, 'Infinity', NULL),
    ('a name', 1, 7.074, 12.5, 1000, '2025-03-01 08:30:18+00', 0, 0, NULL, NULL),
    ('a name', 1, -1, 12.5, 1000, '2025-03-01 08:30:19+00', 0, 0, NULL, NULL),
    ('a name', 0, 7.074, 12.5, 1000, '2025-03-01 08:30:20+00', 0, 0, NULL, NULL),
    ('', 1, 7.074, 12.5, 1000, '2025-03-01 08:30:20+00', 0, 0, NULL, NULL)`

// That of its init script.
const scriptTable = `
CREATE SCHEMA heimdall;
CREATE TABLE heimdall.measurements (
    id uuid, websdr_station_id uuid, frequency_hz bigint, timestamp timestamp with time zone, signal_strength_db double precision, snr_db double precision,
    frequency_offset_hz integer, iq_data_location varchar(512), iq_data_format varchar(50), iq_sample_rate integer, iq_samples_count integer,
    duration_seconds double precision, notes text, created_at timestamptz);
INSERT INTO heimdall.measurements (frequency_hz, timestamp, snr_db, frequency_offset_hz, iq_data_location, iq_sample_rate, iq_samples_count) VALUES
    (145500000, '2025-03-01 08:30:15.123456+00', 7.5, 3, 's3://heimdall-raw-iq/sessions/` + taskA + `/websdr_1.npy', 12500, 1000),
    (145500000, '2025-03-01 08:30:16+00', 7.5, 3, 's3://heimdall-raw-iq/sessions/` + taskB + `/websdr_2.npy', 12500, 1000),
    (145500000, '2025-03-01 08:30:16+00', 7.5, 3, NULL, 12500, 1000)`

// table is a database of the Python system.
func table(t *testing.T, sql string) *legacy.Table {
	t.Helper()
	at := pgtest.Plain(t).Empty(t)
	if _, err := pgtest.Connect(t, at).Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	open, err := legacy.OpenTable(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(open.Close)
	return open
}

// onBoth runs a test on either database.
func onBoth(t *testing.T, fn func(t *testing.T, r *rig)) {
	t.Run("SQLite", func(t *testing.T) { fn(t, newRig(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		s, err := postgres.Open(t.Context(), pgtest.Plain(t).Database(t), postgres.Options{MaxConns: 4})
		if err != nil {
			t.Fatal(err)
		}
		fn(t, newRigOn(t, s))
	})
}

func TestRowsOfTheTableJoinTheirRecordingsOrStandAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		b := newBucket(t)
		b.recording(taskA, 1, received(1000, 1))
		b.put("sessions/"+taskA+"/websdr_2.npy", npy(received(1000, 2)))
		opt := legacy.Options{Rows: table(t, serviceTable)}
		dry := opt
		dry.DryRun = true
		want := legacy.Report{Acquisitions: 1, Recordings: 2, Imported: 2, Others: 1, WebSDRs: 3,
			Rows: 9, RowsJoined: 3, RowsImported: 3, RowsSkipped: 3}
		r.expect(r.run(b, dry), want)
		r.expect(r.run(b, opt), want)
		r.found(taskA+"/websdr_2.npy metadata_missing", taskA+"/websdr_2.npy borrowed", "a name/1/2025-03-01T08:30:17Z not_finite", taskA+"/2/2025-03-01T08:30:00Z not_finite",
			"-a name/1/2025-03-01T08:30:19Z row_refused", "-a name/0/2025-03-01T08:30:20Z websdr_id", "-/1/2025-03-01T08:30:20Z row_unreadable")
		r.sound()

		_, _, measurements, old := r.rows(taskA)
		if m := measurements[1]; m.SampleRateHz != 48_000 || !m.Timestamp.Equal(time.Date(2025, 3, 1, 8, 30, 0, 0, time.UTC)) {
			t.Errorf("the recording without metadata has %v Hz at %v, want those of its row", m.SampleRateHz, m.Timestamp)
		}
		type numbers struct {
			WebSDRID      int64
			Source        string
			SNR, PowerDBM *float64
		}
		var got []numbers
		for _, l := range old {
			got = append(got, numbers{l.WebSDRID, l.Source, l.SNRdB, l.PowerDBM})
		}
		if diff := cmp.Diff([]numbers{{1, "python-heimdall measurements", new(7.5), nil}, {1, "python-heimdall metadata", new(7.25), nil},
			{2, "python-heimdall measurements", nil, new(-80.0)}}, got); diff != "" {
			t.Errorf("the old metrics (-want +got):\n%s", diff)
		}
		a, _, lone, _ := r.rows("a name")
		if len(lone) != 2 || a.Label != legacy.DefaultLabel {
			t.Errorf("rows without recordings: %d with the label %q", len(lone), a.Label)
		}
		if _, _, lone, _ := r.rows(taskA + "/websdr_3"); len(lone) != 1 || lone[0].S3Path != "" {
			t.Errorf("a row whose receiver has no recording, beside those that have: %+v", lone)
		}
		before := r.state()
		r.expect(r.run(b, opt), legacy.Report{Recordings: 2, Present: 2, Others: 1, Rows: 9, RowsJoined: 3, RowsPresent: 3, RowsSkipped: 3})
		if diff := cmp.Diff(before, r.state()); diff != "" {
			t.Errorf("the second run changed (-before +after):\n%s", diff)
		}
	})
}

func TestRowsOfRecordingsThatWereImportedBeforeAreSaid(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.recording(taskA, 1, received(1000, 1))
	r.run(b, legacy.Options{})
	report := r.run(b, legacy.Options{Rows: table(t, serviceTable)})
	if report.Reasons[legacy.RowLate] != 2 {
		t.Errorf("the report is %+v, want two rows that came too late", report)
	}
	r.sound()
}

func TestTheTableOfTheInitScriptNamesItsTasksByThePathOfTheRecording(t *testing.T) {
	r, b := newRig(t), newBucket(t)
	b.put("sessions/"+taskA+"/websdr_1.npy", npy(received(1000, 1)))
	r.expect(r.run(b, legacy.Options{Rows: table(t, scriptTable)}), legacy.Report{Acquisitions: 1, Recordings: 1, Imported: 1, WebSDRs: 2,
		Rows: 3, RowsJoined: 1, RowsImported: 1, RowsSkipped: 1})
	_, _, measurements, _ := r.rows(taskA)
	if m := measurements[0]; m.FrequencyHz != 145_500_000 || !m.Timestamp.Equal(taken) {
		t.Errorf("%+v", m)
	}
	r.sound()
}

func TestADatabaseThatIsNoneOfThePythonSystemIsRefused(t *testing.T) {
	server := pgtest.Plain(t)
	if _, err := legacy.OpenTable(t.Context(), server.Empty(t)); !isInvalid(err, "postgres") {
		t.Errorf("an empty one: %v", err)
	}
	if _, err := legacy.OpenTable(t.Context(), server.Database(t)); err == nil || !strings.Contains(err.Error(), "this Heimdall") {
		t.Errorf("one of ours: %v", err)
	}
}

func isInvalid(err error, field string) bool {
	bad, ok := errors.AsType[*heimdall.InvalidError](err)
	return ok && bad.Fields[0].Field == field
}
