package heimdall

import "time"

// A Database is what keeps the rows: which one it is, how its schema stands, and how much it holds.
type Database struct {
	Backend string   // sqlite, postgresql, timescaledb apache or timescaledb
	Version string   // in words for people, such as TimescaleDB 2.19.3 on PostgreSQL 17.5
	Reason  string   // why the rows are kept in this way, in words for people
	Schema  int64    // number of the newest migration that it has had; 0 before the first
	Known   int64    // number of the newest migration that this program knows
	Pending []string // migrations still to run, in order

	Partitions          int64         // tables or chunks that hold measurements; 0 where there is one for all
	Compressed          int64         // how many of them are compressed
	CompressAfter       time.Duration // age at which they are; 0 where nothing compresses them
	Bytes               int64         // on the disk of whoever runs the database
	AcquisitionsPending int64         // pending: they wait for a worker or for their time
	AcquisitionsRunning int64         // running
	PendingSince        time.Time     // when the oldest of those pending was asked for; zero when none is
	Measurements        *int64        // how many rows it has, about; nil where to know would take long
}
