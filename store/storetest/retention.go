package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

var retentions = []promise{
	{"what ended before the limit has expired, oldest end first, page by page", expiredPages},
	{"what has not ended, or has a capture or a recording of after the limit, has not expired", notExpired},
	{"a plan is journalled with its rows, objects and bytes, and a second plan changes nothing", planJournals},
	{"of plans one of which is not possible none is made", planAllOrNone},
	{"what is planned has not expired any more, and is listed in order of id, page by page", plannedPages},
	{"finishing deletes all rows of an acquisition and none of another's", finishDeletes},
	{"without a plan nothing is deleted", finishUnplanned},
	{"of calls that finish at once each deletion is one's", finishDeletionAtOnce},
	{"answers over whole hours stay when rows go, and ragged ends say that rows are gone", answersStay},
	{"an hour some of whose rows are gone still takes new captures and new metrics", partlyGone},
	{"a WebSDR that only rollups remember is not deleted", rememberedWebSDR},
	{"a key of a deleted acquisition may be used again, and its id is not found", goneIsGone},
	{"room is reclaimed, also when there is none", reclaim},
}

func retentionCalls(s Store, job *acquire.Job) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"ExpiredAcquisitions": func(ctx context.Context) error {
			_, err := s.ExpiredAcquisitions(ctx, heimdall.ExpiredFilter{Before: never, Limit: 1})
			return err
		},
		"PlanDeletion": func(ctx context.Context) error {
			return s.PlanDeletion(ctx, []heimdall.Deletion{{TaskID: job.TaskID}})
		},
		"PlannedDeletions": func(ctx context.Context) error { _, err := s.PlannedDeletions(ctx, "", 1); return err },
		"FinishDeletion":   func(ctx context.Context) error { _, err := s.FinishDeletion(ctx, []string{job.TaskID}); return err },
		"Deletion":         func(ctx context.Context) error { _, err := s.Deletion(ctx, job.TaskID); return err },
		"Deletions": func(ctx context.Context) error {
			_, err := s.Deletions(ctx, heimdall.DeletionFilter{Limit: 1})
			return err
		},
		"Recorded":           func(ctx context.Context) error { _, err := s.Recorded(ctx); return err },
		"PlanExcess":         func(ctx context.Context) error { _, err := s.PlanExcess(ctx, nil, 0); return err },
		"HoldAcquisition":    func(ctx context.Context) error { return s.HoldAcquisition(ctx, job.TaskID, aHold) },
		"ReleaseAcquisition": func(ctx context.Context) error { return s.ReleaseAcquisition(ctx, job.TaskID) },
		"Reclaim":            s.Reclaim,
	}
}

// never is after everything that a test does has ended, whatever its clock says.
var never = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

func expired(t *testing.T, s Store, before time.Time) []heimdall.Deletion {
	t.Helper()
	list, err := s.ExpiredAcquisitions(t.Context(), heimdall.ExpiredFilter{Before: before, Limit: heimdall.MaxPage})
	ok(t, err)
	return list
}

func idsOf(list []heimdall.Deletion) []string {
	out := []string{}
	for _, d := range list {
		out = append(out, d.TaskID)
	}
	return out
}

// remove plans and finishes.
func remove(t *testing.T, s Store, list []heimdall.Deletion) {
	t.Helper()
	ok(t, s.PlanDeletion(t.Context(), list))
	done, err := s.FinishDeletion(t.Context(), idsOf(list))
	ok(t, err)
	want := idsOf(list)
	slices.Sort(want)
	same(t, "deleted by this call", idsOf(done), want)
}

func expiredPages(t *testing.T, s Store) {
	play(t, s, scenes)
	all := expired(t, s, never)
	as, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	same(t, "expired acquisitions", len(all), len(as))
	for i, d := range all {
		same(t, "as listed", d, naiveExpired(t, s, d.TaskID, false))
		if i > 0 && d.EndedAt.Before(all[i-1].EndedAt) {
			t.Errorf("%v comes after %v", d.EndedAt, all[i-1].EndedAt)
		}
	}
	var got []heimdall.Deletion
	for f := (heimdall.ExpiredFilter{Before: never, Limit: 5}); ; {
		page, err := s.ExpiredAcquisitions(t.Context(), f)
		ok(t, err)
		got = append(got, page...)
		if len(page) < f.Limit {
			break
		}
		f.AfterEnd, f.AfterTaskID = page[f.Limit-1].EndedAt, page[f.Limit-1].TaskID
	}
	same(t, "on all pages", got, all)
	for _, limit := range []int{0, heimdall.MaxPage + 1} {
		_, err := s.ExpiredAcquisitions(t.Context(), heimdall.ExpiredFilter{Before: never, Limit: limit})
		wantInvalid(t, err, "limit")
		_, err = s.PlannedDeletions(t.Context(), "", limit)
		wantInvalid(t, err, "limit")
	}
}

func notExpired(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	old := playScene(t, s, ids, 0, scene{"", 7_074_000, 0, []heimdall.State{won, lost}})
	ended := expired(t, s, never)[0].EndedAt
	same(t, "at the limit itself", expired(t, s, ended), []heimdall.Deletion{})
	same(t, "just after the limit", idsOf(expired(t, s, ended.Add(1))), []string{old.TaskID})

	limit := never.AddDate(-1, 0, 0)
	playScene(t, s, ids, 0, scene{"a recording of later", 7_074_000, limit.Sub(season), []heimdall.State{won}})
	playScene(t, s, ids, 0, scene{"a failure of later", 7_074_000, limit.Sub(season) + time.Second, []heimdall.State{lost}})
	create(t, s, aRequest(ids[0]))
	claim(t, s) // running
	create(t, s, aRequest(ids[0]))
	same(t, "expired", idsOf(expired(t, s, limit)), []string{old.TaskID})
}

func planJournals(t *testing.T, s Store) {
	play(t, s, scenes[:1])
	d := expired(t, s, never)[0]
	_, err := s.Deletion(t.Context(), d.TaskID)
	wantErr(t, err, heimdall.ErrNotFound)
	d = heimdall.Deletion{TaskID: d.TaskID, EndedAt: d.EndedAt, Rows: d.Rows, Reason: "too old", Objects: 4, Bytes: 2000}
	ok(t, s.PlanDeletion(t.Context(), []heimdall.Deletion{d}))
	got, err := s.Deletion(t.Context(), d.TaskID)
	ok(t, err)
	if got.PlannedAt.IsZero() || !got.DoneAt.IsZero() {
		t.Errorf("the plan is %+v", got)
	}
	d.PlannedAt = got.PlannedAt
	same(t, "plan", got, d)

	ok(t, s.PlanDeletion(t.Context(), []heimdall.Deletion{{TaskID: d.TaskID, Reason: "again", Objects: 9}}))
	got, err = s.Deletion(t.Context(), d.TaskID)
	ok(t, err)
	same(t, "plan after another", got, d)
	done, err := s.FinishDeletion(t.Context(), []string{d.TaskID})
	ok(t, err)
	ok(t, s.PlanDeletion(t.Context(), []heimdall.Deletion{{TaskID: d.TaskID, Reason: "again"}}))
	got, err = s.Deletion(t.Context(), d.TaskID)
	ok(t, err)
	if got.DoneAt.IsZero() {
		t.Error("what is done has no time")
	}
	d.DoneAt = got.DoneAt
	same(t, "journal in the end", got, d)
	same(t, "what was done", done, []heimdall.Deletion{d})
}

func planAllOrNone(t *testing.T, s Store) {
	ids := play(t, s, scenes[:1])
	fine := expired(t, s, never)[0]
	pending := create(t, s, aRequest(ids[0]))
	wantErr(t, s.PlanDeletion(t.Context(), []heimdall.Deletion{fine, {TaskID: pending.TaskID}}), heimdall.ErrConflict)
	claim(t, s)
	wantErr(t, s.PlanDeletion(t.Context(), []heimdall.Deletion{fine, {TaskID: pending.TaskID}}), heimdall.ErrConflict)
	wantErr(t, s.PlanDeletion(t.Context(), []heimdall.Deletion{fine, {TaskID: newID()}}), heimdall.ErrNotFound)
	planned, err := s.PlannedDeletions(t.Context(), "", 10)
	ok(t, err)
	same(t, "planned", planned, []heimdall.Deletion{})
}

func plannedPages(t *testing.T, s Store) {
	play(t, s, scenes[:7])
	all := expired(t, s, never)
	ok(t, s.PlanDeletion(t.Context(), all[:6]))
	same(t, "expired", idsOf(expired(t, s, never)), idsOf(all[6:]))
	want := idsOf(all[:6])
	slices.Sort(want)
	got, after := []string{}, ""
	for {
		page, err := s.PlannedDeletions(t.Context(), after, 4)
		ok(t, err)
		got = append(got, idsOf(page)...)
		if len(page) < 4 {
			break
		}
		after = page[3].TaskID
	}
	same(t, "planned", got, want)
	_, err := s.FinishDeletion(t.Context(), want[1:])
	ok(t, err)
	left, err := s.PlannedDeletions(t.Context(), "", 10)
	ok(t, err)
	same(t, "planned after all but one are done", idsOf(left), want[:1])
}

func finishDeletes(t *testing.T, s Store) {
	play(t, s, scenes[:6])
	before := allEnded(t, s)
	all := expired(t, s, never)
	going := all[1:4]
	remove(t, s, going)
	want := slices.DeleteFunc(before, func(e ended) bool { return slices.Contains(idsOf(going), e.TaskID) })
	if diff := cmp.Diff(want, allEnded(t, s), cmp.AllowUnexported(ended{})); diff != "" {
		t.Errorf("rows that stay (-want +got):\n%s", diff)
	}
	for _, d := range going {
		_, _, err := s.Acquisition(t.Context(), d.TaskID)
		wantErr(t, err, heimdall.ErrNotFound)
	}
	done, err := s.FinishDeletion(t.Context(), idsOf(going))
	ok(t, err)
	same(t, "deleted by a repeat", done, []heimdall.Deletion{})
	done, err = s.FinishDeletion(t.Context(), nil)
	ok(t, err)
	same(t, "deleted of nothing", done, []heimdall.Deletion{})
}

func finishUnplanned(t *testing.T, s Store) {
	play(t, s, scenes[:2])
	all := expired(t, s, never)
	ok(t, s.PlanDeletion(t.Context(), all[:1]))
	_, err := s.FinishDeletion(t.Context(), idsOf(all))
	wantErr(t, err, heimdall.ErrConflict)
	for _, d := range all {
		_, _, err := s.Acquisition(t.Context(), d.TaskID)
		ok(t, err)
	}
	planned, err := s.PlannedDeletions(t.Context(), "", 10)
	ok(t, err)
	same(t, "planned", idsOf(planned), idsOf(all[:1]))
}

func finishDeletionAtOnce(t *testing.T, s Store) {
	play(t, s, scenes)
	all := expired(t, s, never)
	var mutex sync.Mutex
	got := []string{}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := s.PlanDeletion(t.Context(), all); err != nil {
				t.Error(err)
			}
			done, err := s.FinishDeletion(t.Context(), idsOf(all))
			if err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			got = append(got, idsOf(done)...)
		})
	}
	group.Wait()
	want := idsOf(all)
	slices.Sort(want)
	slices.Sort(got)
	same(t, "deleted by all calls together", got, want)
}

func reclaim(t *testing.T, s Store) {
	ok(t, s.Reclaim(t.Context()))
	play(t, s, scenes)
	remove(t, s, expired(t, s, never))
	ok(t, s.Reclaim(t.Context()))
	ok(t, s.Reclaim(t.Context()))
	play(t, s, scenes)
}
