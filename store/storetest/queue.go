package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

var queue = []promise{
	{"an empty queue is ErrNoWork", emptyQueue},
	{"a claim carries the acquisition and its captures", claimCarries},
	{"the oldest is claimed first", oldestFirst},
	{"two workers never hold one acquisition (64 goroutines)", neverTwoHolders},
	{"a lease in force is respected, also when it was renewed", leaseRespected},
	{"an expired lease is claimed again, under a greater fence", expiredLease},
	{"an expired lease that nobody else took still holds", expiredUnclaimed},
	{"a start ahead is not claimed before its time", startAhead},
	{"a late call of a worker that lost its lease is ErrLost and changes nothing", lateCalls},
	{"an acquisition handed back is pending with its captures, and claimed again", handBack},
	{"the window is recorded", windowRecorded},
	{"an acquisition ends only when its captures have, and with their outcome", endsWithOutcome},
	{"finishing and handing back may be repeated", repeatedEnds},
	{"an ended acquisition is never claimed again", endedStays},
	{"Wait returns at once after a create, a release or a cancel before it", waitAfter},
	{"Wait is woken by a create", waitWoken},
	{"several creates wake as many workers, even if nobody waited when they came", waitAll},
	{"Wait returns after poll, and when its context is cancelled", waitPoll},
}

func emptyQueue(t *testing.T, s Store) {
	_, err := s.Claim(t.Context(), "worker", aLease, 0)
	wantErr(t, err, heimdall.ErrNoWork)
}

func claimCarries(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 3)
	a := create(t, s, aRequest(ids[1], ids[0], ids[2]))
	job := claim(t, s)
	if job.Worker != "worker" || job.Fence <= 0 {
		t.Errorf("the lease is %+v", job.Lease)
	}
	got, list, err := s.Acquisition(t.Context(), a.TaskID)
	ok(t, err)
	same(t, "acquisition", job.Acquisition, got)
	same(t, "captures", job.Captures, list)
	if got.State != heimdall.Running || got.Claims != 1 || got.StartedAt.IsZero() {
		t.Errorf("claimed it is %+v", got)
	}
}

func oldestFirst(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	var want, got []string
	for range 5 {
		want = append(want, create(t, s, aRequest(ids...)).TaskID)
	}
	for range want {
		got = append(got, claim(t, s).TaskID)
	}
	same(t, "order of claims", got, want)
}

func neverTwoHolders(t *testing.T, s Store) {
	const workers = 64
	jobs := 200
	if raceEnabled {
		jobs = 20
	}
	ids := createWebSDRs(t, s, 1)
	for range jobs {
		create(t, s, aRequest(ids...))
	}
	var mu sync.Mutex
	holder := make(map[string]string)
	ended := make(map[string]int)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			for {
				worker := fmt.Sprint("worker ", i)
				job, err := s.Claim(t.Context(), worker, aLease, 0)
				if errors.Is(err, heimdall.ErrNoWork) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if other, held := holder[job.TaskID]; held {
					t.Errorf("%s and %s hold %s", other, worker, job.TaskID)
				}
				holder[job.TaskID] = worker
				mu.Unlock()

				c := job.Captures[0]
				c.State = heimdall.Failed
				err = s.FinishCapture(t.Context(), job.Lease, c, nil)

				mu.Lock()
				delete(holder, job.TaskID)
				ended[job.TaskID]++
				mu.Unlock()
				if err := errors.Join(err, s.FinishAcquisition(t.Context(), job.Lease, heimdall.Failed, "test")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if len(ended) != jobs {
		t.Errorf("%d of %d acquisitions were claimed", len(ended), jobs)
	}
	for id, n := range ended {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
}

func startAhead(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	later := aRequest(ids...)
	later.StartAt = time.Now().Add(time.Hour)
	a := create(t, s, later)
	_, err := s.Claim(t.Context(), "worker", aLease, 30*time.Minute)
	wantErr(t, err, heimdall.ErrNoWork)
	now := create(t, s, aRequest(ids...))
	if job := claim(t, s); job.TaskID != now.TaskID {
		t.Errorf("claimed %s, which is not due", job.TaskID)
	}
	job, err := s.Claim(t.Context(), "worker", aLease, 2*time.Hour)
	ok(t, err)
	if job.TaskID != a.TaskID {
		t.Errorf("claimed %s, want %s, which is due", job.TaskID, a.TaskID)
	}
}

func handBack(t *testing.T, s Store) {
	job := claimed(t, s, 3)
	failed := job.Captures[0]
	failed.State, failed.FailureClass = heimdall.Failed, heimdall.FailBusy
	ok(t, s.FinishCapture(t.Context(), job.Lease, failed, nil))
	ok(t, s.Release(t.Context(), job.Lease))
	a, list, err := s.Acquisition(t.Context(), job.TaskID)
	ok(t, err)
	if a.State != heimdall.Pending {
		t.Errorf("handed back it is %s", a.State)
	}
	for i, want := range []heimdall.State{heimdall.Failed, heimdall.Pending, heimdall.Pending} {
		if list[i].State != want {
			t.Errorf("capture %d is %s, want %s", i, list[i].State, want)
		}
	}
	again := claim(t, s)
	if again.TaskID != job.TaskID || again.Fence <= job.Fence {
		t.Errorf("claimed %+v after %+v was handed back", again.Lease, job.Lease)
	}
	_, err = s.Extend(t.Context(), job.Lease, aLease)
	wantErr(t, err, heimdall.ErrLost)
}

func windowRecorded(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	ok(t, s.SetWindow(t.Context(), job.Lease, aTime))
	ok(t, s.SetWindow(t.Context(), job.Lease, aTime))
	a, _, err := s.Acquisition(t.Context(), job.TaskID)
	ok(t, err)
	same(t, "window", a.WindowStart, aTime.Truncate(time.Microsecond))
}

func endsWithOutcome(t *testing.T, s Store) {
	job := claimed(t, s, 2)
	end := func(state heimdall.State) error {
		return s.FinishAcquisition(t.Context(), job.Lease, state, "why")
	}
	c, m := succeeded(job.Captures[0])
	ok(t, s.FinishCapture(t.Context(), job.Lease, c, m))
	wantErr(t, end(heimdall.Partial), heimdall.ErrConflict)
	c = job.Captures[1]
	c.State = heimdall.Failed
	ok(t, s.FinishCapture(t.Context(), job.Lease, c, nil))
	for _, wrong := range []heimdall.State{heimdall.Success, heimdall.Failed, heimdall.Cancelled, heimdall.Running, heimdall.Pending, ""} {
		wantInvalid(t, end(wrong), "state")
	}
	ok(t, end(heimdall.Partial))
	a, _, err := s.Acquisition(t.Context(), job.TaskID)
	ok(t, err)
	if a.State != heimdall.Partial || a.Reason != "why" || a.EndedAt.IsZero() {
		t.Errorf("ended it is %+v", a)
	}
}

func repeatedEnds(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	ok(t, s.Release(t.Context(), job.Lease))
	ok(t, s.Release(t.Context(), job.Lease))
	job = running(t, s, claim(t, s))
	finish(t, s, job, heimdall.Success)
	before, _, err := s.Acquisition(t.Context(), job.TaskID)
	ok(t, err)
	ok(t, s.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, "again"))
	after, _, err := s.Acquisition(t.Context(), job.TaskID)
	ok(t, err)
	same(t, "after the repeat", after, before)
}

func endedStays(t *testing.T, s Store) {
	for _, state := range []heimdall.State{heimdall.Success, heimdall.Failed, heimdall.Cancelled} {
		finish(t, s, claimed(t, s, 1), state)
		_, err := s.Claim(t.Context(), "worker", aLease, 24*time.Hour)
		wantErr(t, err, heimdall.ErrNoWork)
	}
}
