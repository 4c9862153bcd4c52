package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

var hosts = []promise{
	{"one acquisition asks each host once: two WebSDRs of one are refused, and of all there are it takes the first", askedOnce},
	{"two acquisitions of one host are not claimed at a time, whatever the WebSDR", oneOfAHost},
	{"a host given back can be claimed before the acquisition ends", hostReturned},
	{"handing back gives all hosts back", hostsReleased},
	{"a hold under a lost lease counts for nothing, and cannot be given back for its successor", lostHold},
	{"a lease that ran out is lost with a host that somebody else took", lapsedHold},
	{"one that needs many hosts is not overtaken on any of them", manyHosts},
	{"one that is only to be ended needs no host", endNeedsNoHost},
	{"a host taken for something else is not claimed until it is freed or its time is over", takenHost},
	{"a host of an acquisition cannot be taken for something else", claimedHost},
	{"of many workers at a time no two hold one host (16 goroutines)", neverOneHostTwice},
}

func askedOnce(t *testing.T, s Store) {
	one := createWebSDR(t, s, aHost("one", "http://kiwi.example:8073"))
	two := createWebSDR(t, s, aHost("two", "ws://KIWI.example:8073/other"))
	three := createWebSDR(t, s, aHost("three", "http://kiwi.example:8074"))
	_, _, err := s.CreateAcquisition(t.Context(), aRequest(three.ID, two.ID, one.ID))
	wantInvalid(t, err, "websdrs")
	create(t, s, aRequest(three.ID, two.ID))
	known, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
	ok(t, err)
	same(t, "of all", heimdall.Tunable(7_074_000, known), []int64{one.ID, three.ID})
}

func oneOfAHost(t *testing.T, s Store) {
	one := createWebSDR(t, s, aHost("one", "http://kiwi.example:8073"))
	two := createWebSDR(t, s, aHost("two", "ws://KIWI.example:8073/other"))
	three := createWebSDR(t, s, aHost("three", "http://kiwi.example:8074"))
	a, b, c := create(t, s, aRequest(one.ID)), create(t, s, aRequest(two.ID)), create(t, s, aRequest(three.ID))
	job := wantClaims(t, s, a.TaskID, c.TaskID)[0]
	wantNoWork(t, s)
	finish(t, s, job, heimdall.Failed)
	wantClaims(t, s, b.TaskID)
}

func hostReturned(t *testing.T, s Store) {
	ids := createHosts(t, s, 2)
	ws, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{IDs: ids})
	ok(t, err)
	create(t, s, aRequest(ids...))
	first, second := create(t, s, aRequest(ids[0])), create(t, s, aRequest(ids[1]))
	job := claim(t, s)
	for range 2 {
		ok(t, s.ReturnHost(t.Context(), job.Lease, ws[0].Host()))
	}
	wantClaims(t, s, first.TaskID)
	wantNoWork(t, s)
	ok(t, s.ReturnHost(t.Context(), job.Lease, ws[0].Host())) // by now it is another's
	create(t, s, aRequest(ids[0]))
	wantNoWork(t, s)
	finish(t, s, job, heimdall.Failed, heimdall.Failed)
	wantClaims(t, s, second.TaskID)
}

func hostsReleased(t *testing.T, s Store) {
	ids := createHosts(t, s, 2)
	a := create(t, s, aRequest(ids...))
	job := claim(t, s)
	ok(t, s.Release(t.Context(), job.Lease))
	wantClaims(t, s, a.TaskID)
}

func lostHold(t *testing.T, s Store) {
	ids := createHosts(t, s, 1)
	a := create(t, s, aRequest(ids...))
	dead, err := s.Claim(t.Context(), "dead", 0, 0)
	ok(t, err)
	next := wantClaims(t, s, a.TaskID)[0]
	ws, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{IDs: ids})
	ok(t, err)
	ok(t, s.ReturnHost(t.Context(), dead.Lease, ws[0].Host()))
	b := create(t, s, aRequest(ids...))
	wantNoWork(t, s)
	finish(t, s, next, heimdall.Failed)
	wantClaims(t, s, b.TaskID)
}

func lapsedHold(t *testing.T, s Store) {
	ids := createHosts(t, s, 2)
	create(t, s, aRequest(ids[0]))
	slow, err := s.Claim(t.Context(), "slow", 0, 0)
	ok(t, err)
	_, err = s.Extend(t.Context(), slow.Lease, 0) // nobody took its host
	ok(t, err)
	ok(t, s.TakeHost(t.Context(), "kiwi0.example:8073", "probe", aLease))
	_, err = s.Extend(t.Context(), slow.Lease, aLease)
	wantErr(t, err, heimdall.ErrLost)
}

func manyHosts(t *testing.T, s Store) {
	ids := createHosts(t, s, 3)
	one := create(t, s, aRequest(ids[0]))
	wide := create(t, s, aRequest(ids...))
	create(t, s, aRequest(ids[1]))
	job := wantClaims(t, s, one.TaskID)[0]
	wantNoWork(t, s) // ids[1] is free, and kept for the wide one
	finish(t, s, job, heimdall.Failed)
	wantClaims(t, s, wide.TaskID)
}

func endNeedsNoHost(t *testing.T, s Store) {
	ids := createHosts(t, s, 2)
	create(t, s, aRequest(ids...))
	job := claim(t, s)
	c, m := succeeded(running(t, s, job).Captures[0])
	ok(t, s.FinishCapture(t.Context(), job.Lease, c, m))
	ok(t, s.Release(t.Context(), job.Lease))
	ok(t, s.TakeHost(t.Context(), "kiwi1.example:8073", "probe", aLease))
	wantNoWork(t, s)
	_, err := s.CancelAcquisition(t.Context(), job.TaskID)
	ok(t, err)
	finish(t, s, wantClaims(t, s, job.TaskID)[0], heimdall.Success, heimdall.Cancelled)
}

func takenHost(t *testing.T, s Store) {
	a := create(t, s, aRequest(createHosts(t, s, 1)...))
	const name = "kiwi0.example:8073"
	ok(t, s.TakeHost(t.Context(), name, "probe", aLease))
	ok(t, s.TakeHost(t.Context(), name, "probe", aLease))
	wantErr(t, s.TakeHost(t.Context(), name, "another", aLease), heimdall.ErrBusyHost)
	wantNoWork(t, s)
	ok(t, s.FreeHost(t.Context(), name, "another"))
	wantNoWork(t, s)
	drain(t, s)
	ok(t, s.FreeHost(t.Context(), name, "probe"))
	if !waits(t, s, soon) {
		t.Error("freeing a host wakes nobody")
	}
	ok(t, s.TakeHost(t.Context(), name, "another", 0))
	wantClaims(t, s, a.TaskID)
}

func claimedHost(t *testing.T, s Store) {
	create(t, s, aRequest(createHosts(t, s, 1)...))
	job := claim(t, s)
	const name = "kiwi0.example:8073"
	wantErr(t, s.TakeHost(t.Context(), name, "worker", time.Second), heimdall.ErrBusyHost) // also under the worker's name
	ok(t, s.FreeHost(t.Context(), name, "worker"))
	wantErr(t, s.TakeHost(t.Context(), name, "probe", time.Second), heimdall.ErrBusyHost)
	drain(t, s)
	finish(t, s, job, heimdall.Failed)
	if !waits(t, s, soon) {
		t.Error("the end of an acquisition wakes nobody, though its host is free")
	}
	ok(t, s.TakeHost(t.Context(), name, "probe", time.Second))
}

func neverOneHostTwice(t *testing.T, s Store) {
	const workers, jobs = 16, 60
	ids := createHosts(t, s, 5)
	for i := range jobs {
		create(t, s, aRequest(ids[i%5], ids[(i+1+i%3)%5]))
	}
	var mu sync.Mutex
	holder := map[int64]string{} // by websdr_id; guarded by mu
	ended := 0                   // guarded by mu
	enter := func(job *acquire.Job, worker string) {
		mu.Lock()
		defer mu.Unlock()
		for _, id := range job.Acquisition.WebSDRIDs {
			if other := holder[id]; other != "" {
				t.Errorf("%s and %s hold the host of WebSDR %d", other, worker, id)
			}
			holder[id] = worker
		}
	}
	leave := func(job *acquire.Job) {
		mu.Lock()
		defer mu.Unlock()
		for _, id := range job.Acquisition.WebSDRIDs {
			delete(holder, id)
		}
		ended++
	}
	all := func() bool { mu.Lock(); defer mu.Unlock(); return ended == jobs }
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			worker := fmt.Sprint("worker ", i)
			for !all() {
				job, err := s.Claim(t.Context(), worker, aLease, 0)
				if errors.Is(err, heimdall.ErrNoWork) {
					if err := s.Wait(t.Context(), 100*time.Millisecond); err != nil { // for a host that is given back
						t.Error(err)
						return
					}
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				enter(job, worker)
				for _, c := range job.Captures {
					c.State = heimdall.Failed
					if err := s.FinishCapture(t.Context(), job.Lease, c, nil); err != nil {
						t.Error(err)
					}
				}
				leave(job)
				if err := s.FinishAcquisition(t.Context(), job.Lease, heimdall.Failed, "test"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}
