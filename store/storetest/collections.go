package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// A CollectionStore knows which acquisitions are described among the objects, and which recordings are lost.
type CollectionStore interface {
	// Uncollected returns a page of the acquisitions that have ended and whose collection is to be written.
	Uncollected(ctx context.Context, afterTaskID string, limit int) ([]string, error)
	// Collected returns a page of those whose collection is there.
	Collected(ctx context.Context, afterTaskID string, limit int) ([]string, error)
	// SetCollected notes that the collection of an acquisition that has ended is there, or that it is not. One that is
	// going to be deleted is heimdall.ErrNotFound like one that has been.
	SetCollected(ctx context.Context, taskID string, collected bool) error
	// NoteLoss gives a success another reason: that its recording has been lost since, or, once it is found again, the
	// one before. Its measurement stands.
	NoteLoss(ctx context.Context, taskID string, websdrID int64, reason string) error
}

var collections = []promise{
	{"an acquisition is uncollected from its end until its collection is noted", collectedOnce},
	{"nothing is to be collected of what was imported or is going to be deleted", collectedNever},
	{"a lost recording says so, and keeps its measurement", lossNoted},
}

func collectionCalls(s Store, job *acquire.Job) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Uncollected":  func(ctx context.Context) error { _, err := s.Uncollected(ctx, "", 1); return err },
		"Collected":    func(ctx context.Context) error { _, err := s.Collected(ctx, "", 1); return err },
		"SetCollected": func(ctx context.Context) error { return s.SetCollected(ctx, job.TaskID, true) },
		"NoteLoss":     func(ctx context.Context) error { return s.NoteLoss(ctx, job.TaskID, 1, "lost") },
	}
}

// wantCollected checks both lists, page by page.
func wantCollected(t *testing.T, s Store, uncollected, collected []string) {
	t.Helper()
	for _, list := range []struct {
		what string
		page func(context.Context, string, int) ([]string, error)
		want []string
	}{{"uncollected", s.Uncollected, uncollected}, {"collected", s.Collected, collected}} {
		got, after := []string{}, ""
		for {
			page, err := list.page(t.Context(), after, 1)
			ok(t, err)
			if len(page) == 0 {
				break
			}
			got, after = append(got, page...), page[0]
		}
		slices.Sort(list.want)
		same(t, list.what, got, append([]string{}, list.want...))
	}
}

func collectedOnce(t *testing.T, s Store) {
	first, open := claimed(t, s, 1), claimed(t, s, 1)
	wantErr(t, s.SetCollected(t.Context(), open.TaskID, true), heimdall.ErrNotFound)
	wantErr(t, s.SetCollected(t.Context(), newID(), true), heimdall.ErrNotFound)
	finish(t, s, first, heimdall.Success)
	cancelled := create(t, s, aRequest(createWebSDRs(t, s, 1)...))
	_, err := s.CancelAcquisition(t.Context(), cancelled.TaskID)
	ok(t, err)
	wantCollected(t, s, []string{first.TaskID, cancelled.TaskID}, nil)
	ok(t, s.SetCollected(t.Context(), first.TaskID, true))
	ok(t, s.SetCollected(t.Context(), first.TaskID, true))
	wantCollected(t, s, []string{cancelled.TaskID}, []string{first.TaskID})
	ok(t, s.SetCollected(t.Context(), first.TaskID, false))
	wantCollected(t, s, []string{first.TaskID, cancelled.TaskID}, nil)
	_, err = s.Uncollected(t.Context(), "", 0)
	wantInvalid(t, err, "limit")
}

func collectedNever(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	importRows(t, s, []heimdall.ImportedMeasurement{imported("task 1", ids[0], importTime)}, 1, 0, 0)
	wantCollected(t, s, nil, nil)
	job := claimed(t, s, 1)
	finish(t, s, job, heimdall.Failed)
	ok(t, s.PlanDeletion(t.Context(), []heimdall.Deletion{{TaskID: job.TaskID, Reason: "a test"}}))
	wantCollected(t, s, nil, nil)
	wantErr(t, s.SetCollected(t.Context(), job.TaskID, true), heimdall.ErrNotFound)
	wantCollected(t, s, nil, nil)
}

func lossNoted(t *testing.T, s Store) {
	job := claimed(t, s, 2)
	finish(t, s, job, heimdall.Success, heimdall.Failed)
	good, bad := job.Captures[0], job.Captures[1]
	ok(t, s.NoteLoss(t.Context(), good.TaskID, good.WebSDRID, "recording lost: it was cut"))
	got, err := s.Capture(t.Context(), good.TaskID, good.WebSDRID)
	ok(t, err)
	good.Reason, good.NextAttemptAt = "recording lost: it was cut", time.Time{}
	same(t, "the capture", got, good)
	list, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	ok(t, err)
	same(t, "measurements", len(list), 1)
	wantErr(t, s.NoteLoss(t.Context(), bad.TaskID, bad.WebSDRID, "lost"), heimdall.ErrNotFound)
	wantErr(t, s.NoteLoss(t.Context(), newID(), bad.WebSDRID, "lost"), heimdall.ErrNotFound)
}
