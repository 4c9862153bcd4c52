package postgres

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/heimdall-sdr/heimdall"
)

// MigrateTo brings a new database to an old version, as the program of then did.
func MigrateTo(t *testing.T, url string, version int64) {
	t.Helper()
	err := withConn(t.Context(), url, func(conn *pgx.Conn) error {
		if err := offerTimescale(t.Context(), conn, silent()); err != nil {
			return err
		}
		db := stdlib.OpenDB(*conn.Config())
		defer db.Close()
		dir, err := fs.Sub(migrations, "migrations")
		if err != nil {
			return err
		}
		p, err := goose.NewProvider(goose.DialectPostgres, db, dir, goose.WithDisableGlobalRegistry(true))
		if err != nil {
			return err
		}
		_, err = p.UpTo(t.Context(), version)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// InsertMeasurements stores rows as the writer does, and nothing else.
func InsertMeasurements(t testing.TB, s *Store, ms []heimdall.Measurement) {
	t.Helper()
	rows := make([][]any, len(ms))
	for i := range ms {
		var err error
		if rows[i], err = measurementValues(&ms[i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.pool.Exec(t.Context(), insertMeasurements, transposed(rows)...); err != nil {
		t.Fatal(err)
	}
}

// CopyMeasurements is COPY in its binary form into a table of that name: what nothing can be faster than.
func CopyMeasurements(t testing.TB, s *Store, table string, ms []heimdall.Measurement) {
	t.Helper()
	var names []string
	for _, c := range measurementColumns(&ms[0]) {
		names = append(names, c.name)
	}
	_, err := s.pool.CopyFrom(t.Context(), pgx.Identifier{table}, names, pgx.CopyFromSlice(len(ms), func(i int) ([]any, error) {
		row, err := measurementValues(&ms[i])
		if err == nil { // the binary form of an id is its bytes
			row[0], err = parseTaskID(ms[i].TaskID)
		}
		return row, err
	}))
	if err != nil {
		t.Fatal(err)
	}
}

// MeasurementsPlan is how PostgreSQL would find the measurements of f.
func MeasurementsPlan(t *testing.T, s *Store, f heimdall.MeasurementFilter) string {
	t.Helper()
	var w where
	if f.TaskID != "" {
		if err := w.addAcquisition(t.Context(), s.pool, f.TaskID); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.addFilter(f); err != nil {
		t.Fatal(err)
	}
	query := selectMeasurements + w.String() + measurementsOrder + w.limit(f.Limit)
	rows, err := s.pool.Query(t.Context(), "EXPLAIN "+query, w.args...)
	lines, err := all(rows, err, func(r row) (line string, err error) {
		err = r.Scan(&line)
		return line, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// CompressionStatements are those that only full TimescaleDB runs.
var CompressionStatements = []string{selectCompression, enableCompression, selectPolicy, addPolicy, alterPolicy, dropChunks, decompressAny}

// FillRollups makes all rollups from the rows.
var FillRollups = []string{
	`INSERT INTO captures_hourly` + tallyCaptures + ofEnded + tallyGroups,
	`INSERT INTO captures_daily` + addHours + ` GROUP BY 1, 2, 3, 4, 5, 6`,
}

// Patience is how long a day that is to be emptied waits for its readers.
const Patience = patience

// DeleteDay deletes the measurements of a day (UTC) as FinishDeletion does, and nothing else.
func DeleteDay(t testing.TB, s *Store, at time.Time) time.Duration {
	t.Helper()
	w := window{at, at.AddDate(0, 0, 1).Add(-time.Microsecond)}
	var ids []uuid.UUID
	rows, err := s.pool.Query(t.Context(), `SELECT DISTINCT task_id FROM measurement_rows WHERE timestamp_utc BETWEEN $1 AND $2`, w.first, w.last)
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	}
	if err != nil {
		t.Fatal(err)
	}
	var took time.Duration
	err = s.transact(t.Context(), func(tx pgx.Tx) error {
		gone, err := markDeleted(t.Context(), tx, ids, w)
		if err != nil {
			return err
		}
		began := time.Now()
		defer func() { took = time.Since(began) }()
		return s.deleteMeasurements(t.Context(), tx, ids, w, gone)
	})
	if err != nil {
		t.Fatal(err)
	}
	return took
}

// RollMeasurements adds rows to their rollups as the writer does, and nothing else.
func RollMeasurements(t testing.TB, s *Store, ms []heimdall.Measurement) {
	t.Helper()
	endings := make([]ending, len(ms))
	for i := range ms {
		endings[i] = ending{measurement: &ms[i], capture: heimdall.Capture{TaskID: ms[i].TaskID, WebSDRID: ms[i].WebSDRID,
			State: heimdall.Success, Recording: &heimdall.Recording{Bytes: 480_000}}}
	}
	var writes pgx.Batch
	queueRollups(&writes, endings)
	if err := s.pool.SendBatch(t.Context(), &writes).Close(); err != nil {
		t.Fatal(err)
	}
}

// ClaimPlans are how PostgreSQL finds the lines of the queue, and who waits in one of them behind the first.
func ClaimPlans(t testing.TB, s *Store) []string {
	t.Helper()
	zero := time.Duration(0)
	var plans []string
	for _, q := range []struct {
		query string
		args  []any
	}{
		{selectLines, []any{zero}},
		{selectBehind, []any{zero, []string{"kiwi.example:8073"}, 0, "schedule/1", time.Unix(0, 0), "00000000-0000-0000-0000-000000000000"}},
	} {
		rows, err := s.pool.Query(t.Context(), "EXPLAIN "+q.query, q.args...)
		lines, err := all(rows, err, func(r row) (line string, err error) { return line, r.Scan(&line) })
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, strings.Join(lines, "\n"))
	}
	return plans
}
