package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// Days that have their partition before they come: a program that is stopped for less finds them there. Rows
	// of other days are kept by the default partition.
	daysAhead = 14
	// Days whose rows the default partition kept, that are moved at one time.
	daysMoved = 100
	// How often a program sees to it.
	maintainEvery = time.Hour
	// DefaultCompressAfter is how old a chunk is when it is compressed: until then its recordings may still be
	// stored or measured again, which costs more in compressed chunks.
	DefaultCompressAfter = 48 * time.Hour
)

// Maintain does what the database needs from time to time: partitions for the days to come, and days of their own for
// rows that had none; on full TimescaleDB compression. It may be called at any time by every program that has the
// database open: one of them does it, the others return at once, and so does that one when there is nothing to do.
//
// Old rows are not its business: objects must go with them, see package retention.
func (s *Store) Maintain(ctx context.Context) error {
	do := s.makeDays
	if s.can.Hypertable() {
		do = s.keepCompression
	}
	err := do(ctx)
	if isBusy(err) || errors.Is(err, errOther) {
		err = nil
	}
	return failed(ctx, "maintain database", errors.Join(err, s.foldRecorded(ctx)))
}

// errOther: another program is at it.
var errOther = errors.New("another program maintains the database")

const tryMaintain = `SELECT pg_try_advisory_xact_lock(hashtext('heimdall_maintain'))`

// alone runs fn in a transaction, or is errOther. fn does not wait for locks for long, since others would behind it.
func (s *Store) alone(ctx context.Context, fn func(pgx.Tx) error) error {
	return s.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, noTimeout); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, limitWait, millis(patience)); err != nil {
			return err
		}
		var mine bool
		if err := tx.QueryRow(ctx, tryMaintain).Scan(&mine); err != nil {
			return err
		}
		if !mine {
			return errOther
		}
		return fn(tx)
	})
}

const (
	// From yesterday on, whose last recordings are still being stored.
	createPartitions = `
SELECT heimdall_create_partitions((clock_timestamp() AT TIME ZONE 'UTC')::date - 1, $1::integer + 2)`

	selectStrays = `
SELECT DISTINCT (timestamp_utc AT TIME ZONE 'UTC')::date::text FROM measurement_rows_default ORDER BY 1 DESC LIMIT $1`

	createPartition = `SELECT heimdall_create_partitions($1::text::date, 1)`
)

// makeDays makes partitions. Each day whose rows have to move is a transaction of its own, for which only those wait
// who are at the default partition.
func (s *Store) makeDays(ctx context.Context) error {
	var strays []string
	err := s.alone(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, createPartitions, daysAhead); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectStrays, daysMoved)
		if err == nil {
			strays, err = pgx.CollectRows(rows, pgx.RowTo[string])
		}
		return err
	})
	for _, day := range strays {
		if err == nil {
			err = s.alone(ctx, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, createPartition, day); return err })
		}
	}
	return err
}

// Compressed rows of one WebSDR lie together in order of time. By acquisition, as the seed had it, each would be a
// batch of its own and take more room than before. The old spelling, which all versions from 2.18 understand.
const (
	selectCompression = `
SELECT compression_enabled FROM timescaledb_information.hypertables
WHERE hypertable_schema = current_schema() AND hypertable_name = 'measurement_rows'`

	enableCompression = `
ALTER TABLE measurement_rows SET (timescaledb.compress,
    timescaledb.compress_segmentby = 'websdr_id', timescaledb.compress_orderby = 'timestamp_utc, task_id')`

	selectPolicy = `
SELECT job_id, extract(epoch FROM (config->>'compress_after')::interval)::float8 FROM timescaledb_information.jobs
WHERE proc_name = 'policy_compression' AND hypertable_schema = current_schema() AND hypertable_name = 'measurement_rows'`

	addPolicy = `SELECT add_compression_policy('measurement_rows', compress_after => justify_hours($1::interval))`

	// To add a policy that is there with another age is only a warning, and changes nothing.
	alterPolicy = `
SELECT alter_job(job_id, config => jsonb_set(config, '{compress_after}', to_jsonb(justify_hours($2::interval)::text)))
FROM timescaledb_information.jobs WHERE job_id = $1`
)

// keepCompression has chunks compressed by TimescaleDB when they are as old as the setting says.
func (s *Store) keepCompression(ctx context.Context) error {
	if !s.can.Compression() || s.compressAfter < 0 {
		return s.pool.Ping(ctx)
	}
	return s.alone(ctx, func(tx pgx.Tx) error {
		var enabled bool
		if err := tx.QueryRow(ctx, selectCompression).Scan(&enabled); err != nil {
			return fmt.Errorf("read compression settings: %w", err)
		}
		if !enabled {
			if _, err := tx.Exec(ctx, enableCompression); err != nil {
				return fmt.Errorf("enable compression: %w", err)
			}
		}
		job, after, err := policy(ctx, tx)
		switch {
		case err != nil || after == s.compressAfter:
			return err
		case after == 0:
			_, err = tx.Exec(ctx, addPolicy, s.compressAfter)
		default:
			_, err = tx.Exec(ctx, alterPolicy, job, s.compressAfter)
		}
		if err != nil {
			return fmt.Errorf("set compression policy: %w", err)
		}
		return nil
	})
}

// policy is the job that compresses chunks, and how old they are then; 0, 0 when there is none.
func policy(ctx context.Context, q querier) (job int32, after time.Duration, err error) {
	err = q.QueryRow(ctx, selectPolicy).Scan(&job, seconds{&after})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read compression policy: %w", err)
	}
	return job, after, nil
}

// keepMaintained maintains the database until ctx ends. What fails is tried again an hour later: there are days
// left, and even then nothing would be lost.
func (s *Store) keepMaintained(ctx context.Context) {
	ticker := time.NewTicker(maintainEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.Maintain(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("the database was not maintained: it is tried again in an hour", "err", err)
			}
		}
	}
}
