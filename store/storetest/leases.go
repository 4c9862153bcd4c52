package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

func leaseRespected(t *testing.T, s Store) {
	create(t, s, aRequest(createWebSDRs(t, s, 1)...))
	job, err := s.Claim(t.Context(), "short", 0, 0)
	ok(t, err)
	_, err = s.Extend(t.Context(), job.Lease, aLease)
	ok(t, err)
	_, err = s.Claim(t.Context(), "other", aLease, 0)
	wantErr(t, err, heimdall.ErrNoWork)
}

func expiredLease(t *testing.T, s Store) {
	create(t, s, aRequest(createWebSDRs(t, s, 1)...))
	first, err := s.Claim(t.Context(), "first", 0, 0)
	ok(t, err)
	second, err := s.Claim(t.Context(), "second", aLease, 0)
	ok(t, err)
	if second.TaskID != first.TaskID || second.Fence <= first.Fence {
		t.Errorf("claimed %+v after %+v", second.Lease, first.Lease)
	}
	if a := second.Acquisition; a.Claims != 2 || !a.StartedAt.Equal(first.Acquisition.StartedAt) {
		t.Errorf("claimed again it is %+v, want 2 claims and the first start %v", a, first.Acquisition.StartedAt)
	}
}

func expiredUnclaimed(t *testing.T, s Store) {
	create(t, s, aRequest(createWebSDRs(t, s, 1)...))
	job, err := s.Claim(t.Context(), "slow", 0, 0)
	ok(t, err)
	running(t, s, job)
	finish(t, s, job, heimdall.Success)
}

// lateWrites are all the writes of a worker that it must not make once it has lost its lease.
func lateWrites(s Store, job *acquire.Job) map[string]func(context.Context) error {
	c := job.Captures[0]
	c.State = heimdall.Running
	c.Attempts = 99
	done, m := succeeded(c)
	return map[string]func(context.Context) error{
		"Extend":            func(ctx context.Context) error { _, err := s.Extend(ctx, job.Lease, aLease); return err },
		"SetWindow":         func(ctx context.Context) error { return s.SetWindow(ctx, job.Lease, aTime) },
		"SaveProgress":      func(ctx context.Context) error { return s.SaveProgress(ctx, job.Lease, []heimdall.Capture{c}) },
		"FinishCapture":     func(ctx context.Context) error { return s.FinishCapture(ctx, job.Lease, done, m) },
		"FinishAcquisition": func(ctx context.Context) error { return s.FinishAcquisition(ctx, job.Lease, heimdall.Success, "") },
		"Release":           func(ctx context.Context) error { return s.Release(ctx, job.Lease) },
	}
}

func lateCalls(t *testing.T, s Store) {
	create(t, s, aRequest(createWebSDRs(t, s, 1)...))
	lost, err := s.Claim(t.Context(), "lost", 0, 0)
	ok(t, err)
	running(t, s, lost)
	holder := claim(t, s)

	wantA, wantCs, err := s.Acquisition(t.Context(), lost.TaskID)
	ok(t, err)
	unknown := *lost
	unknown.TaskID = newID()
	for i := range unknown.Captures {
		unknown.Captures = slices.Clone(unknown.Captures)
		unknown.Captures[i].TaskID = unknown.TaskID
	}
	for name, call := range lateWrites(s, lost) {
		if err := call(t.Context()); !errors.Is(err, heimdall.ErrLost) {
			t.Errorf("%s under a lost lease: %v, want ErrLost", name, err)
		}
	}
	for name, call := range lateWrites(s, &unknown) {
		if err := call(t.Context()); !errors.Is(err, heimdall.ErrLost) {
			t.Errorf("%s under no lease at all: %v, want ErrLost", name, err)
		}
	}
	gotA, gotCs, err := s.Acquisition(t.Context(), lost.TaskID)
	ok(t, err)
	same(t, "acquisition after the late calls", gotA, wantA)
	same(t, "captures after the late calls", gotCs, wantCs)

	finish(t, s, holder, heimdall.Failed)
	for name, call := range lateWrites(s, holder) { // given up is lost, too
		if err := call(t.Context()); !errors.Is(err, heimdall.ErrLost) {
			t.Errorf("%s after the end: %v, want ErrLost", name, err)
		}
	}
}
