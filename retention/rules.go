package retention

import (
	"context"
	"errors"
	"fmt"

	"github.com/heimdall-sdr/heimdall"
)

// deleteExpired applies the rules of age and value.
func (r *run) deleteExpired(ctx context.Context) error {
	if r.MaxAge > 0 {
		r.rule = ByAge
		f := heimdall.ExpiredFilter{Before: r.before(r.MaxAge)}
		if err := r.sweep(ctx, f, fmt.Sprintf("ended more than %v ago", r.MaxAge), r.isOld); err != nil {
			return err
		}
	}
	if r.MaxAgeQuiet > 0 {
		r.rule = ByQuiet
		f := heimdall.ExpiredFilter{Before: r.before(r.MaxAgeQuiet), Heard: true}
		isQuiet := func(d heimdall.Deletion) bool { return !r.isOld(d) && r.isQuiet(d) }
		if err := r.sweep(ctx, f, r.quietReason(), isQuiet); err != nil {
			return err
		}
	}
	return nil
}

// isOld is the rule of age.
func (r *run) isOld(d heimdall.Deletion) bool {
	return r.MaxAge > 0 && d.LatestAt.Before(r.before(r.MaxAge))
}

// isQuiet is the rule of value, of what was asked for with Heard. What has no recordings has its own value, to
// say why, and takes no room.
func (r *run) isQuiet(d heimdall.Deletion) bool {
	heard := d.Heard
	if r.QuietSNRdB != nil {
		heard = d.BestSNRdB != nil && *d.BestSNRdB >= *r.QuietSNRdB
	}
	return r.MaxAgeQuiet > 0 && d.RecordedBytes > 0 && !heard && d.LatestAt.Before(r.before(r.MaxAgeQuiet))
}

func (r *run) quietReason() string {
	if r.QuietSNRdB != nil {
		return fmt.Sprintf("ended more than %v ago, no SNR of %g dB or more", r.MaxAgeQuiet, *r.QuietSNRdB)
	}
	return fmt.Sprintf("ended more than %v ago, no signal detected", r.MaxAgeQuiet)
}

// sweep deletes of what f chooses all that goes. The cursor moves on in any case: what has failed is planned and
// waits for the next run, what stays need not be looked at again, and a dry run plans nothing.
func (r *run) sweep(ctx context.Context, f heimdall.ExpiredFilter, reason string, goes func(heimdall.Deletion) bool) error {
	all := candidates{store: r.Store, filter: f}
	for {
		var page []heimdall.Deletion
		for len(page) < pageSize {
			d, ok, err := all.next(ctx)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if goes(d) {
				page = append(page, d)
			}
		}
		err := r.delete(ctx, page, reason, func(plans []heimdall.Deletion) ([]heimdall.Deletion, error) { return r.planAll(ctx, plans) })
		if err != nil {
			return err
		}
		if len(page) < pageSize {
			return r.finish(ctx)
		}
	}
}

// planAll plans all but what somebody has come to hold since it was listed.
func (r *run) planAll(ctx context.Context, plans []heimdall.Deletion) (planned []heimdall.Deletion, err error) {
	if err := r.Store.PlanDeletion(ctx, plans); !errors.Is(err, heimdall.ErrConflict) {
		return plans, err
	}
	for _, p := range plans {
		err := r.Store.PlanDeletion(ctx, []heimdall.Deletion{p})
		if err == nil {
			planned = append(planned, p)
		} else if !errors.Is(err, heimdall.ErrConflict) {
			return planned, err
		}
	}
	return planned, nil
}

// deleteExcess applies the rules of quota and room.
func (r *run) deleteExcess(ctx context.Context) error {
	oldest := r.oldest()
	if r.MaxBytes > 0 {
		r.rule = ByQuota
		reason := fmt.Sprintf("recordings exceeded the quota of %d bytes", r.MaxBytes)
		if err := r.shrink(ctx, &oldest, r.MaxBytes, reason); err != nil {
			return err
		}
	}
	if r.MinFreeBytes == 0 {
		return nil
	}
	r.rule = ByFree
	maxBytes, short, err := r.fitting(ctx)
	if err != nil || !short {
		return err
	}
	if !r.DryRun { // which plans nothing, and so must not meet the same again
		oldest = r.oldest()
	}
	return r.shrink(ctx, &oldest, maxBytes, fmt.Sprintf("less than %d bytes were free", r.MinFreeBytes))
}

// oldest are all that may go, whatever their age. A dry run has to know which of them have gone by age or value.
func (r *run) oldest() candidates {
	return candidates{store: r.Store, filter: heimdall.ExpiredFilter{Heard: r.DryRun && r.MaxAgeQuiet > 0}}
}

// shrink deletes the oldest recordings until those that stay hold at most maxBytes.
func (r *run) shrink(ctx context.Context, oldest *candidates, maxBytes int64, reason string) error {
	for {
		total, err := r.Store.Recorded(ctx)
		if err != nil {
			return err
		}
		excess := total.Bytes - r.reckoned - maxBytes
		if excess <= 0 {
			return r.finish(ctx)
		}
		page, err := r.take(ctx, oldest, excess)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			r.Log.Warn("more is recorded than may be kept, but nothing more may be deleted: it is held, or has not ended",
				"rule", r.rule, "excess_bytes", excess, "held_bytes", total.HeldBytes)
			return r.finish(ctx)
		}
		err = r.delete(ctx, page, reason, func(plans []heimdall.Deletion) ([]heimdall.Deletion, error) {
			return r.Store.PlanExcess(ctx, plans, maxBytes)
		})
		if err != nil {
			return err
		}
	}
}

// take takes a page of recordings, or as many as hold excess.
func (r *run) take(ctx context.Context, oldest *candidates, excess int64) (page []heimdall.Deletion, err error) {
	for len(page) < pageSize && excess > 0 {
		d, ok, err := oldest.next(ctx)
		if !ok || err != nil {
			return page, err
		}
		if d.RecordedBytes == 0 || r.DryRun && (r.isOld(d) || r.isQuiet(d)) {
			continue
		}
		page = append(page, d)
		excess -= d.RecordedBytes
	}
	return page, nil
}

// fitting is how much recordings may hold so that enough room is free, and whether less is now. What is planned
// counts as free. Rows and room are read as of one moment, or else another process would seem to have deleted
// nothing, or twice as much.
func (r *run) fitting(ctx context.Context) (maxBytes int64, short bool, err error) {
	const tries = 5
	for try := 1; ; try++ {
		before, err := r.Store.Recorded(ctx)
		if err != nil {
			return 0, false, err
		}
		free, err := r.Free()
		if err != nil {
			return 0, false, fmt.Errorf("ask how much room is free: %w", err)
		}
		after, err := r.Store.Recorded(ctx)
		if err != nil {
			return 0, false, err
		}
		if before != after {
			if try < tries {
				continue
			}
			return 0, false, nil // busy: the next look at it is soon
		}
		missing := r.MinFreeBytes - free - before.PlannedBytes - r.reckoned
		if missing <= 0 {
			return 0, false, nil
		}
		if !r.DryRun {
			r.Log.Warn("room for recordings runs out: the oldest go", "free_bytes", free, "wanted_bytes", r.MinFreeBytes, "missing_bytes", missing)
		}
		return max(0, before.Bytes-r.reckoned-missing), true, nil
	}
}

// candidates are the acquisitions that a filter chooses, one after the other, of which a page is held.
type candidates struct {
	store  Store
	filter heimdall.ExpiredFilter
	page   []heimdall.Deletion
	ended  bool
}

func (c *candidates) next(ctx context.Context) (d heimdall.Deletion, ok bool, err error) {
	if len(c.page) == 0 && !c.ended {
		c.filter.Limit = pageSize
		if c.page, err = c.store.ExpiredAcquisitions(ctx, c.filter); err != nil {
			return d, false, err
		}
		c.ended = len(c.page) < pageSize
	}
	if len(c.page) == 0 {
		return d, false, nil
	}
	d, c.page = c.page[0], c.page[1:]
	c.filter.AfterEnd, c.filter.AfterTaskID = d.EndedAt, d.TaskID
	return d, true, nil
}
