package retention

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
)

const (
	pageSize = 500
	// maxFailures is how many acquisitions may fail before a run gives up: then it is the store, not an object.
	maxFailures = 10
)

// A run is one pass over what is to be deleted.
type run struct {
	Config
	rule      Rule // why goes what is going now; "" is ByPlan
	done      Result
	tallies   map[Rule]Tally
	reckoned  int64 // on a dry run: bytes of recordings that would be gone and were not planned before
	failures  []error
	ready     []string // acquisitions whose objects are gone
	readyRows int64
}

// failure is everything that went wrong.
func (r *run) failure(last error) error { return errors.Join(append(r.failures, last)...) }

// finishPlanned carries out the plans that there are, whoever made them.
func (r *run) finishPlanned(ctx context.Context) error {
	for after := ""; ; {
		page, err := r.Store.PlannedDeletions(ctx, after, pageSize)
		if err != nil {
			return err
		}
		if err := r.carryOut(ctx, page, nil); err != nil {
			return err
		}
		if len(page) < pageSize {
			return r.finish(ctx)
		}
		after = page[len(page)-1].TaskID
	}
}

// delete journals a page, as far as plan does, and carries that out. From the journal on, what is missing has an
// explanation.
func (r *run) delete(ctx context.Context, page []heimdall.Deletion, reason string, plan func([]heimdall.Deletion) ([]heimdall.Deletion, error)) error {
	if r.DryRun {
		return r.carryOut(ctx, page, nil)
	}
	found := make(map[string][]blob.Info, len(page))
	plans := make([]heimdall.Deletion, 0, len(page))
	for _, d := range page {
		objects, err := r.objects(ctx, d.TaskID)
		if errors.Is(err, heimdall.ErrNotFound) {
			continue // another run was quicker
		}
		if err != nil {
			return err
		}
		d.Reason, d.Objects = reason, int64(len(objects))
		for _, o := range objects {
			d.Bytes += o.Bytes
		}
		found[d.TaskID] = objects
		plans = append(plans, d)
	}
	plans, err := plan(plans)
	if err != nil {
		return err
	}
	return r.carryOut(ctx, plans, found)
}

// carryOut deletes the objects of a page. Those that have not been found yet are looked for.
func (r *run) carryOut(ctx context.Context, page []heimdall.Deletion, found map[string][]blob.Info) error {
	for _, d := range page {
		objects, known := found[d.TaskID]
		var err error
		if !known {
			objects, err = r.objects(ctx, d.TaskID)
		}
		if err == nil {
			err = r.deleteObjects(ctx, d, objects)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, heimdall.ErrNotFound): // another run was quicker
		case err != nil:
			r.failures = append(r.failures, fmt.Errorf("acquisition %s: %w", d.TaskID, err))
			if len(r.failures) == maxFailures {
				return fmt.Errorf("given up after %d acquisitions that failed", maxFailures)
			}
		default:
			if err := r.makeReady(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeReady lets rows gather to a batch, which has no more of them than BatchRows, or else one acquisition.
func (r *run) makeReady(ctx context.Context, d heimdall.Deletion) error {
	if r.DryRun {
		return nil
	}
	if r.readyRows+d.Rows > r.BatchRows {
		if err := r.finish(ctx); err != nil {
			return err
		}
	}
	r.ready, r.readyRows = append(r.ready, d.TaskID), r.readyRows+d.Rows
	return nil
}

// finish is the third step: the rows of acquisitions whose objects are gone.
func (r *run) finish(ctx context.Context) error {
	if len(r.ready) == 0 {
		return nil
	}
	finished, err := r.Store.FinishDeletion(ctx, r.ready)
	for _, d := range finished {
		r.count(d, Result{Acquisitions: 1, Rows: d.Rows})
	}
	r.ready, r.readyRows = r.ready[:0], 0
	return err
}

// deleteObjects is the second step.
func (r *run) deleteObjects(ctx context.Context, d heimdall.Deletion, objects []blob.Info) error {
	for _, o := range objects {
		if !r.DryRun {
			if err := r.Blobs.Delete(ctx, o.Key); err != nil {
				return fmt.Errorf("delete object %s: %w", o.Key, err)
			}
		}
		r.count(d, Result{Objects: 1, Bytes: o.Bytes})
	}
	if r.DryRun {
		r.count(d, Result{Acquisitions: 1, Rows: d.Rows})
		r.reckoned += d.RecordedBytes
	}
	return nil
}

// count notes what has gone with d, by the rule of the moment.
func (r *run) count(d heimdall.Deletion, o Result) {
	rule := cmp.Or(r.rule, ByPlan)
	t := r.tallies[rule]
	t.Rule = rule
	t.add(o)
	if o.Acquisitions > 0 {
		if t.OldestEnd.IsZero() || d.EndedAt.Before(t.OldestEnd) {
			t.OldestEnd = d.EndedAt
		}
		if d.EndedAt.After(t.NewestEnd) {
			t.NewestEnd = d.EndedAt
		}
	}
	if r.tallies == nil {
		r.tallies = map[Rule]Tally{}
	}
	r.tallies[rule] = t
	r.done.add(o)
}

// outcome is what has been counted so far.
func (r *run) outcome() Outcome {
	o := Outcome{Result: r.done, Rules: []Tally{}}
	for _, rule := range []Rule{ByPlan, ByAge, ByQuiet, ByQuota, ByFree, ByHand} {
		if t, ok := r.tallies[rule]; ok {
			o.Rules = append(o.Rules, t)
		}
	}
	return o
}

// objects are all that there are of an acquisition: those of its recordings, wherever they lie, and whatever else is
// in its folder.
func (r *run) objects(ctx context.Context, taskID string) ([]blob.Info, error) {
	_, captures, err := r.Store.Acquisition(ctx, taskID)
	if err != nil {
		return nil, err
	}
	folder := "sessions/" + taskID + "/"
	var out []blob.Info
	for info, err := range r.Blobs.List(ctx, folder) {
		if err != nil {
			return nil, fmt.Errorf("list objects of %s: %w", folder, err)
		}
		out = append(out, info)
	}
	for _, c := range captures {
		if c.Recording == nil {
			continue
		}
		for _, key := range []string{c.Recording.S3Path, c.Recording.MetadataPath()} {
			if strings.HasPrefix(key, folder) {
				continue // it was listed
			}
			info, err := r.Blobs.Stat(ctx, key)
			if errors.Is(err, blob.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("look for object %s: %w", key, err)
			}
			out = append(out, info)
		}
	}
	return out, nil
}
