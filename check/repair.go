package check

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/collect"
	"github.com/heimdall-sdr/heimdall/rebuild"
	"github.com/heimdall-sdr/heimdall/retention"
)

// Kinds of actions, in the order in which they are taken.
const (
	FinishDeletion    = "finish_deletion"    // carry out a deletion that is planned
	StoreSpooled      = "store_spooled"      // put a recording that waits in the spool among the objects
	RestoreRows       = "restore_rows"       // make rows of objects that no row speaks of
	QuarantineDamaged = "quarantine_damaged" // put an object aside that is not what its row says, and note the loss
	NoteLoss          = "note_loss"          // note that the samples of a recording are gone
	NoteFound         = "note_found"         // note that samples that were lost are there again
	WriteMetadata     = "write_metadata"     // write lost metadata again, from the rows
	DeleteLeftover    = "delete_leftover"    // delete what a deletion left behind
	QuarantineOrphan  = "quarantine_orphan"  // put an object aside that nothing can be made of
	WriteCollection   = "write_collection"   // write a lost collection again, from the rows
	Leave             = "leave"              // what needs a person
)

// DefaultGrace is how old an object must be before it is taken for an orphan: what is being stored has no row yet.
const DefaultGrace = 24 * time.Hour

// A RepairStore is what repairing asks of a database.
type RepairStore interface {
	Store
	collect.Store
	rebuild.Store
	retention.Store
	// NoteLoss gives a success another reason: that its recording has been lost since, or the one before.
	NoteLoss(ctx context.Context, taskID string, websdrID int64, reason string) error
}

// RepairConfig says what is repaired. Without Apply nothing is: the actions are the plan.
type RepairConfig struct {
	Store    RepairStore
	Blobs    blob.Store
	SpoolDir string           // of this machine; "" when there is none
	Grace    time.Duration    // 0 means DefaultGrace
	Now      func() time.Time // nil means time.Now
	Apply    bool
}

// An Action is one thing that Repair does, or would do.
type Action struct {
	Kind     string `json:"kind"`
	TaskID   string `json:"task_id,omitempty"`
	WebSDRID int64  `json:"websdr_id,omitempty"`
	Object   string `json:"object,omitempty"`
	Detail   string `json:"detail"`
	Done     bool   `json:"done"`
	Error    string `json:"error,omitempty"` // why it could not be done

	do func(context.Context) error
}

// A repairing is one Repair.
type repairing struct {
	RepairConfig
	found     Report
	actions   []Action
	respool   map[string]bool // data objects that the spool still has
	unspooled map[string]bool // acquisitions that the spool alone knew
}

// Repair mends what found, the report of a deep check or of a quick one, says is broken. What fails is told by its
// action, and the others go on; an error is for what keeps all from going on. Nothing that is healthy is touched, and
// no samples are ever deleted but those whose deletion the journal explains: they are moved under QuarantinePrefix.
func Repair(ctx context.Context, c RepairConfig, found Report) ([]Action, error) {
	if c.Grace == 0 {
		c.Grace = DefaultGrace
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	r := &repairing{RepairConfig: c, found: found, respool: map[string]bool{}, unspooled: map[string]bool{}}
	for _, step := range []func(context.Context) error{r.deletions, r.spooled, r.rows, r.recordings, r.orphans, r.collections} {
		if err := step(ctx); err != nil {
			return r.actions, fmt.Errorf("repair: %w", err)
		}
	}
	r.others()
	return r.actions, nil
}

// take does an action, or notes that it would be done.
func (r *repairing) take(ctx context.Context, a Action) error {
	if r.Apply && a.do != nil {
		if err := a.do(ctx); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			a.Error = err.Error()
		} else {
			a.Done = true
		}
	}
	r.actions = append(r.actions, a)
	return nil
}

// deletions finishes what is planned, all at once.
func (r *repairing) deletions(ctx context.Context) error {
	for after := ""; ; {
		page, err := r.Store.PlannedDeletions(ctx, after, 500)
		if err != nil {
			return err
		}
		for i, d := range page {
			a := Action{Kind: FinishDeletion, TaskID: d.TaskID, Detail: "planned " + d.PlannedAt.UTC().Format(time.RFC3339) + ": " + d.Reason}
			if i == 0 && after == "" {
				a.do = func(ctx context.Context) error {
					_, err := retention.Finish(ctx, retention.Config{Store: r.Store, Blobs: r.Blobs})
					return err
				}
			} else {
				a.do = func(context.Context) error { return nil } // the first has done it
			}
			if err := r.take(ctx, a); err != nil {
				return err
			}
			after = d.TaskID
		}
		if len(page) < 500 || r.Apply {
			return nil
		}
	}
}

// spooled brings to an end what a worker left in the spool and no worker will find: recordings of acquisitions that
// the database has lost, and the samples of those whose objects are damaged.
func (r *repairing) spooled(ctx context.Context) error {
	if r.SpoolDir == "" {
		return nil
	}
	damaged := map[[2]string]string{} // kind of damage, by task and key of the data object
	for _, p := range r.found.Problems {
		if p.WebSDRID != 0 && p.Object != "" {
			damaged[[2]string{p.TaskID, p.Object}] = p.Kind
		}
	}
	for s, err := range acquire.SealedCaptures(r.SpoolDir) {
		if err != nil {
			if err := r.take(ctx, Action{Kind: Leave, Detail: err.Error()}); err != nil {
				return err
			}
			continue
		}
		a, captures, err := r.Store.Acquisition(ctx, s.TaskID())
		switch {
		case errors.Is(err, heimdall.ErrNotFound):
			err = r.restoreSpooled(ctx, s.TaskID())
		case err == nil && a.State.Ended():
			err = r.storeSpooled(ctx, s, captures, damaged)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// restoreSpooled stores the recordings of an acquisition that is not there, all at once, and makes rows of them.
func (r *repairing) restoreSpooled(ctx context.Context, taskID string) error {
	if r.unspooled[taskID] {
		return nil
	}
	r.unspooled[taskID] = true
	if _, err := r.Store.Deletion(ctx, taskID); !errors.Is(err, heimdall.ErrNotFound) {
		return err // deleted on purpose
	}
	return r.take(ctx, Action{Kind: StoreSpooled, TaskID: taskID, Detail: "recordings of it wait in " + r.SpoolDir + ", and no row speaks of them",
		do: func(ctx context.Context) error { return r.storeAll(ctx, taskID) }})
}

// storeAll puts all that the spool has of an acquisition among the objects, then makes its rows, then clears the spool.
func (r *repairing) storeAll(ctx context.Context, taskID string) error {
	var stored []*acquire.SealedCapture
	for s, err := range acquire.SealedCaptures(r.SpoolDir) {
		if err != nil || s.TaskID() != taskID {
			continue // what cannot be read has an action of its own
		}
		if err := s.Store(ctx, r.Blobs); err != nil {
			return err
		}
		stored = append(stored, s)
	}
	if err := r.restore(ctx, taskID); err != nil {
		return err
	}
	for _, s := range stored {
		c, err := r.Store.Capture(ctx, taskID, s.WebSDRID())
		if err != nil {
			return err
		}
		if c.Recording == nil || c.Recording.SHA256 != s.Sum().SHA256 {
			return fmt.Errorf("the row of WebSDR %d does not speak of it: it stays in the spool", s.WebSDRID())
		}
		if err := s.Forget(); err != nil {
			return err
		}
	}
	return nil
}

func (r *repairing) restore(ctx context.Context, taskID string) error {
	report, err := rebuild.Acquisition(ctx, rebuild.Config{Store: r.Store, Blobs: r.Blobs}, taskID)
	if err != nil {
		return err
	}
	if report.Restored+report.Present == 0 {
		var why []string
		for _, n := range report.Notes {
			why = append(why, n.Detail)
		}
		return fmt.Errorf("no rows can be made of its objects: %s", strings.Join(why, "; "))
	}
	return nil
}

// storeSpooled puts samples that the spool still has in the place of a lost or damaged object.
func (r *repairing) storeSpooled(ctx context.Context, s *acquire.SealedCapture, captures []heimdall.Capture, damaged map[[2]string]string) error {
	for _, c := range captures {
		if c.WebSDRID != s.WebSDRID() || c.Recording == nil || c.Recording.SHA256 != s.Sum().SHA256 {
			continue
		}
		key := c.Recording.S3Path
		kind := damaged[[2]string{c.TaskID, key}]
		if kind == "" {
			return nil // a worker's next start clears the spool
		}
		r.respool[key] = true
		return r.take(ctx, Action{Kind: StoreSpooled, TaskID: c.TaskID, WebSDRID: c.WebSDRID, Object: key, Detail: kind + ": " + s.String() + " still has the samples",
			do: func(ctx context.Context) error {
				if kind != ObjectMissing {
					if _, err := quarantine(ctx, r.Blobs, key); err != nil {
						return err
					}
				}
				if err := s.StoreSamples(ctx, r.Blobs, key); err != nil {
					return err
				}
				return s.Forget()
			}})
	}
	return nil
}
