package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/bulk"
)

type importCmd struct {
	Measurements importMeasurementsCmd `cmd:"" help:"Load measurements that were made elsewhere, from CSV or Parquet."`
	Python       importPythonCmd       `cmd:"" name:"python-heimdall" help:"Copy the recordings, and what belongs to them, that the Python system left."`
}

// importMeasurementsCmd loads a file of measurements into the database itself: over the API it would take hours.
type importMeasurementsCmd struct {
	File   string          `arg:"" type:"existingfile" help:"CSV with the columns of heimdall measurements --csv in any order, at least task_id, websdr_id, timestamp_utc and frequency_mhz; or Parquet with columns of these names."`
	DryRun bool            `help:"Store nothing, and say what would become of the rows."`
	Reject string          `type:"path" placeholder:"FILE" help:"Where to put the rows that are refused, each with its line, column and reason; FILE.rejected.csv if not said."`
	Label  string          `default:"imported" placeholder:"TEXT" help:"Label of the acquisitions that are new (${default})."`
	WebSDR map[int64]int64 `name:"websdr" placeholder:"THERE=HERE" help:"Which WebSDR here is meant by an id in the file, where they differ, for example 3=12."`
	Ignore []string        `placeholder:"NAME,..." help:"Columns of the file to pass over."`
	JSON   bool            `help:"Print JSON."`
}

// An importResult is what became of the rows.
type importResult struct {
	File       string  `json:"file"`
	DryRun     bool    `json:"dry_run"`
	Rows       int64   `json:"rows"`
	Imported   int64   `json:"imported"` // or would be, on a dry run
	Present    int64   `json:"already_there"`
	Rejected   int64   `json:"rejected"`
	RejectFile string  `json:"reject_file,omitempty"` // when there is one
	Seconds    float64 `json:"seconds"`
}

func (c *importMeasurementsCmd) Run(a *app) error {
	if c.Reject == "" {
		c.Reject = c.File + ".rejected.csv"
	}
	if same, err := sameFile(c.File, c.Reject); err != nil || same {
		return invalid("reject", errors.Join(err, errors.New("must name another file than the one that is imported")))
	}
	place := a.config.databasePlace()
	if err := existing(a.ctx, place, a.config.DataDir); err != nil {
		return err
	}
	s, done, err := a.openForImport(place, c.DryRun)
	if err != nil {
		return err
	}
	defer done()
	show := newImportProgress(a)
	began := time.Now()
	report, err := bulk.Import(a.ctx, s, c.File, bulk.Options{
		ImportOptions: heimdall.ImportOptions{Label: c.Label, DryRun: c.DryRun},
		WebSDRs:       c.WebSDR, Ignore: c.Ignore, Rejects: c.Reject, Progress: show.update,
	})
	show.end()
	if err != nil {
		if report.Rows > 0 {
			fmt.Fprintf(a.stderr, "heimdall: the import broke off after %d rows: the same command goes on\n", report.Rows)
		}
		return err
	}
	return c.finish(a, report, time.Since(began))
}

// openForImport opens the database: that of the fleet, whoever else uses it, or the one of the data folder, alone. A dry
// run reads what a server writes meanwhile.
func (a *app) openForImport(place databasePlace, dryRun bool) (s database, done func(), err error) {
	release := func() {}
	if !place.shared() && !dryRun {
		held, err := openFolder(a.config.DataDir)
		if errors.Is(err, errInUse) {
			return nil, nil, fmt.Errorf("%w: stop the server, import, and start it again (a dry run works beside it)", err)
		}
		if err != nil {
			return nil, nil, err
		}
		release = held.close
	}
	db, err := place.open(a.ctx, databaseOptions{log: a.logger(slog.LevelWarn)})
	if err != nil {
		release()
		return nil, nil, err
	}
	return db, func() { db.Close(); release() }, nil
}

func (c *importMeasurementsCmd) finish(a *app, report bulk.Report, took time.Duration) error {
	r := importResult{File: c.File, DryRun: c.DryRun, Rows: report.Rows, Imported: report.Stored, Present: report.Present,
		Rejected: report.Rejected, Seconds: took.Seconds()}
	if r.Rejected > 0 {
		r.RejectFile = c.Reject
	}
	if c.JSON {
		if err := printJSON(a.stdout, r); err != nil {
			return err
		}
	} else {
		c.print(a, r)
	}
	switch {
	case r.Rejected == 0:
		return nil
	case r.Rejected < r.Rows:
		return &outcome{code: exitPartial}
	}
	return &outcome{code: exitFailed}
}

func (c *importMeasurementsCmd) print(a *app, r importResult) {
	imported := "imported"
	if r.DryRun {
		imported = "would be imported"
	}
	fmt.Fprintf(a.stdout, "%d rows: %d %s, %d already there, %d rejected (%.1f s, %.0f rows/s)\n",
		r.Rows, r.Imported, imported, r.Present, r.Rejected, r.Seconds, float64(r.Rows)/max(r.Seconds, 1e-3))
	if r.Rejected > 0 {
		fmt.Fprintf(a.stdout, "the rejected rows, with the reasons: %s\n", r.RejectFile)
	}
}

// sameFile reports whether both paths are one file; the second one need not exist.
func sameFile(a, b string) (bool, error) {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true, nil
	}
	one, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other), nil
}

func newImportProgress(a *app) *rowsProgress[bulk.Report] {
	return newRowsProgress(a, func(r bulk.Report) int64 { return int64(r.Done * barSteps) }, func(r bulk.Report) string {
		return fmt.Sprintf(" %d, %d already there, %d rejected ", r.Rows, r.Present, r.Rejected)
	})
}
