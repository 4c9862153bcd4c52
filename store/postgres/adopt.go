package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// The system that Heimdall grew from, the seed, kept its rows in a table measurements of its own. AdoptSeed makes a
// Heimdall database of such a one where it is: the old tables get other names and are not touched beyond that, the
// schema is made beside them, and the rows are copied by the path of imports.
//
// Everything that it has done is in the database, in tables named seed_adoption, so that whoever comes after a kill goes
// on. Rows are copied by day, and a day that is not marked as done is copied again from its beginning: what is
// there already stays as it is. So nothing has to be undone, and the counts of a day are those of its last run.
//
// It leaves out: the objects that s3_path names, and rows that are written to the old tables later by other means than
// its own, except that another run notices and copies them.
//
// The surprising part: refusals are kept in the database, too, and written to a file at the end. A file alone would
// lack those of the days before a kill.

// AdoptOptions say how to adopt. The zero value adopts.
type AdoptOptions struct {
	Label         string        // of the acquisitions that stand for the rows
	Ignore        []string      // columns of the old tables to leave behind
	DryRun        bool          // look at every row and say what would become of it; change nothing
	CompressAfter time.Duration // as Options has it, but that 0 leaves it as it is
	Batch         int           // rows stored in one transaction; 0 means 20,000
	Log           *slog.Logger  // as Options has it

	// All may be nil.
	Progress func(Adoption)                             // told after each batch
	Waiting  func()                                     // told when another program is at it, whose end is waited for
	Rejected func(columns []string, r SeedReject) error // told each row that was not copied, at the end; on a dry run as they are met
}

// An Adoption is how far it is.
type Adoption struct {
	Done  bool      // all is copied, now or before
	Since time.Time // when it began; zero on a dry run before that

	Rows       int64 // of the old table
	Seen       int64 // of them: the sum of the next three
	Adopted    int64 // are in Heimdall under their key, or would be
	Duplicates int64 // have the key of another, which was adopted in their place
	Rejected   int64 // may not be stored
	Days       int64 // UTC, that have rows
	DaysDone   int64

	WebSDRs  int64    // of the old table websdrs that became WebSDRs, or would
	StandIns int64    // WebSDRs made up for ids that no table knows, or to be
	Remarks  []string // what the owner of the database should know

	BytesBefore int64 // of the old table with its indexes, when it was renamed
	BytesAfter  int64 // of the rows copied, with their indexes; 0 before they are
	BytesBeside int64 // of acquisitions, captures and rollups, which the seed did not have
	Dropped     bool  // the old tables are gone
}

// A SeedReject is a row of the old table that was not adopted.
type SeedReject struct {
	ID     string // "" when the table has none
	Column string // the first that is wrong
	Reason string
	Cells  []string // as CSV has them
}

// ErrNoSeed: the database has no tables of the seed.
var ErrNoSeed = errors.New("the database has no table of the Python system to adopt")

// AdoptSeed adopts what the seed left in the database of that URL. It may be called again at any time, by any number of
// programs: one works, the others wait for it and then find it done.
func AdoptSeed(ctx context.Context, url string, opt AdoptOptions) (a Adoption, err error) {
	if opt.Log == nil {
		opt.Log = silent()
	}
	if opt.Batch == 0 {
		opt.Batch = adoptBatch
	}
	if opt.Progress == nil {
		opt.Progress = func(Adoption) {}
	}
	err = withConn(ctx, url, func(conn *pgx.Conn) error {
		d := &adopting{conn: conn, url: url, opt: opt}
		defer func() { a = d.report }()
		if opt.DryRun {
			return d.dryRun(ctx)
		}
		return d.adopt(ctx)
	})
	return a, failed(ctx, "adopt seed", err)
}

// An adopting is one call.
type adopting struct {
	conn *pgx.Conn // holds the lock
	url  string
	opt  AdoptOptions

	seed   seed
	store  *Store // nil on a dry run
	report Adoption
}

const (
	lockAdoption    = `SELECT pg_advisory_lock(hashtext('heimdall_adopt_seed'))`
	tryLockAdoption = `SELECT pg_try_advisory_lock(hashtext('heimdall_adopt_seed'))`
	// The connection that holds the lock is idle for hours, and reads rows as they are, whatever the settings are.
	settle = `
SELECT set_config('idle_session_timeout', '0', false), set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false),
       set_config('extra_float_digits', '1', false), set_config('DateStyle', 'ISO, YMD', false)`
)

func (d *adopting) adopt(ctx context.Context) error {
	if err := d.lock(ctx); err != nil {
		return err
	}
	if err := d.makeRoom(ctx); err != nil {
		return err
	}
	if err := d.adoptWebSDRs(ctx); err != nil {
		return err
	}
	after := d.opt.CompressAfter
	if after == 0 {
		after = -1
	}
	var err error
	if d.store, err = Open(ctx, d.url, Options{MaxConns: 4, CompressAfter: after}); err != nil {
		return err
	}
	defer d.store.Close()
	if err := d.copyRows(ctx); err != nil {
		return err
	}
	return d.finish(ctx)
}

func (d *adopting) lock(ctx context.Context) error {
	if _, err := d.conn.Exec(ctx, settle); err != nil {
		return err
	}
	var mine bool
	if err := d.conn.QueryRow(ctx, tryLockAdoption).Scan(&mine); mine || err != nil {
		return err
	}
	if d.opt.Waiting != nil {
		d.opt.Waiting()
	}
	_, err := d.conn.Exec(ctx, lockAdoption)
	return err
}

// makeRoom renames the old tables and makes the schema, as far as that has not been done.
func (d *adopting) makeRoom(ctx context.Context) (err error) {
	if _, err := d.conn.Exec(ctx, lockMigrations); err != nil {
		return err
	}
	defer func() { // also when ctx has ended; closing the connection would do it, too
		_, unlockErr := d.conn.Exec(context.WithoutCancel(ctx), unlockMigrations)
		err = errors.Join(err, unlockErr)
	}()
	if d.seed, err = findSeed(ctx, d.conn, d.opt.Ignore); err != nil {
		return err
	}
	if !d.seed.renamed {
		if err := d.rename(ctx); err != nil {
			return err
		}
		if d.seed, err = findSeed(ctx, d.conn, d.opt.Ignore); err != nil {
			return err
		}
	}
	s, err := schemaOf(ctx, d.conn)
	if err != nil || len(s.Pending) == 0 {
		return err
	}
	return migrateLocked(ctx, d.conn, s, d.opt.Log)
}

const unlockMigrations = `SELECT pg_advisory_unlock(x'6865696d64616c6c'::bigint)`

// finish notes that all is done, and reports.
func (d *adopting) finish(ctx context.Context) error {
	if d.seed.stage == stageRows {
		if _, err := d.conn.Exec(ctx, setStage, stageDone); err != nil {
			return err
		}
		d.seed.stage = stageDone
	}
	if err := d.readReport(ctx); err != nil {
		return err
	}
	return d.sendRejects(ctx)
}

const (
	selectAdoption = `
SELECT stage IN ('done', 'dropped'), stage = 'dropped', since, websdrs, stand_ins, bytes_before,
       d.rows, d.adopted, d.duplicates, d.rejected, d.days, d.done
FROM seed_adoption,
     (SELECT COALESCE(sum(rows), 0)::bigint AS rows, COALESCE(sum(adopted), 0)::bigint AS adopted, COALESCE(sum(duplicates), 0)::bigint AS duplicates,
             COALESCE(sum(rejected), 0)::bigint AS rejected, count(*) AS days, count(*) FILTER (WHERE done) AS done
      FROM seed_adoption_days) AS d`

	// What TimescaleDB keeps in chunks is not in the size of the table itself.
	selectSizes = `
SELECT (SELECT COALESCE(sum(pg_total_relation_size(relid)), 0)::bigint FROM pg_partition_tree('measurement_rows')),
       (SELECT COALESCE(sum(pg_total_relation_size(t::regclass)), 0)::bigint
        FROM unnest('{acquisitions,captures,imported_acquisitions,captures_hourly,captures_daily}'::text[]) AS t)`

	selectHypertableSize = `SELECT COALESCE(hypertable_size($1::text::regclass), 0)`
)

// readReport is for an adoption whose schema is there.
func (d *adopting) readReport(ctx context.Context) error {
	r := &d.report
	err := d.conn.QueryRow(ctx, selectAdoption).Scan(&r.Done, &r.Dropped, micros{&r.Since}, &r.WebSDRs, &r.StandIns, &r.BytesBefore,
		&r.Rows, &r.Adopted, &r.Duplicates, &r.Rejected, &r.Days, &r.DaysDone)
	if err != nil {
		return err
	}
	r.Seen, r.Remarks = r.Adopted+r.Duplicates+r.Rejected, d.seed.remarks
	if err := d.conn.QueryRow(ctx, selectSizes).Scan(&r.BytesAfter, &r.BytesBeside); err != nil {
		return err
	}
	can, err := probe(ctx, d.conn)
	if err != nil || !can.Hypertable() {
		return err
	}
	return d.conn.QueryRow(ctx, selectHypertableSize, "measurement_rows").Scan(&r.BytesAfter)
}

// refuseSeed is the error with which a program meets a database of the seed, before it has changed anything. have is the
// version of its schema. It sees one state of the database: another program may be migrating it.
func refuseSeed(ctx context.Context, conn *pgx.Conn, have int64, log *slog.Logger) error {
	return pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error {
		const adopt = "run heimdall migrate adopt-seed"
		stage, err := adoptionStage(ctx, tx)
		switch {
		case err != nil:
			return err
		case stage == stageRenamed:
			return fmt.Errorf("the tables of the Python system are being adopted, which another program is at, or was when it broke off: %s, which waits for it or goes on: %w", adopt, heimdall.ErrConflict)
		case stage == stageRows:
			log.Warn("not all rows of the Python system are here yet: " + adopt + ", unless it is running")
			return nil
		case stage != "" || have > 0:
			return nil
		}
		s, err := findSeed(ctx, tx, nil)
		switch {
		case errors.Is(err, ErrNoSeed):
			return nil
		case err != nil:
			return err
		}
		return fmt.Errorf("the database holds %s of the Python system that Heimdall grew from: %s (with --dry-run it says what it would do), "+
			"or give Heimdall a database of its own, or a schema (CREATE SCHEMA heimdall, and ?search_path=heimdall in DATABASE_URL): %w", s.names(), adopt, heimdall.ErrConflict)
	})
}
