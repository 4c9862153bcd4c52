package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func cancelPending(t *testing.T, s Store) {
	a := create(t, s, aRequest(createWebSDRs(t, s, 2)...))
	got, err := s.CancelAcquisition(t.Context(), a.TaskID)
	ok(t, err)
	if got.State != heimdall.Cancelled || got.EndedAt.IsZero() || got.Reason == "" {
		t.Errorf("cancelled while pending it is %+v", got)
	}
	_, list, err := s.Acquisition(t.Context(), a.TaskID)
	ok(t, err)
	for _, c := range list {
		if c.State != heimdall.Cancelled || c.EndedAt.IsZero() || c.Reason == "" {
			t.Errorf("its capture is %+v", c)
		}
	}
	_, err = s.Claim(t.Context(), "worker", aLease, 0)
	wantErr(t, err, heimdall.ErrNoWork)
}

func cancelRunning(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	asked, err := s.Extend(t.Context(), job.Lease, aLease)
	ok(t, err)
	if asked {
		t.Error("cancellation is seen before it was asked for")
	}
	cancellations := func(worker string, want ...string) {
		t.Helper()
		got, err := s.Cancellations(t.Context(), worker)
		ok(t, err)
		if !slices.Equal(got, want) {
			t.Errorf("the cancellations of worker %q are %v, want %v", worker, got, want)
		}
	}
	cancellations(job.Worker)
	for range 2 { // asking twice is asking once
		got, err := s.CancelAcquisition(t.Context(), job.TaskID)
		ok(t, err)
		if got.State != heimdall.Running || !got.CancelRequested {
			t.Errorf("asked to cancel it is %+v", got)
		}
	}
	asked, err = s.Extend(t.Context(), job.Lease, aLease)
	ok(t, err)
	if !asked {
		t.Error("cancellation is not seen")
	}
	cancellations(job.Worker, job.TaskID)
	cancellations("another")
	finish(t, s, job, heimdall.Cancelled)
	cancellations(job.Worker)
}

func cancelEnded(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	finish(t, s, job, heimdall.Failed)
	_, err := s.CancelAcquisition(t.Context(), job.TaskID)
	wantErr(t, err, heimdall.ErrConflict)
	a, _, err := s.Acquisition(t.Context(), job.TaskID)
	ok(t, err)
	if a.State != heimdall.Failed || a.CancelRequested {
		t.Errorf("after the refusal it is %+v", a)
	}
}

func cancelHandedBack(t *testing.T, s Store) {
	later := aRequest(createWebSDRs(t, s, 2)...)
	later.StartAt = time.Now().Add(time.Hour) // the wish is due before the window
	create(t, s, later)
	job, err := s.Claim(t.Context(), "early", aLease, 2*time.Hour)
	ok(t, err)
	c, m := succeeded(running(t, s, job).Captures[0])
	ok(t, s.FinishCapture(t.Context(), job.Lease, c, m))
	ok(t, s.Release(t.Context(), job.Lease))
	a, err := s.CancelAcquisition(t.Context(), job.TaskID)
	ok(t, err)
	if a.State != heimdall.Pending || !a.CancelRequested {
		t.Errorf("it is %+v, want pending with the wish to cancel", a)
	}
	job = claim(t, s)
	if !job.Acquisition.CancelRequested || job.Captures[0].State != heimdall.Success || job.Captures[1].State != heimdall.Pending {
		t.Errorf("the next worker is given %+v", job)
	}
	finish(t, s, job, heimdall.Success, heimdall.Cancelled)
	a, _, err = s.Acquisition(t.Context(), job.TaskID)
	ok(t, err)
	if a.State != heimdall.Partial {
		t.Errorf("it ended as %s, want partial", a.State)
	}
}
