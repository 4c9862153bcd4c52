// Package bulk reads files of measurements that were made elsewhere, in CSV or Parquet, and hands them to a database.
//
// It exists because months of measurements come as one file of millions of rows, some of which are wrong. A row that
// cannot be read, or that the database refuses, goes into a file of rejects with its line, its column and the reason,
// and keeps none of the others out. The file of rejects is CSV with the columns of the source, so that somebody may
// mend it and import it in turn.
//
// It leaves out: which database, where progress is shown, and any memory of where a run stopped. The rows themselves
// say which of them are stored: a second run of the same file passes over them, which is quick.
//
// The surprising part: CSV is read line by line, and a cell has no line break. The columns of a measurement have
// none, and a quote that nobody closed would otherwise swallow the rest of the file as one cell.
package bulk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall"
)

// A Store is what importing asks of a database; see storetest.ImportStore.
type Store interface {
	ImportMeasurements(ctx context.Context, rows []heimdall.ImportedMeasurement, opt heimdall.ImportOptions) (heimdall.ImportResult, error)
}

// Options say how to import a file.
type Options struct {
	heimdall.ImportOptions
	WebSDRs  map[int64]int64 // websdr_id in the file to that of the database, where they differ
	Ignore   []string        // columns of the file to pass over
	Batch    int             // rows handed over at once, while the next are read; 0 means 20,000
	Rejects  string          // path of the file of rejects, which is made when there is one
	Progress func(Report)    // told after each batch; may be nil
}

// A Report says what became of the rows so far.
type Report struct {
	Rows     int64 // read
	Stored   int64 // or would be, on a dry run
	Present  int64 // were in the database already, and stay as they are
	Rejected int64
	Done     float64 // share of the file that is read
}

const defaultBatch = 20_000

// A row is one row of a file.
type row struct {
	line     int64 // in Parquet its number
	websdrID int64 // in the file
	m        heimdall.ImportedMeasurement
	bad      *heimdall.InvalidError // why it cannot be read; nil when it can
	text     string                 // in CSV, its line
	unread   []string               // in Parquet, what it holds where it cannot be read
}

// A source is an open file.
type source interface {
	columns() []string
	cells(r *row) []string // what the file says of a row, for the file of rejects
	// read reads at most len(rows) rows, and is io.EOF with the last of them or after. Any other error is one of the
	// whole file.
	read(rows []row) (int, error)
	done() float64
	close() error
}

// Import imports the file of that path. The report is right up to where an error ended it; then the same call may be
// repeated.
func Import(ctx context.Context, s Store, path string, opt Options) (report Report, err error) {
	src, err := open(path, opt.Ignore)
	if err != nil {
		return report, fmt.Errorf("import %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, src.close()) }()
	r := &rejects{path: opt.Rejects, source: src}
	defer func() { err = errors.Join(err, r.close()) }()
	batches := make(chan batch)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return readAll(ctx, src, cmp.Or(opt.Batch, defaultBatch), batches) })
	g.Go(func() error {
		for b := range batches {
			if err := b.store(ctx, s, opt, r, &report); err != nil {
				return err
			}
			if opt.Progress != nil {
				opt.Progress(report)
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return report, fmt.Errorf("import %s: %w", path, err)
	}
	return report, nil
}

// A batch is what is handed over at once.
type batch struct {
	rows []row
	done float64
}

// readAll sends every row of src, and closes batches in the end.
func readAll(ctx context.Context, src source, size int, batches chan<- batch) error {
	defer close(batches)
	for {
		rows := make([]row, size)
		n, err := src.read(rows)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n > 0 {
			select {
			case batches <- batch{rows[:n], src.done()}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err != nil {
			return nil
		}
	}
}

// store hands the rows over that could be read, and writes the others and those that come back to the rejects.
func (b batch) store(ctx context.Context, s Store, opt Options, r *rejects, report *Report) error {
	var good []heimdall.ImportedMeasurement
	var of []int // index of each of good
	for i := range b.rows {
		row := &b.rows[i]
		row.websdrID = row.m.WebSDRID
		if to, found := opt.WebSDRs[row.websdrID]; found {
			row.m.WebSDRID = to
		}
		if row.bad == nil {
			good, of = append(good, row.m), append(of, i)
		}
	}
	result, err := s.ImportMeasurements(ctx, good, opt.ImportOptions)
	if err != nil {
		return err
	}
	for _, refused := range result.Refused {
		b.rows[of[refused.Row]].bad = refused.Err
	}
	for i := range b.rows {
		if b.rows[i].bad == nil {
			continue
		}
		if err := r.add(&b.rows[i]); err != nil {
			return err
		}
		report.Rejected++
	}
	report.Rows += int64(len(b.rows))
	report.Stored += int64(result.Stored)
	report.Present += int64(result.Present)
	report.Done = b.done
	return r.flush()
}
