package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// Look reports where the database of a URL stands, and changes nothing.
func Look(ctx context.Context, url string) (d heimdall.Database, err error) {
	err = withConn(ctx, url, func(conn *pgx.Conn) error {
		schema, err := schemaOf(ctx, conn)
		if err != nil {
			return err
		}
		if schema.Have > 0 {
			if d, err = describe(ctx, conn); err != nil {
				return err
			}
		} else if err = conn.QueryRow(ctx, selectServer).Scan(&d.Version); err != nil {
			return err
		} else {
			d.Backend, d.Reason = "postgresql", "nothing is decided before the first migration: it takes TimescaleDB where the server has it"
			if err := refuseSeed(ctx, conn, 0, silent()); err != nil {
				d.Reason = err.Error()
			}
		}
		d.Schema, d.Known, d.Pending = schema.Have, schema.Know, schema.Pending
		return nil
	})
	return d, failed(ctx, "look at database", err)
}

// Describe returns what the database is and how much it holds.
func (s *Store) Describe(ctx context.Context) (d heimdall.Database, err error) {
	err = s.read(ctx, "describe database", func(tx pgx.Tx) error {
		if d, err = describe(ctx, tx); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, selectVersion).Scan(&d.Schema); err != nil {
			return err
		}
		d.Known = d.Schema // or Open would have refused it
		return nil
	})
	return d, err
}

const (
	selectServer = `SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)`

	selectUse = `
SELECT pg_database_size(current_database()),
       count(*) FILTER (WHERE state = 'pending'), count(*) FILTER (WHERE state = 'running'),
       min(created_at) FILTER (WHERE state = 'pending')
FROM acquisitions WHERE state IN ('pending', 'running')`

	// What the statistics of the partitions say; -1 is one that nobody has looked at yet.
	countPartitions = `
SELECT count(*), 0, COALESCE(sum(GREATEST(c.reltuples, 0)), 0)::bigint
FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid WHERE inhparent = 'measurement_rows'::regclass`

	countChunks = `
SELECT count(*), count(*) FILTER (WHERE is_compressed), NULL::bigint FROM timescaledb_information.chunks
WHERE hypertable_name = 'measurement_rows' AND hypertable_schema = current_schema()`
)

// reasons say why a database is of its kind, and what would make it another.
var reasons = map[string]string{
	"plain":     "when the tables were made the server had no TimescaleDB: partitions of a day, uncompressed",
	"apache":    "the server's TimescaleDB is the Apache edition: chunks of a day, uncompressed",
	"timescale": "the server's TimescaleDB has all its functions: chunks of a day, compressed by a policy",
}

// backends are the words that people know.
var backends = map[string]string{"plain": "postgresql", "apache": "timescaledb apache", "timescale": "timescaledb"}

func describe(ctx context.Context, q querier) (d heimdall.Database, err error) {
	can, err := probe(ctx, q)
	if err != nil {
		return d, err
	}
	d.Backend, d.Version, d.Reason, d.CompressAfter = backends[can.Backend], can.String(), reasons[can.Backend], can.CompressAfter
	if err := q.QueryRow(ctx, selectUse).Scan(&d.Bytes, &d.AcquisitionsPending, &d.AcquisitionsRunning, micros{&d.PendingSince}); err != nil {
		return d, err
	}
	partitions := countPartitions
	if can.Hypertable() {
		partitions = countChunks
	}
	return d, q.QueryRow(ctx, partitions).Scan(&d.Partitions, &d.Compressed, &d.Measurements)
}
