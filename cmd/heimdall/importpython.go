package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob/s3"
	"github.com/heimdall-sdr/heimdall/legacy"
)

// importPythonCmd copies what the Python system left. Like importMeasurementsCmd it works on the database itself.
type importPythonCmd struct {
	Source       string          `arg:"" help:"Its bucket, such as http://minio:9000/heimdall-raw-iq with the keys of S3_ACCESS_KEY and S3_SECRET_KEY, or s3://BUCKET; or a folder with a copy of it: the one that holds sessions/."`
	Postgres     string          `env:"PYTHON_DATABASE_URL" placeholder:"URL" help:"Its database, whose table measurements is read, too; set it in the environment, where others cannot read the password."`
	DryRun       bool            `help:"Store nothing, and say what would become of recordings and rows."`
	AllowPartial bool            `help:"Import what there is of recordings whose end is missing."`
	FrequencyMHz float64         `name:"frequency-mhz" placeholder:"N" help:"Frequency of recordings of which nothing says one. Without it they are skipped."`
	Label        string          `default:"python-heimdall" placeholder:"TEXT" help:"Label of the acquisitions (${default}); those of chunks add their session."`
	WebSDR       map[int64]int64 `name:"websdr" placeholder:"THERE=HERE" help:"Which WebSDR here is meant by an id of the Python system, where they differ, for example 3=12."`
	WebSDRs      string          `name:"websdrs" type:"existingfile" placeholder:"FILE" help:"JSON array of WebSDRs, as heimdall websdr export prints, to take those from that are not here: by websdr_id, or by their place in the array."`
	Report       string          `type:"path" default:"python-heimdall.report.csv" placeholder:"FILE" help:"CSV of everything that was skipped or guessed, with the reason, to which each run adds (${default})."`
	JSON         bool            `help:"Print JSON."`
}

// A pythonResult is what became of it.
type pythonResult struct {
	Source string `json:"source"`
	DryRun bool   `json:"dry_run"`
	legacy.Report
	ReportFile string  `json:"report_file,omitempty"` // when there is something in it
	Seconds    float64 `json:"seconds"`
}

func (c *importPythonCmd) Run(a *app) error {
	opt, err := c.options()
	if err != nil {
		return err
	}
	objects, err := a.config.blobPlace()
	if err != nil {
		return err
	}
	from, close, err := c.open(a, objects)
	if err != nil {
		return err
	}
	defer close()
	s, done, err := c.openDatabase(a)
	if err != nil {
		return err
	}
	defer done()
	var blobs legacy.Blobs
	if !c.DryRun {
		opened, err := objects.open(a.ctx, blobOptions{log: a.logger(slog.LevelWarn)})
		if err != nil {
			return err
		}
		defer opened.Close()
		blobs = opened
	}
	if c.Postgres != "" {
		table, err := legacy.OpenTable(a.ctx, plainScheme(c.Postgres))
		if err != nil {
			return err
		}
		defer table.Close()
		opt.Rows = table
	}
	findings := &findings{path: c.Report}
	opt.Find = findings.add
	show, err := newPythonProgress(a, from)
	if err != nil {
		return err
	}
	opt.Progress = show.update
	began := time.Now()
	report, err := legacy.Import(a.ctx, from, s, blobs, opt)
	show.end()
	if err := errors.Join(err, findings.close()); err != nil {
		if report.Imported+report.RowsImported > 0 {
			fmt.Fprintf(a.stderr, "heimdall: the import broke off after %d recordings and %d rows: the same command goes on\n", report.Imported, report.RowsImported)
		}
		return err
	}
	r := pythonResult{Source: c.Source, DryRun: c.DryRun, Report: report, Seconds: time.Since(began).Seconds()}
	if len(report.Reasons) > 0 {
		r.ReportFile = c.Report
	}
	return c.finish(a, r)
}

// openDatabase makes one where there is none: whoever comes over from the Python system has none yet. A dry run makes
// one that goes again.
func (c *importPythonCmd) openDatabase(a *app) (database, func(), error) {
	place := a.config.databasePlace()
	if _, err := place.look(a.ctx); !c.DryRun || !errors.Is(err, fs.ErrNotExist) {
		return a.openForImport(place, c.DryRun)
	}
	dir, err := os.MkdirTemp("", "heimdall-dry-run-")
	if err != nil {
		return nil, nil, err
	}
	s, done, err := a.openForImport(sqliteFile(filepath.Join(dir, "heimdall.db")), true)
	if err != nil {
		os.RemoveAll(dir)
		return nil, nil, err
	}
	return s, func() { done(); os.RemoveAll(dir) }, nil
}

func (c *importPythonCmd) options() (legacy.Options, error) {
	opt := legacy.Options{Label: c.Label, DryRun: c.DryRun, AllowPartial: c.AllowPartial, WebSDRs: c.WebSDR, AtOnce: 4}
	if len(c.Label) > heimdall.MaxLabel {
		return opt, invalid("label", fmt.Errorf("must have at most %d characters", heimdall.MaxLabel))
	}
	if c.FrequencyMHz != 0 {
		if !(c.FrequencyMHz > 0 && c.FrequencyMHz <= heimdall.MaxFrequencyHz/1e6) {
			return opt, invalid("frequency_mhz", fmt.Errorf("must be above 0 and at most %d", heimdall.MaxFrequencyHz/1_000_000))
		}
		opt.FrequencyHz = int64(math.Round(c.FrequencyMHz * 1e6))
	}
	if c.WebSDRs == "" {
		return opt, nil
	}
	known, err := readWebSDRs(c.WebSDRs)
	opt.Known = known
	return opt, err
}

// readWebSDRs reads what heimdall websdr export prints. Those without an id have that of their place, from 1, which is
// how the Python system numbered its own.
func readWebSDRs(path string) ([]heimdall.WebSDR, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []wire.WebSDRInput
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, invalid("websdrs", fmt.Errorf("must name a JSON array of WebSDRs, as heimdall websdr export prints: %w", err))
	}
	var known []heimdall.WebSDR
	for k := range list {
		w := list[k].Root(nil)
		if err := w.Validate(); err != nil {
			return nil, invalid("websdrs", fmt.Errorf("entry %d: %w", k+1, err))
		}
		if w.ID = list[k].WebSDRID; w.ID == 0 {
			w.ID = int64(k + 1)
		}
		known = append(known, w)
	}
	return known, nil
}

// open opens the source. It must not be where the recordings go: heimdall check would call all of it orphaned.
func (c *importPythonCmd) open(a *app, objects blobPlace) (legacy.Source, func() error, error) {
	same := invalid("source", fmt.Errorf("must not be %s, where the recordings go: set S3_BUCKET to another bucket, or name another folder", objects))
	if strings.Contains(c.Source, "://") {
		config := a.config.S3
		config.Endpoint, config.Bucket = c.Source, ""
		bucket, err := config.bucket()
		if err != nil {
			return nil, nil, err
		}
		if ours, ok := objects.(s3Bucket); ok && bucket.isSame(ours) {
			return nil, nil, same
		}
		opened, err := bucket.open(a.ctx, blobOptions{existing: true, log: a.logger(slog.LevelWarn)})
		if err != nil {
			return nil, nil, err
		}
		return opened, opened.Close, nil
	}
	f, err := legacy.OpenFolder(c.Source)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, invalid("source", err)
	}
	if err != nil {
		return nil, nil, err
	}
	if ours, ok := objects.(objectsFolder); ok && (inside(c.Source, ours.dir) || inside(ours.dir, c.Source)) {
		return nil, nil, same
	}
	return f, func() error { return nil }, nil
}

// isSame tells whether both are one bucket, as far as their names say.
func (b s3Bucket) isSame(other s3Bucket) bool {
	name := func(s string) string { return cmp.Or(s, s3.DefaultBucket) }
	return strings.TrimSuffix(b.Endpoint, "/") == strings.TrimSuffix(other.Endpoint, "/") && name(b.Bucket) == name(other.Bucket)
}

// inside tells whether path is folder or lies in it.
func inside(path, folder string) bool {
	rel, err := filepath.Rel(realPath(folder), realPath(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// realPath is path without links, as far as it is there.
func realPath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(realPath(parent), filepath.Base(path))
	}
	return path
}

func (c *importPythonCmd) finish(a *app, r pythonResult) error {
	if r.Recordings == 0 && r.Rows == 0 {
		return invalid("source", fmt.Errorf("%s holds no sessions/{task_id}/websdr_{id}.npy: name the folder that holds sessions/", c.Source))
	}
	if c.JSON {
		if err := printJSON(a.stdout, r); err != nil {
			return err
		}
	} else if err := c.print(a, r); err != nil {
		return err
	}
	switch skipped, all := r.Skipped+r.RowsSkipped, r.Recordings+r.Rows; {
	case skipped == 0:
		return nil
	case skipped < all:
		return &outcome{code: exitPartial}
	}
	return &outcome{code: exitFailed}
}
