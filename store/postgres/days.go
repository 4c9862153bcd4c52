package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// A day is the partition or the chunk that holds the measurements of [from, to). On plain PostgreSQL a day is emptied
// by TRUNCATE, which waits only for those who are at that day, and its partition is dropped when it is not in
// anybody's way: to drop it takes a lock of the whole table, and to detach it beside others is not to be had where
// there is a default partition. TimescaleDB drops its chunk.
type day struct {
	table    string // quoted
	from, to time.Time
}

const (
	// What falls on no such day is in the default partition, and goes row by row.
	selectPartitions = `
SELECT oid::regclass::text, lower(during), upper(during)
FROM (SELECT c.oid, tstzrange(to_date(right(relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC',
                              (to_date(right(relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC') AS during
      FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid
      WHERE inhparent = 'measurement_rows'::regclass AND relname ~ '^measurement_rows_\d{8}$') AS d
WHERE during && tstzrange($1, $2, '[]')
ORDER BY 2`

	selectChunks = `
SELECT format('%I.%I', chunk_schema, chunk_name), range_start, range_end
FROM timescaledb_information.chunks
WHERE hypertable_schema = current_schema() AND hypertable_name = 'measurement_rows' AND range_start <= $2 AND range_end > $1
ORDER BY 2`
)

// holdDays is for whoever reads rows and something else of the same moment: a table that is truncated or dropped is
// empty even for those who see the time before, unless they held it. It takes no snapshot, so it comes before one.
const holdDays = `LOCK TABLE measurement_rows IN ACCESS SHARE MODE`

// days are those with measurements of w.
func (s *Store) days(ctx context.Context, q querier, w window) ([]day, error) {
	query := selectPartitions
	if s.can.Hypertable() {
		query = selectChunks
	}
	rows, err := q.Query(ctx, query, w.first, w.last)
	return all(rows, err, func(r row) (d day, err error) {
		err = r.Scan(&d.table, micros{&d.from}, micros{&d.to})
		return d, err
	})
}

const (
	// What stays of a day, by the rollups: nothing, or what began before midnight and ended after it.
	selectStaying = `
SELECT bucket, sum(captures - deleted)::bigint FROM captures_hourly
WHERE bucket >= $1 AND bucket < $2 AND state = 'success' AND captures > deleted
GROUP BY bucket ORDER BY bucket`

	countDay = `SELECT count(*) FROM measurement_rows WHERE timestamp_utc >= $1 AND timestamp_utc < $2`

	createStaying = `CREATE TEMPORARY TABLE staying (LIKE measurement_rows) ON COMMIT DROP`

	// Ids as a subquery are always looked up by their hash; as an array, one after the other.
	keepStaying = `
INSERT INTO staying SELECT m.* FROM unnest($2::timestamptz[]) AS hour
JOIN measurement_rows AS m ON m.timestamp_utc >= hour AND m.timestamp_utc < hour + INTERVAL '1 hour'
WHERE m.timestamp_utc >= $3 AND m.timestamp_utc < $4 AND m.task_id NOT IN (SELECT unnest($1::uuid[]))`

	putStayingBack = `INSERT INTO measurement_rows SELECT * FROM staying`
	dropStaying    = `DROP TABLE staying`

	dropChunks = `SELECT drop_chunks('measurement_rows', older_than => $2::timestamptz, newer_than => $1::timestamptz)`

	deleteMeasurements = `
DELETE FROM measurement_rows WHERE task_id IN (SELECT unnest($1::uuid[])) AND timestamp_utc BETWEEN $2 AND $3`

	// TimescaleDB's limit guards against changing much of what is compressed by mistake.
	decompressAny = `SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0`
)

// deleteMeasurements deletes those of ids, which are in w and in the groups gone: whole days first, then row by row what
// is left.
func (s *Store) deleteMeasurements(ctx context.Context, tx pgx.Tx, ids []uuid.UUID, w window, gone []goneGroup) error {
	days, err := s.days(ctx, tx, w)
	if err != nil {
		return err
	}
	for _, d := range days {
		if err := s.emptyDay(ctx, tx, d, ids, measurementsIn(gone, d)); err != nil {
			return err
		}
	}
	if s.can.Compression() {
		if _, err := tx.Exec(ctx, decompressAny); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, deleteMeasurements, ids, micros{&w.first}, micros{&w.last})
	return err
}

const (
	// patience is how long a whole day waits for those who are at it, before its rows go one by one. Meanwhile others
	// wait behind.
	patience = 500 * time.Millisecond
	// Of a day that is emptied at most so many rows are put back, and at most one for so many that go.
	maxStaying, goingForStaying = 10_000, 10
)

// emptyDay empties a day of which nothing stays, or little, if it is to be had. That is asked of the rollups, which
// are a few hundred rows and change with the rows they count, since to ask hundreds of thousands of measurements whose
// they are takes as long as to delete them; counting them is cheap, and says whether the rollups are right. It is asked
// once the day is locked: who stores a measurement there now has either done so, or comes after.
func (s *Store) emptyDay(ctx context.Context, tx pgx.Tx, d day, ids []uuid.UUID, going int64) error {
	if !d.from.Equal(d.from.Truncate(time.Hour)) || !d.to.Equal(d.to.Truncate(time.Hour)) {
		return nil // somebody's chunks of another length, for which there are no rollups
	}
	most := min(maxStaying, going/goingForStaying)
	if _, n, err := staying(ctx, tx, d); going == 0 || n > most || err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { // so that what fails here leaves the rest as it was
		if err := lockWithin(ctx, tx, patience, d.table); err != nil {
			return err
		}
		hours, n, err := staying(ctx, tx, d)
		if n > most || err != nil {
			return err
		}
		var rows int64
		if err := tx.QueryRow(ctx, countDay, d.from, d.to).Scan(&rows); err != nil || rows != going+n {
			return err // rollups and rows disagree, and heimdall check says so
		}
		if n == 0 {
			return s.dropDay(ctx, tx, d)
		}
		if _, err := tx.Exec(ctx, createStaying); err != nil {
			return err
		}
		kept, err := tx.Exec(ctx, keepStaying, ids, hours, d.from, d.to)
		if err != nil {
			return err
		}
		if kept.RowsAffected() == n {
			if err := s.dropDay(ctx, tx, d); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, putStayingBack); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, dropStaying)
		return err
	})
	if isBusy(err) || isGone(err) {
		return nil
	}
	return err
}

// staying are the hours of a day of which measurements stay, and how many stay.
func staying(ctx context.Context, q querier, d day) (hours []time.Time, rows int64, err error) {
	found, err := q.Query(ctx, selectStaying, d.from, d.to)
	if err != nil {
		return nil, 0, err
	}
	var hour time.Time
	var n int64
	_, err = pgx.ForEachRow(found, []any{&hour, &n}, func() error {
		hours, rows = append(hours, hour), rows+n
		return nil
	})
	return hours, rows, err
}

func (s *Store) dropDay(ctx context.Context, tx pgx.Tx, d day) (err error) {
	if s.can.Hypertable() {
		_, err = tx.Exec(ctx, dropChunks, d.from, d.to)
	} else {
		_, err = tx.Exec(ctx, `TRUNCATE `+d.table)
	}
	return err
}

const limitWait = `SELECT set_config('lock_timeout', $1, true)`

// lockWithin keeps everybody else away from a table. Its limit holds for the rest of the transaction.
func lockWithin(ctx context.Context, tx pgx.Tx, wait time.Duration, table string) error {
	if _, err := tx.Exec(ctx, limitWait, millis(wait)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `LOCK TABLE `+table+` IN ACCESS EXCLUSIVE MODE`)
	return err
}

// Reclaim drops the partitions of past days that are empty, if nobody is at the table: otherwise the next call does.
// What else was deleted is room for new rows, which PostgreSQL sees to itself.
func (s *Store) Reclaim(ctx context.Context) error {
	const do = "reclaim room"
	if s.can.Hypertable() {
		return failed(ctx, do, s.pool.Ping(ctx))
	}
	now, err := moment(ctx, s.pool)
	if err != nil {
		return failed(ctx, do, err)
	}
	past := window{last: now.AddDate(0, 0, -2)} // yesterday is still being stored
	days, err := s.days(ctx, s.pool, past)
	if err != nil {
		return failed(ctx, do, err)
	}
	for _, d := range days {
		if err := s.dropIfEmpty(ctx, d); isBusy(err) {
			return nil
		} else if err != nil && !isGone(err) {
			return failed(ctx, do, err)
		}
	}
	return nil
}

// dropIfEmpty looks twice, so that a day with rows is not locked.
func (s *Store) dropIfEmpty(ctx context.Context, d day) error {
	empty := func(q querier) (empty bool, err error) {
		err = q.QueryRow(ctx, `SELECT NOT EXISTS (SELECT 1 FROM `+d.table+`)`).Scan(&empty)
		return empty, err
	}
	if none, err := empty(s.pool); !none || err != nil {
		return err
	}
	return s.transact(ctx, func(tx pgx.Tx) error {
		if err := lockWithin(ctx, tx, patience, "measurement_rows"); err != nil {
			return err
		}
		if none, err := empty(tx); !none || err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DROP TABLE `+d.table)
		return err
	})
}
