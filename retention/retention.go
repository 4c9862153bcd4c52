// Package retention deletes old acquisitions: their objects and their rows together, never one without the other.
//
// It exists because neither a bucket's lifecycle rule nor a database's retention policy knows of the other: the one
// leaves rows that promise recordings, the other recordings that nobody finds. Here a deletion is journalled in the
// database first; then the objects go, then the rows, in the transaction that notes that it is done. A process that
// is killed anywhere in between leaves a plan, which the next run carries out; heimdall check takes a plan for the
// explanation of missing objects. A plan is never taken back.
//
// Rollups stay, so that questions about months are answered from what was measured then. Acquisitions that have
// not ended stay, and so do those with a capture or recording that is young enough.
//
// It leaves out when to run (Repeat is a simple answer), and disks that fill up sooner than the age allows.
//
// The surprising part: everything under sessions/{task_id}/ goes, not only what rows speak of. A worker that was
// killed may have left a second copy there, which nothing else would ever remove.
package retention

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
)

// DefaultMaxAge is how long acquisitions are kept when nobody says otherwise.
const DefaultMaxAge = 30 * 24 * time.Hour

// A Store is what retention asks of a database. Every write is one transaction, durable on return, and may be
// repeated, also by several processes at once.
type Store interface {
	// ExpiredAcquisitions returns a page of the acquisitions that may go, oldest end first, with TaskID, EndedAt
	// and Rows. Those whose deletion is planned are left out.
	ExpiredAcquisitions(ctx context.Context, f heimdall.ExpiredFilter) ([]heimdall.Deletion, error)
	// Acquisition returns one with its captures, or heimdall.ErrNotFound.
	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	// PlanDeletion journals all plans or none: TaskID, Reason, Objects and Bytes as given, the rest by the
	// database. A plan that is there already, carried out or not, stays as it is. An acquisition that has not
	// ended is heimdall.ErrConflict, an unknown one heimdall.ErrNotFound.
	PlanDeletion(ctx context.Context, plans []heimdall.Deletion) error
	// PlannedDeletions returns a page of the deletions that are planned and not done, in order of TaskID.
	PlannedDeletions(ctx context.Context, afterTaskID string, limit int) ([]heimdall.Deletion, error)
	// FinishDeletion deletes the rows of acquisitions whose objects are gone, and returns those that it was this
	// call that deleted. Rollups stay. If one is not planned, it is heimdall.ErrConflict and nothing happens.
	FinishDeletion(ctx context.Context, taskIDs []string) ([]heimdall.Deletion, error)
	// Reclaim gives the room of deleted rows back to the file system, as far as the database can and does not do
	// so by itself.
	Reclaim(ctx context.Context) error
}

// Config says what is deleted, and from where. Store and Blobs are needed; the rest has defaults.
type Config struct {
	Store  Store
	Blobs  blob.Store
	MaxAge time.Duration    // 0 means DefaultMaxAge; at least an hour
	Now    func() time.Time // nil means time.Now
	Log    *slog.Logger     // nil means silence
	DryRun bool             // reckon what would be deleted, change nothing

	// BatchRows is the most rows that one transaction deletes, unless a single acquisition has more; 0 means 10,000,
	// for which the other writers of SQLite wait some tens of milliseconds. A database whose writers do not wait takes
	// more, so that the rows of a day go at one stroke.
	BatchRows int64
}

// A Result counts what one call deleted, or on a dry run would. Of two at once, each acquisition and its rows are
// one's; each object is of one that found it.
type Result struct {
	Acquisitions int64 `json:"acquisitions"`
	Rows         int64 `json:"rows"` // acquisitions, captures and measurements
	Objects      int64 `json:"objects"`
	Bytes        int64 `json:"bytes"` // of the objects
}

func (r *Result) add(o Result) {
	r.Acquisitions += o.Acquisitions
	r.Rows += o.Rows
	r.Objects += o.Objects
	r.Bytes += o.Bytes
}

// Run finishes what earlier runs left, then deletes every acquisition older than MaxAge, oldest first. When the
// objects of an acquisition cannot be deleted, it stays planned and the others go on: the error names it, and the
// next run tries again. Result counts what was done also when there is an error.
func Run(ctx context.Context, c Config) (Result, error) {
	if err := c.complete(); err != nil {
		return Result{}, err
	}
	before := c.before()
	run := &run{Config: c}
	err := run.finishPlanned(ctx)
	if err == nil {
		err = run.deleteExpired(ctx, before)
	}
	if err == nil && run.done.Rows > 0 && !c.DryRun {
		err = c.Store.Reclaim(ctx)
	}
	if err := run.failure(err); err != nil {
		return run.done, fmt.Errorf("delete acquisitions that ended before %s: %w", before.UTC().Format(time.RFC3339), err)
	}
	return run.done, nil
}

// Delete deletes one acquisition that has ended, whatever its age, by the same path. One that has not ended is
// heimdall.ErrConflict, one that is not there heimdall.ErrNotFound. MaxAge does not matter.
func Delete(ctx context.Context, c Config, taskID, reason string) (Result, error) {
	if err := c.complete(); err != nil {
		return Result{}, err
	}
	run := &run{Config: c}
	a, captures, err := c.Store.Acquisition(ctx, taskID)
	if err == nil && !a.State.Ended() {
		err = fmt.Errorf("it is %s, cancel it first: %w", a.State, heimdall.ErrConflict)
	}
	if err == nil {
		rows := int64(1 + len(captures))
		for _, k := range captures {
			if k.Recording != nil {
				rows++ // its measurement
			}
		}
		err = run.delete(ctx, []heimdall.Deletion{{TaskID: taskID, Rows: rows}}, reason)
	}
	if err == nil {
		err = run.finish(ctx)
	}
	if err := run.failure(err); err != nil {
		return run.done, fmt.Errorf("delete acquisition %s: %w", taskID, err)
	}
	return run.done, nil
}

// Repeat runs at once and then every so often, until ctx ends, which it waits for. Errors are logged: the next run
// tries again.
func Repeat(ctx context.Context, c Config, every time.Duration) error {
	if err := c.complete(); err != nil {
		return err
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		began := c.Now()
		done, err := Run(ctx, c)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			c.Log.Error("retention stopped short, it will be tried again", "deleted", done.Acquisitions, "next", every, "err", err)
		case done.Acquisitions > 0:
			c.Log.Info("old acquisitions deleted", "acquisitions", done.Acquisitions, "rows", done.Rows, "objects", done.Objects,
				"bytes", done.Bytes, "dry_run", c.DryRun, "took", c.Now().Sub(began))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// before is the end of what goes. Who keeps days gets whole ones (UTC): up to one more, so that databases that keep
// each day by itself can drop it, instead of an hour of it every hour.
func (c *Config) before() time.Time {
	at := c.Now().UTC().Add(-c.MaxAge)
	if c.MaxAge < wholeDays {
		return at
	}
	return at.Truncate(24 * time.Hour)
}

const (
	wholeDays        = 48 * time.Hour
	defaultBatchRows = 10_000
)

// minMaxAge guards against a setting in the wrong unit: what has just ended may still be looked at.
const minMaxAge = time.Hour

func (c *Config) complete() error {
	if c.MaxAge == 0 {
		c.MaxAge = DefaultMaxAge
	}
	if c.MaxAge < minMaxAge {
		return fmt.Errorf("retention of %v is too short: it must be at least %v, or 0 for the default of %v", c.MaxAge, minMaxAge, DefaultMaxAge)
	}
	if c.BatchRows == 0 {
		c.BatchRows = defaultBatchRows
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}
