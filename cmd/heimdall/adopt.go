package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/heimdall-sdr/heimdall/store/postgres"
)

// migrateAdoptSeedCmd takes over a database of the Python system where it is.
type migrateAdoptSeedCmd struct {
	DryRun            bool     `help:"Change nothing, and say what would become of the tables and of each row."`
	DropOld           bool     `help:"In the end drop the old tables; refused unless every row of theirs was adopted or reported."`
	Reject            string   `type:"path" default:"measurements_seed.rejected.csv" placeholder:"FILE" help:"Where to put the rows that are not adopted, each with its id, column and reason (${default})."`
	Label             string   `default:"imported" placeholder:"TEXT" help:"Label of the acquisitions that stand for the rows (${default})."`
	Ignore            []string `placeholder:"NAME,..." help:"Columns of the old tables to leave behind."`
	CompressAfterDays int      `env:"COMPRESS_AFTER_DAYS" default:"2" help:"Age in days at which measurements are compressed, where the database can (${default})."`
	JSON              bool     `help:"Print JSON."`
}

// An adoptResult is what became of the old tables.
type adoptResult struct {
	Database    string   `json:"database"` // without password
	DryRun      bool     `json:"dry_run"`
	Done        bool     `json:"done"`
	Rows        int64    `json:"rows"`
	Days        int64    `json:"days"`
	Adopted     int64    `json:"adopted"` // or would be, on a dry run
	Duplicates  int64    `json:"duplicates"`
	Rejected    int64    `json:"rejected"`
	RejectFile  string   `json:"reject_file,omitempty"` // when there is one
	WebSDRs     int64    `json:"websdrs"`
	StandIns    int64    `json:"websdr_stand_ins"`
	Remarks     []string `json:"remarks"`
	BytesBefore int64    `json:"bytes_before"` // of the old table with its indexes
	BytesAfter  int64    `json:"bytes_after"`
	BytesBeside int64    `json:"bytes_beside"` // of acquisitions, captures and rollups
	OldDropped  bool     `json:"old_tables_dropped"`
	Seconds     float64  `json:"seconds"`
}

func (c *migrateAdoptSeedCmd) Run(a *app) error {
	server, ok := a.config.databasePlace().(postgresServer)
	if !ok {
		return invalid("database_url", errors.New("is not set: the Python system kept its rows in PostgreSQL, so there is no schema of its own in SQLite to adopt; files of its rows go in by heimdall import measurements"))
	}
	switch {
	case c.DryRun && c.DropOld:
		return invalid("drop_old", errors.New("changes the database, which a dry run does not"))
	case c.CompressAfterDays < 1 || c.CompressAfterDays > 100_000:
		return invalid("compress_after_days", errors.New("must be from 1 to 100000"))
	}
	began := time.Now()
	rejects := &adoptRejects{path: c.Reject}
	show := newAdoptProgress(a)
	done, err := postgres.AdoptSeed(a.ctx, string(server), postgres.AdoptOptions{
		Label: c.Label, Ignore: c.Ignore, DryRun: c.DryRun, CompressAfter: time.Duration(c.CompressAfterDays) * day, Log: a.logger(slog.LevelWarn),
		Progress: show.update, Rejected: rejects.add,
		Waiting: func() { fmt.Fprintln(a.stderr, "heimdall: another program adopts these tables: waiting for its end") },
	})
	show.end()
	if err = errors.Join(err, rejects.close()); err != nil {
		if done.Seen > 0 && !c.DryRun {
			fmt.Fprintf(a.stderr, "heimdall: the adoption broke off after %d of %d rows: the same command goes on\n", done.Seen, done.Rows)
		}
		return err
	}
	if c.DropOld {
		if _, err := postgres.DropSeed(a.ctx, string(server)); err != nil {
			return err
		}
		done.Dropped = true
	}
	return c.finish(a, adoptResult{
		Database: server.String(), DryRun: c.DryRun, Done: done.Done, Rows: done.Rows, Days: done.Days, Adopted: done.Adopted, Duplicates: done.Duplicates,
		Rejected: done.Rejected, RejectFile: rejects.made(), WebSDRs: done.WebSDRs, StandIns: done.StandIns, Remarks: append([]string{}, done.Remarks...),
		BytesBefore: done.BytesBefore, BytesAfter: done.BytesAfter, BytesBeside: done.BytesBeside, OldDropped: done.Dropped, Seconds: time.Since(began).Seconds(),
	})
}

func (c *migrateAdoptSeedCmd) finish(a *app, r adoptResult) error {
	if c.JSON {
		if err := printJSON(a.stdout, r); err != nil {
			return err
		}
	} else {
		r.print(a)
	}
	switch {
	case r.Rejected == 0:
		return nil
	case r.Rejected < r.Rows:
		return &outcome{code: exitPartial}
	}
	return &outcome{code: exitFailed}
}

func (r *adoptResult) print(a *app) {
	adopted := "adopted"
	if r.DryRun && !r.Done {
		adopted = "would be adopted"
	}
	fmt.Fprintf(a.stdout, "%s: %d rows of %d days: %d %s, %d repeat the key of another, %d rejected (%.1f s)\n",
		r.Database, r.Rows, r.Days, r.Adopted, adopted, r.Duplicates, r.Rejected, r.Seconds)
	if r.WebSDRs+r.StandIns > 0 {
		fmt.Fprintf(a.stdout, "WebSDRs: %d of the old table, %d made up for ids that it does not have; all inactive, as kind openwebrx, for which there is no driver of IQ\n", r.WebSDRs, r.StandIns)
	}
	fmt.Fprintf(a.stdout, "the old table takes %s", megabytes(r.BytesBefore))
	if r.BytesAfter > 0 {
		fmt.Fprintf(a.stdout, ", its rows here %s, their acquisitions, captures and rollups %s", megabytes(r.BytesAfter), megabytes(r.BytesBeside))
	}
	fmt.Fprintln(a.stdout)
	for _, remark := range r.Remarks {
		fmt.Fprintln(a.stdout, remark)
	}
	if r.RejectFile != "" {
		fmt.Fprintf(a.stdout, "the rows that are not adopted, with the reasons: %s\n", r.RejectFile)
	}
	switch {
	case r.OldDropped:
		fmt.Fprintln(a.stdout, "the old tables are dropped")
	case r.Done:
		fmt.Fprintln(a.stdout, "the old tables are kept under names that end in _seed: heimdall migrate adopt-seed --drop-old drops them")
	}
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// adoptRejects are the file of rows that were not adopted. It is made with the first of them, with the columns that
// heimdall import measurements passes over before those of the old table.
type adoptRejects struct {
	path string
	file *os.File
	w    *csv.Writer
}

func (r *adoptRejects) add(columns []string, row postgres.SeedReject) (err error) {
	if r.file == nil {
		if r.file, err = os.Create(r.path); err != nil {
			return fmt.Errorf("create file of rejects: %w", err)
		}
		r.w = csv.NewWriter(r.file)
		if err := r.w.Write(append([]string{"rejected_line", "rejected_column", "rejected_reason"}, columns...)); err != nil {
			return fmt.Errorf("write file of rejects: %w", err)
		}
	}
	if err := r.w.Write(append([]string{row.ID, row.Column, row.Reason}, row.Cells...)); err != nil {
		return fmt.Errorf("write file of rejects: %w", err)
	}
	return nil
}

// close has the file on the disk: the old tables may be dropped next.
func (r *adoptRejects) close() error {
	if r.file == nil {
		return nil
	}
	r.w.Flush()
	if err := errors.Join(r.w.Error(), r.file.Sync(), r.file.Close()); err != nil {
		return fmt.Errorf("write file of rejects: %w", err)
	}
	return nil
}

// made is the path of the file if there is one.
func (r *adoptRejects) made() string {
	if r.file == nil {
		return ""
	}
	return r.path
}

func newAdoptProgress(a *app) *rowsProgress[postgres.Adoption] {
	return newRowsProgress(a, func(r postgres.Adoption) int64 { return r.Seen * barSteps / max(r.Rows, 1) }, func(r postgres.Adoption) string {
		return fmt.Sprintf(" %d of %d, day %d of %d, %d rejected ", r.Seen, r.Rows, min(r.DaysDone+1, r.Days), r.Days, r.Rejected)
	})
}
