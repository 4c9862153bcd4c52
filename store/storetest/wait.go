package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// waits reports whether Wait came back for a reason before d, where it would not for poll.
func waits(t *testing.T, s Store, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return s.Wait(ctx, aLease) == nil
}

const (
	soon    = 10 * time.Second      // before this a wake-up has come, on the slowest of machines
	notSoon = 20 * time.Millisecond // this long none comes: too short can only hide a fault, never invent one
)

// drain has the words out that are left from before.
func drain(t *testing.T, s Store) {
	for waits(t, s, notSoon) {
	}
}

func waitAfter(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	drain(t, s)
	a := create(t, s, aRequest(ids...))
	if !waits(t, s, soon) {
		t.Error("Wait did not return after a create")
	}
	job := claim(t, s)
	drain(t, s)
	ok(t, s.Release(t.Context(), job.Lease))
	if !waits(t, s, soon) {
		t.Error("Wait did not return after a release")
	}
	drain(t, s)
	_, err := s.CancelAcquisition(t.Context(), a.TaskID)
	ok(t, err)
	if !waits(t, s, soon) {
		t.Error("Wait did not return after a cancel")
	}
}

func waitWoken(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	drain(t, s)
	woken := make(chan bool)
	go func() { woken <- waits(t, s, soon) }()
	create(t, s, aRequest(ids...))
	if !<-woken {
		t.Error("a create did not wake Wait")
	}
}

func waitAll(t *testing.T, s Store) {
	const workers = 8
	ids := createWebSDRs(t, s, 1)
	drain(t, s)
	for range workers {
		create(t, s, aRequest(ids...))
	}
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() { // each waits once, claims once, and is busy from then on
			if !waits(t, s, soon) {
				t.Errorf("worker %d was not woken", i)
				return
			}
			if _, err := s.Claim(t.Context(), fmt.Sprint("worker ", i), aLease, 0); err != nil {
				t.Errorf("worker %d was woken for nothing: %v", i, err)
			}
		})
	}
	group.Wait()
}

func waitPoll(t *testing.T, s Store) {
	drain(t, s)
	ok(t, s.Wait(t.Context(), time.Millisecond))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, s.Wait(ctx, aLease), context.Canceled)
}
