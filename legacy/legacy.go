// Package legacy reads what the Python Heimdall left in its bucket, or in a copy of it as a folder, and in its database,
// and makes recordings, measurements and rows of it that are like any others.
//
// It exists because IQ cannot be recorded twice. Whatever samples there are become a recording: the bytes are copied,
// hashed and measured again with the present definitions (package dsp), object first and then row. The numbers that
// the Python system gave are kept beside them as [heimdall.LegacyMetrics] and never mixed with ours. What cannot
// become a recording is a [Finding], and so is every guess; the originals are only ever read.
//
// The nouns are those of that system. Its bucket holds sessions, folders named by a task or session. In one lie npy
// files, one of each WebSDR, or one of each chunk (a second of a session) and WebSDR, and beside some of them a JSON
// file with the numbers. All recordings of a session become one acquisition; chunks were not contiguous, so each chunk
// is one of its own.
//
// It leaves out: which database and object store, and any memory of where a run stopped. The rows say what is there,
// and a second run passes over that.
//
// The surprising part: the time in the JSON file is that of its processing, after the last sample of the slowest
// receiver. It is kept as it is, because rows elsewhere are known by it, and the uncertainty says what it is worth.
package legacy

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
)

// A Source is where the objects of the Python system are; see blob.Store, which is one, and OpenFolder. List need only
// keep the objects of one folder together.
type Source interface {
	List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error]
	Open(ctx context.Context, key string) (blob.Object, error)
}

// A Store is what importing asks of a database.
type Store interface {
	// Acquisition returns an acquisition and its captures, or heimdall.ErrNotFound.
	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	// Deletion returns what the journal of deletions says of an acquisition, or heimdall.ErrNotFound.
	Deletion(ctx context.Context, taskID string) (heimdall.Deletion, error)
	// RestoreAcquisition stores all rows of an acquisition that has ended, in one transaction. One that is there stays.
	RestoreAcquisition(ctx context.Context, r heimdall.RestoredAcquisition) (restored bool, err error)
	// LegacyMetrics returns those of an acquisition.
	LegacyMetrics(ctx context.Context, taskID string) ([]heimdall.LegacyMetrics, error)
	// WebSDR returns one, or heimdall.ErrNotFound.
	WebSDR(ctx context.Context, id int64) (heimdall.WebSDR, error)
	// RestoreWebSDR stores one under its id. One that is there stays.
	RestoreWebSDR(ctx context.Context, w heimdall.WebSDR) (restored bool, err error)
	// ImportMeasurements stores measurements that have no recording.
	ImportMeasurements(ctx context.Context, rows []heimdall.ImportedMeasurement, opt heimdall.ImportOptions) (heimdall.ImportResult, error)
}

// Blobs is where recordings go; see blob.Store.
type Blobs interface {
	Stat(ctx context.Context, key string) (blob.Info, error)
	Put(ctx context.Context, key string, r io.Reader, want blob.Sum) error
	Delete(ctx context.Context, key string) error
}

// Options say how to import.
type Options struct {
	Label        string            // of acquisitions, DefaultLabel if empty; those of chunks add the session
	DryRun       bool              // only say what would become of each recording and row: nothing is stored
	AllowPartial bool              // import what there is of a recording whose end is missing
	FrequencyHz  int64             // where nothing says one; 0: such recordings are findings
	WebSDRs      map[int64]int64   // websdr_id there to that of the database, where they differ
	Known        []heimdall.WebSDR // rows for WebSDRs that the database does not have, with their ids here
	Rows         Rows              // the table of measurements; nil when there is none

	AtOnce   int              // acquisitions at work; 0 means 1
	Find     func(Finding)    // told of each finding; may be nil
	Progress func(Report)     // told after each acquisition and batch of rows; may be nil
	Now      func() time.Time // nil means time.Now
}

// Import imports everything. The report is right up to where an error ended it; then the same call may be repeated.
func Import(ctx context.Context, from Source, to Store, blobs Blobs, opt Options) (Report, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	i := &importer{from: from, to: to, blobs: blobs, opt: opt, websdrs: map[int64]heimdall.WebSDR{}}
	err := i.sessions(ctx)
	if err == nil && opt.Rows != nil {
		err = i.rows(ctx)
	}
	if err != nil {
		err = fmt.Errorf("import from the Python system: %w", err)
	}
	return i.snapshot(), err
}

// An importer is one call of Import.
type importer struct {
	from  Source
	to    Store
	blobs Blobs
	opt   Options

	tally // which has its own mutex

	asking  sync.Mutex                // held while the database is asked for a WebSDR, or told of one
	websdrs map[int64]heimdall.WebSDR // that it has, as far as asked for; guarded by asking
}

// sessions imports all recordings, a few acquisitions at a time.
func (i *importer) sessions(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(cmp.Or(i.opt.AtOnce, 1))
	err := i.eachSession(ctx, func(s session) error {
		units, err := i.units(ctx, s)
		if err != nil {
			return err
		}
		for _, u := range units {
			g.Go(func() error { return i.unit(ctx, u) })
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	})
	if failed := g.Wait(); failed != nil {
		return failed
	}
	return err
}
