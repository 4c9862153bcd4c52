package legacy

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/heimdall-sdr/heimdall"
)

// A Table is the table of measurements in the Python system's PostgreSQL, as Rows. There were two: that of its service,
// measurements, and that of its init script, heimdall.measurements, which names neither task nor WebSDR but in the
// path of the recording. It is only ever read.
type Table struct {
	pool  *pgxpool.Pool
	query string // with a place for the condition
	where string // of the rows of one task
}

const (
	selectServiceRows = `
SELECT COALESCE(task_id::text, ''), COALESCE(websdr_id, 0)::bigint, timestamp_utc, COALESCE(frequency_mhz, 0)::float8,
       COALESCE(sample_rate_khz, 0)::float8, COALESCE(samples_count, 0)::bigint,
       snr_db::float8, frequency_offset_hz::float8, power_dbm::float8, COALESCE(s3_path, '')
FROM %s WHERE %s
ORDER BY task_id, websdr_id, timestamp_utc`
	whereServiceTask = `task_id::text = $1`

	selectScriptRows = `
SELECT '', 0::bigint, timestamp, COALESCE(frequency_hz, 0)::float8 / 1e6,
       COALESCE(iq_sample_rate, 0)::float8 / 1e3, COALESCE(iq_samples_count, 0)::bigint,
       snr_db::float8, frequency_offset_hz::float8, NULL::float8, COALESCE(iq_data_location, '')
FROM %s WHERE %s
ORDER BY iq_data_location, timestamp`
	whereScriptTask = `position('sessions/' || $1 || '/' IN iq_data_location) > 0`
)

// OpenTable finds the table in the database of that URL. Close it.
func OpenTable(ctx context.Context, url string) (*Table, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open the Python system's database: %w", err)
	}
	// Its own naive times are UTC, and nothing of it is ever changed.
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the Python system's database: %w", err)
	}
	t := &Table{pool: pool}
	if err := t.find(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the Python system's database: %w", err)
	}
	return t, nil
}

// Close gives the connections back.
func (t *Table) Close() { t.pool.Close() }

const selectColumns = `
SELECT c.oid::regclass::text, c.relkind::text, array_agg(a.attname::text)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid IN (to_regclass('measurements'), to_regclass('public.measurements'), to_regclass('heimdall.measurements'))
GROUP BY c.oid ORDER BY c.oid = to_regclass('heimdall.measurements'), c.oid`

// find tells the tables by their columns.
func (t *Table) find(ctx context.Context) error {
	rows, err := t.pool.Query(ctx, selectColumns)
	if err != nil {
		return err
	}
	type candidate struct {
		name, kind string
		columns    []string
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c candidate, err error) {
		return c, r.Scan(&c.name, &c.kind, &c.columns)
	})
	if err != nil {
		return err
	}
	for _, c := range list {
		has := func(names ...string) bool {
			held := " " + strings.Join(c.columns, " ") + " "
			for _, n := range names {
				if !strings.Contains(held, " "+n+" ") {
					return false
				}
			}
			return true
		}
		switch {
		case c.kind != "r" && c.kind != "p":
			return errors.New("its measurements are no table: it is one of this Heimdall, which needs no import")
		case has("task_id", "websdr_id", "timestamp_utc", "frequency_mhz", "sample_rate_khz", "samples_count", "snr_db", "frequency_offset_hz", "power_dbm", "s3_path"):
			t.query, t.where = fmt.Sprintf(selectServiceRows, c.name, "%s"), whereServiceTask
			return nil
		case has("timestamp", "frequency_hz", "iq_sample_rate", "iq_samples_count", "snr_db", "frequency_offset_hz", "iq_data_location"):
			t.query, t.where = fmt.Sprintf(selectScriptRows, c.name, "%s"), whereScriptTask
			return nil
		}
	}
	var bad heimdall.InvalidError
	bad.Add("postgres", "has no table measurements with the columns of the Python system, such as task_id, websdr_id and timestamp_utc")
	return &bad
}

// OfTask returns the rows of one task.
func (t *Table) OfTask(ctx context.Context, task string) ([]Row, error) {
	rows, err := t.pool.Query(ctx, fmt.Sprintf(t.query, t.where), task)
	if err != nil {
		return nil, fmt.Errorf("read measurements: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, fmt.Errorf("read measurements: %w", err)
	}
	return list, nil
}

// All yields every row, those of one task together.
func (t *Table) All(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		rows, err := t.pool.Query(ctx, fmt.Sprintf(t.query, "true"))
		if err != nil {
			yield(Row{}, fmt.Errorf("read measurements: %w", err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(rows)
			if !yield(row, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Row{}, fmt.Errorf("read measurements: %w", err))
		}
	}
}

func scanRow(r pgx.CollectableRow) (row Row, err error) {
	at := new(row.Timestamp)
	err = r.Scan(&row.Task, &row.WebSDRID, &at, &row.FrequencyMHz, &row.SampleRateKHz, &row.SamplesCount,
		&row.SNRdB, &row.FrequencyOffsetHz, &row.PowerDBM, &row.S3Path)
	if err != nil {
		return row, fmt.Errorf("read measurements: %w", err)
	}
	if at != nil {
		row.Timestamp = at.UTC()
	}
	if n, ok := nameOf(row.S3Path); ok && row.Task == "" {
		row.Task, row.WebSDRID = n.session, n.websdrID
	}
	return row, nil
}
