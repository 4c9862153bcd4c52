// Package rebuild makes the rows of a database again from the objects alone, when the database is lost: what package
// collect wrote down comes back, row by row.
//
// An acquisition with a collection comes back whole. One without, whose worker was killed before it could write one or
// that is older than collections, comes back from the metadata of its recordings: then captures that failed are not
// known, nor attempts and times of work, and its reason says so.
//
// It leaves out what no object says: passwords and queries of addresses, WebSDRs that never took part in anything,
// leases, the journal of deletions with the rollups of what it deleted, measurements that were imported without a
// recording. Metrics are those of the day of the recording, whatever was recomputed since: heimdall recompute derives
// the newest again.
//
// Run may be stopped and repeated, also beside a running system: what is there already stays as it is. It reads every
// document twice and holds one acquisition at a time, and the WebSDRs. The surprising part is why twice: a WebSDR's row
// must be there before the first acquisition that it took part in, and is told best by the last.
package rebuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
)

// A Store is what rebuilding asks of a database.
type Store interface {
	// WebSDR returns one, or heimdall.ErrNotFound.
	WebSDR(ctx context.Context, id int64) (heimdall.WebSDR, error)
	// Acquisition returns an acquisition and its captures, or heimdall.ErrNotFound.
	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	// Deletion returns what the journal of deletions says of an acquisition, or heimdall.ErrNotFound.
	Deletion(ctx context.Context, taskID string) (heimdall.Deletion, error)
	// RestoreWebSDR stores a WebSDR under the id that it had. One that is there stays as it is.
	RestoreWebSDR(ctx context.Context, w heimdall.WebSDR) (restored bool, err error)
	// RestoreAcquisition stores an acquisition that has ended, whole or not at all. One that is there stays as it is:
	// heimdall.ErrConflict if it is another one. One that was deleted is heimdall.ErrDeleted.
	RestoreAcquisition(ctx context.Context, r heimdall.RestoredAcquisition) (restored bool, err error)
	// SetCollected notes that the collection of an acquisition that has ended is there, or that it is not.
	SetCollected(ctx context.Context, taskID string, collected bool) error
}

// Config says what is rebuilt, and from where.
type Config struct {
	Store    Store
	Blobs    blob.Store
	DryRun   bool         // only say what would be restored
	Progress func(Report) // told after each acquisition, unless nil
}

// A Report says what was found among the objects and what became of it.
type Report struct {
	Objects      int64  `json:"objects"`
	Acquisitions int64  `json:"acquisitions"`  // found
	Restored     int64  `json:"restored"`      // or would be, on a dry run
	FromMetadata int64  `json:"from_metadata"` // of those restored, without a collection
	Recordings   int64  `json:"recordings"`    // of those restored
	Present      int64  `json:"present"`       // there already
	Deleted      int64  `json:"deleted"`       // deleted on purpose: they stay so
	WebSDRs      int64  `json:"websdrs"`       // restored, or would be
	Failed       int64  `json:"failed"`        // neither restored nor there
	Notes        []Note `json:"notes"`         // what needs a hand, the first maxNotes of them
	Surveyed     int64  `json:"surveyed"`      // folders of acquisitions that were read the first time
}

// A Note is about one thing that a person should look at.
type Note struct {
	TaskID   string `json:"task_id,omitempty"`
	WebSDRID int64  `json:"websdr_id,omitempty"`
	Detail   string `json:"detail"`
}

// maxNotes bounds what is held.
const maxNotes = 1000

func (r *Report) note(taskID string, websdrID int64, format string, args ...any) {
	if len(r.Notes) < maxNotes {
		r.Notes = append(r.Notes, Note{taskID, websdrID, fmt.Sprintf(format, args...)})
	}
}

// Run rebuilds everything that there are objects of.
func Run(ctx context.Context, c Config) (Report, error) {
	return run(ctx, c, "sessions/")
}

// Acquisition rebuilds one, and the WebSDRs that took part in it.
func Acquisition(ctx context.Context, c Config, taskID string) (Report, error) {
	return run(ctx, c, "sessions/"+taskID+"/")
}

// A rebuilding is one Run.
type rebuilding struct {
	Config
	report  Report
	websdrs map[int64]export.SnapshotOfWebSDR // the newest that is known of each
	partial map[int64]bool                    // of those, the ones that only metadata of recordings tell of
}

func run(ctx context.Context, c Config, prefix string) (Report, error) {
	b := &rebuilding{Config: c, report: Report{Notes: []Note{}}, websdrs: map[int64]export.SnapshotOfWebSDR{}, partial: map[int64]bool{}}
	err := b.each(ctx, prefix, b.survey)
	if err == nil {
		err = b.restoreWebSDRs(ctx)
	}
	if err == nil {
		err = b.each(ctx, prefix, b.restore)
	}
	if err != nil {
		return b.report, fmt.Errorf("rebuild rows from objects: %w", err)
	}
	return b.report, nil
}

func (b *rebuilding) progress() {
	if b.Progress != nil {
		b.Progress(b.report)
	}
}

// survey notes the WebSDRs of one acquisition.
func (b *rebuilding) survey(ctx context.Context, s *session) error {
	b.report.Surveyed++
	b.report.Objects += int64(len(s.objects))
	found, err := b.read(ctx, s, nil)
	if err != nil || found == nil {
		return err
	}
	for _, w := range found.WebSDRs {
		old, known := b.websdrs[w.ID]
		better := !known || b.partial[w.ID] && !found.fromMetadata || b.partial[w.ID] == found.fromMetadata && !w.UpdatedAt.Before(old.UpdatedAt)
		if better {
			b.websdrs[w.ID], b.partial[w.ID] = w, found.fromMetadata
		}
	}
	b.progress()
	return nil
}

func (b *rebuilding) restoreWebSDRs(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(b.websdrs)) {
		w := b.websdrs[id]
		if b.DryRun {
			if _, err := b.Store.WebSDR(ctx, id); errors.Is(err, heimdall.ErrNotFound) {
				b.report.WebSDRs++
			} else if err != nil {
				return err
			}
			continue
		}
		restored, err := b.restoreWebSDR(ctx, w.WebSDR)
		var invalid *heimdall.InvalidError
		switch {
		case errors.As(err, &invalid), errors.Is(err, heimdall.ErrExists):
			b.report.note("", id, "cannot be restored: %v", err)
			continue
		case err != nil:
			return err
		}
		if restored {
			b.report.WebSDRs++
			b.noteWebSDR(&w)
		}
	}
	return nil
}

// restoreWebSDR gives a WebSDR whose name another one has by now a name of its own.
func (b *rebuilding) restoreWebSDR(ctx context.Context, w heimdall.WebSDR) (bool, error) {
	restored, err := b.Store.RestoreWebSDR(ctx, w)
	if errors.Is(err, heimdall.ErrExists) {
		w.Name = fmt.Sprintf("%s (%d)", w.Name, w.ID)
		restored, err = b.Store.RestoreWebSDR(ctx, w)
	}
	return restored, err
}

func (b *rebuilding) noteWebSDR(w *export.SnapshotOfWebSDR) {
	switch {
	case b.partial[w.ID]:
		b.report.note("", w.ID, "%s is known by the metadata of recordings alone, and disabled: complete it with heimdall websdr set %d, then enable it", w.Name, w.ID)
	case w.PasswordLeftOut:
		b.report.note("", w.ID, "%s had a password, which no object says: set it with heimdall websdr set %d", w.Name, w.ID)
	case w.QueryLeftOut:
		b.report.note("", w.ID, "the address of %s had a query, which no object says: set it with heimdall websdr set %d", w.Name, w.ID)
	}
}

// restore makes the rows of one acquisition, unless they are there.
func (b *rebuilding) restore(ctx context.Context, s *session) error {
	found, err := b.read(ctx, s, &b.report)
	if err != nil || found == nil {
		return err
	}
	defer b.progress()
	b.report.Acquisitions++
	if b.DryRun {
		return b.tell(ctx, found)
	}
	restored, err := b.Store.RestoreAcquisition(ctx, found.RestoredAcquisition)
	var invalid *heimdall.InvalidError
	switch {
	case errors.Is(err, heimdall.ErrDeleted):
		b.report.Deleted++
		return nil
	case errors.Is(err, heimdall.ErrConflict), errors.As(err, &invalid):
		return b.refused(ctx, s, err)
	case err != nil:
		return err
	case !restored:
		b.report.Present++
		return nil
	}
	b.count(found)
	if found.fromMetadata {
		return nil // a worker writes the collection
	}
	return b.Store.SetCollected(ctx, s.taskID, true)
}

// refused counts one that is still being recorded as there; of others it says why.
func (b *rebuilding) refused(ctx context.Context, s *session, why error) error {
	a, _, err := b.Store.Acquisition(ctx, s.taskID)
	switch {
	case err == nil && !a.State.Ended():
		b.report.Present++
		return nil
	case err != nil && !errors.Is(err, heimdall.ErrNotFound):
		return err
	}
	b.report.Failed++
	b.report.note(s.taskID, 0, "%v", why)
	return nil
}

// tell is restore on a dry run.
func (b *rebuilding) tell(ctx context.Context, found *found) error {
	taskID := found.Acquisition.TaskID
	_, _, err := b.Store.Acquisition(ctx, taskID)
	if err == nil {
		b.report.Present++
		return nil
	}
	if !errors.Is(err, heimdall.ErrNotFound) {
		return err
	}
	_, err = b.Store.Deletion(ctx, taskID)
	if err == nil {
		b.report.Deleted++
		return nil
	}
	if !errors.Is(err, heimdall.ErrNotFound) {
		return err
	}
	if err := found.Validate(); err != nil {
		b.report.Failed++
		b.report.note(taskID, 0, "%v", err)
		return nil
	}
	b.count(found)
	return nil
}

func (b *rebuilding) count(found *found) {
	b.report.Restored++
	b.report.Recordings += int64(len(found.Measurements))
	if found.fromMetadata {
		b.report.FromMetadata++
		b.report.note(found.Acquisition.TaskID, 0, "it has no collection: of what failed nothing is known")
	}
}

// byWebSDR puts captures in order of their WebSDRs.
func byWebSDR(x, y heimdall.Capture) int { return cmp.Compare(x.WebSDRID, y.WebSDRID) }
