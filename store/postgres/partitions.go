package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// Days that have their partition before they come: a program that is stopped for less finds them there. Rows
	// of other days are kept by the default partition.
	daysAhead = 7
	// How often that is seen to.
	partitionsEvery = time.Hour
)

// From yesterday on, whose last recordings are still being stored.
const createPartitions = `
SELECT heimdall_create_partitions((clock_timestamp() AT TIME ZONE 'UTC')::date - 1, $1::integer + 2)`

// createPartitions makes the partitions of the days to come. TimescaleDB makes its chunks by itself.
func (s *Store) createPartitions(ctx context.Context) error {
	if s.can.Hypertable() {
		return nil
	}
	return s.transact(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, noTimeout); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, createPartitions, daysAhead)
		return err
	})
}

// keepPartitions sees to the partitions until ctx ends. What fails is tried again an hour later: there are days
// left, and even then nothing would be lost.
func (s *Store) keepPartitions(ctx context.Context) {
	ticker := time.NewTicker(partitionsEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := failed(ctx, "create partitions", s.createPartitions(ctx)); err != nil && ctx.Err() == nil {
				s.log.Warn("no partitions were made for the days to come: it is tried again in an hour", "err", err)
			}
		}
	}
}
