// Package retention deletes old acquisitions: their objects and their rows together, never one without the other.
//
// It exists because neither a bucket's lifecycle rule nor a database's retention policy knows of the other: the one
// leaves rows that promise recordings, the other recordings that nobody finds. Here a deletion is journalled in the
// database first; then the objects go, then the rows, in the transaction that notes that it is done. A process that
// is killed anywhere in between leaves a plan, which the next run carries out; heimdall check takes a plan for the
// explanation of missing objects. A plan is never taken back.
//
// Rollups stay, so that questions about months are answered from what was measured then. Acquisitions that have
// not ended stay, and so do those that somebody holds, whatever the rules say.
//
// There are four rules, each off unless it is set: by age (MaxAge), by value (MaxAgeQuiet: what nothing was heard on goes
// sooner), by quota (MaxBytes) and by disk pressure (MinFreeBytes). The last two delete the oldest recordings, and no
// more of them than it takes: how much there is and what goes is decided in one transaction of the database, so that
// several processes under one quota delete as much as one would.
//
// It leaves out the spool, and whatever else is on the disk: room is made by deleting recordings, or not at all.
//
// The surprising part: everything under sessions/{task_id}/ goes, not only what rows speak of. A worker that was
// killed may have left a second copy there, which nothing else would ever remove. Quota and pressure count the data of
// recordings as rows say it, without metadata and such copies, so that they know the sum without asking the objects.
package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
)

// A Store is what retention asks of a database. Every write is one transaction, durable on return, and may be
// repeated, also by several processes at once.
type Store interface {
	// ExpiredAcquisitions returns a page of the acquisitions that may go, oldest end first, with TaskID, EndedAt,
	// Rows and the facts. Those that are held, or whose deletion is planned, are left out.
	ExpiredAcquisitions(ctx context.Context, f heimdall.ExpiredFilter) ([]heimdall.Deletion, error)
	// Acquisition returns one with its captures, or heimdall.ErrNotFound.
	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	// PlanDeletion journals all plans or none: TaskID, Reason, Objects and Bytes as given, the rest by the
	// database. A plan that is there already, carried out or not, stays as it is. An acquisition that has not
	// ended, or is held, is heimdall.ErrConflict, an unknown one heimdall.ErrNotFound.
	PlanDeletion(ctx context.Context, plans []heimdall.Deletion) error
	// PlanExcess journals plans in their order as long as the recordings whose deletion is not planned hold more than
	// maxBytes, and returns those. What may not go, or would free nothing, is left out and no error.
	PlanExcess(ctx context.Context, plans []heimdall.Deletion, maxBytes int64) ([]heimdall.Deletion, error)
	// Recorded is how much all recordings hold at one moment.
	Recorded(ctx context.Context) (heimdall.Recorded, error)
	// PlannedDeletions returns a page of the deletions that are planned and not done, in order of TaskID.
	PlannedDeletions(ctx context.Context, afterTaskID string, limit int) ([]heimdall.Deletion, error)
	// FinishDeletion deletes the rows of acquisitions whose objects are gone, and returns those that it was this
	// call that deleted. Rollups stay. If one is not planned, it is heimdall.ErrConflict and nothing happens.
	FinishDeletion(ctx context.Context, taskIDs []string) ([]heimdall.Deletion, error)
	// Reclaim gives the room of deleted rows back to the file system, as far as the database can and does not do
	// so by itself.
	Reclaim(ctx context.Context) error
}

// Config says what is deleted, and from where. Store and Blobs are needed. A rule that is zero deletes nothing.
type Config struct {
	Store Store
	Blobs blob.Store

	MaxAge      time.Duration // what ended longer ago goes; at least an hour
	MaxAgeQuiet time.Duration // what has recordings on which nothing was heard goes then; at least an hour
	QuietSNRdB  *float64      // the SNR from which on something is heard; nil means that a signal was detected
	MaxBytes    int64         // of the data of all recordings: of what is too much, the oldest go
	// MinFreeBytes is how much Free must say: of what it takes, the oldest go. Free is needed then.
	MinFreeBytes int64
	Free         func() (bytes int64, err error) // room left where the objects are; nil where nobody can know

	Now    func() time.Time // nil means time.Now
	Log    *slog.Logger     // nil means silence
	Done   func(Outcome)    // told what each run of a Keeper has deleted; nil means nobody
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

// A Rule is why acquisitions go.
type Rule string

const (
	ByPlan  Rule = "planned" // an earlier run or another process planned it
	ByAge   Rule = "age"
	ByQuiet Rule = "quiet"
	ByQuota Rule = "quota"
	ByFree  Rule = "free"
	ByHand  Rule = "hand"
)

// A Tally is what went by one rule.
type Tally struct {
	Rule Rule `json:"rule"`
	Result
	OldestEnd time.Time `json:"oldest_end"` // of the acquisitions; zero when none went as a whole
	NewestEnd time.Time `json:"newest_end"`
}

// An Outcome is what a run did, or on a dry run would do, in all and by rule, in the order in which rules apply.
// Each acquisition goes by the first that applies.
type Outcome struct {
	Result
	Rules []Tally `json:"rules"` // those by which something went
}

// Run finishes what earlier runs left, then applies the rules: age, value, quota, room, each to the oldest first. When
// the objects of an acquisition cannot be deleted, it stays planned and the others go on: the error names it, and the
// next run tries again. Outcome counts what was done also when there is an error.
func Run(ctx context.Context, c Config) (Outcome, error) {
	if err := c.complete(); err != nil {
		return Outcome{}, err
	}
	run := &run{Config: c}
	err := run.finishPlanned(ctx)
	if err == nil {
		err = run.deleteExpired(ctx)
	}
	if err == nil {
		err = run.deleteExcess(ctx)
	}
	if err == nil && run.done.Rows > 0 && !c.DryRun {
		err = c.Store.Reclaim(ctx)
	}
	if err := run.failure(err); err != nil {
		return run.outcome(), fmt.Errorf("delete old acquisitions: %w", err)
	}
	return run.outcome(), nil
}

// Delete deletes one acquisition that has ended, whatever its age, by the same path. One that has not ended is
// heimdall.ErrConflict, and so is one that is held; one that is not there is heimdall.ErrNotFound. Rules do not matter.
func Delete(ctx context.Context, c Config, taskID, reason string) (Result, error) {
	if err := c.complete(); err != nil {
		return Result{}, err
	}
	run := &run{Config: c, rule: ByHand}
	a, captures, err := c.Store.Acquisition(ctx, taskID)
	if err == nil && !a.State.Ended() {
		err = fmt.Errorf("it is %s, cancel it first: %w", a.State, heimdall.ErrConflict)
	}
	if err == nil && !a.Hold.IsZero() {
		err = fmt.Errorf("it is %v: release it first: %w", a.Hold, heimdall.ErrConflict)
	}
	if err == nil {
		rows := int64(1 + len(captures))
		for _, k := range captures {
			if k.Recording != nil {
				rows++ // its measurement
			}
		}
		page := []heimdall.Deletion{{TaskID: taskID, EndedAt: a.EndedAt, Rows: rows}}
		err = run.delete(ctx, page, reason, func(plans []heimdall.Deletion) ([]heimdall.Deletion, error) {
			return plans, c.Store.PlanDeletion(ctx, plans)
		})
	}
	if err == nil {
		err = run.finish(ctx)
	}
	if err := run.failure(err); err != nil {
		return run.done, fmt.Errorf("delete acquisition %s: %w", taskID, err)
	}
	return run.done, nil
}

const (
	wholeDays        = 48 * time.Hour
	defaultBatchRows = 10_000
)

// before is the end of what goes at an age. Who keeps days gets whole ones (UTC): up to one more, so that databases
// that keep each day by itself can drop it, instead of an hour of it every hour.
func (c *Config) before(age time.Duration) time.Time {
	at := c.Now().UTC().Add(-age)
	if age < wholeDays {
		return at
	}
	return at.Truncate(24 * time.Hour)
}

// minMaxAge guards against a setting in the wrong unit: what has just ended may still be looked at.
const minMaxAge = time.Hour

func (c *Config) complete() error {
	for _, age := range []time.Duration{c.MaxAge, c.MaxAgeQuiet} {
		if age != 0 && age < minMaxAge {
			return fmt.Errorf("retention of %v is too short: it must be at least %v, or 0 to delete nothing by age", age, minMaxAge)
		}
	}
	if c.MaxBytes < 0 || c.MinFreeBytes < 0 {
		return fmt.Errorf("a quota of %d bytes and %d bytes free: neither may be negative; 0 is no limit", c.MaxBytes, c.MinFreeBytes)
	}
	if c.MinFreeBytes > 0 && c.Free == nil {
		return errors.New("the object store cannot say how much room it has: give it a quota of bytes instead of room that must be free")
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
