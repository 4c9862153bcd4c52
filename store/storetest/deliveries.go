package storetest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func deliveriesMade(t *testing.T, s Store) {
	every, ends := createWebhook(t, s), createWebhook(t, s, heimdall.AcquisitionEnded)
	off := aWebhook()
	off.Active = false
	_, err := s.CreateWebhook(t.Context(), off)
	ok(t, err)
	taskID := over(t, s)
	got := map[int64][]heimdall.EventKind{}
	for _, d := range due(t, s) {
		if d.Event.TaskID != taskID || d.State != heimdall.DeliveryPending || d.Attempts != 1 || d.WebhookID != d.Webhook.ID || d.Webhook.Secret == "" {
			t.Errorf("claimed is %+v", d)
		}
		got[d.WebhookID] = append(got[d.WebhookID], d.Event.Kind)
	}
	same(t, "deliveries", got, map[int64][]heimdall.EventKind{every.ID: {heimdall.AcquisitionCreated, heimdall.AcquisitionRunning, heimdall.CaptureEnded,
		heimdall.AcquisitionEnded}, ends.ID: {heimdall.AcquisitionEnded}})
}

func nothingDelivered(t *testing.T, s Store) {
	createWebhook(t, s)
	_, _, err := s.CreateAcquisition(t.Context(), aRequest(999))
	wantInvalid(t, err, "websdrs")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = s.CreateAcquisition(ctx, aRequest(createWebSDRs(t, s, 1)...))
	wantErr(t, err, context.Canceled)
	if list := due(t, s); len(list) > 0 {
		t.Errorf("delivered is %+v", list)
	}
	in, pending, err := s.NextDelivery(t.Context())
	ok(t, err)
	if pending {
		t.Errorf("the next delivery is due in %v", in)
	}
}

func deliveredByOne(t *testing.T, s Store) {
	createWebhook(t, s)
	for range 5 {
		over(t, s) // 4 events each
	}
	var mu sync.Mutex
	var got []int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for empty := 0; empty < 3; {
				list, err := s.ClaimDeliveries(t.Context(), nil, 3, 3, aLease)
				if err != nil {
					t.Error(err)
					return
				}
				if len(list) == 0 {
					empty++ // others may have had their hands on the last
				}
				mu.Lock()
				for _, d := range list {
					got = append(got, d.Event.ID)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	slices.Sort(got)
	if len(got) != 20 || len(slices.Compact(got)) != 20 {
		t.Errorf("20 deliveries were given out as %v", got)
	}
	over(t, s)
	list, err := s.ClaimDeliveries(t.Context(), nil, 10, 10, 0) // a lease that has run out at once
	ok(t, err)
	again := due(t, s)
	if len(list) != 4 || len(again) != 4 || again[0].Attempts != 2 || again[0].Event.ID != list[0].Event.ID {
		t.Errorf("first %+v, when the lease has ended %+v", list, again)
	}
}

func claimFairly(t *testing.T, s Store) {
	busy := createWebhook(t, s)
	for range 5 {
		over(t, s)
	}
	idle := createWebhook(t, s, heimdall.AcquisitionEnded)
	over(t, s)
	list, err := s.ClaimDeliveries(t.Context(), nil, 2, 100, aLease)
	ok(t, err)
	n := map[int64]int{}
	for _, d := range list {
		n[d.WebhookID]++
	}
	same(t, "claimed of each", n, map[int64]int{busy.ID: 2, idle.ID: 1})
	list, err = s.ClaimDeliveries(t.Context(), []int64{busy.ID}, 100, 100, aLease)
	ok(t, err)
	if len(list) != 0 {
		t.Errorf("of the one to be left out there are %d", len(list))
	}
}

func attemptEnds(t *testing.T, s Store) {
	w := createWebhook(t, s, heimdall.CaptureEnded, heimdall.AcquisitionRunning, heimdall.AcquisitionEnded)
	over(t, s)
	list := due(t, s)
	if len(list) != 3 {
		t.Fatalf("due are %+v", list)
	}
	end := func(d heimdall.Delivery, state heimdall.DeliveryState, wait time.Duration) heimdall.Delivery {
		t.Helper()
		d.State, d.LastStatus, d.LastError = state, 500, "answered \x00500"
		ok(t, s.EndAttempt(t.Context(), d, wait))
		got, err := s.Delivery(t.Context(), w.ID, d.Event.ID)
		ok(t, err)
		return got
	}
	for i, state := range []heimdall.DeliveryState{heimdall.DeliveryDelivered, heimdall.DeliveryDead} {
		got := end(list[i].Delivery, state, aLease)
		if got.State != state || !got.NextAttemptAt.IsZero() || got.EndedAt.IsZero() || got.LastStatus != 500 || !strings.HasPrefix(got.LastError, "answered") {
			t.Errorf("%s is %+v", state, got)
		}
		if again := end(list[i].Delivery, heimdall.DeliveryPending, 0); again.State != state {
			t.Errorf("it was %s, and a late word makes it %+v", state, again)
		}
	}
	later := end(list[2].Delivery, heimdall.DeliveryPending, aLease)
	in, pending, err := s.NextDelivery(t.Context())
	ok(t, err)
	if later.State != heimdall.DeliveryPending || !later.NextAttemptAt.After(later.CreatedAt.Add(aLease/2)) || !pending || in < aLease-soon || in > aLease {
		t.Errorf("for later it is %+v, the next in %v", later, in)
	}
	if now := due(t, s); len(now) != 0 {
		t.Errorf("due before its time: %+v", now)
	}
	later = end(later, heimdall.DeliveryPending, 0)
	second := due(t, s)
	if len(second) != 1 || second[0].Attempts != 2 {
		t.Fatalf("the second attempt is %+v", second)
	}
	if got := end(later, heimdall.DeliveryDead, 0); got.State != heimdall.DeliveryPending {
		t.Errorf("who began the first attempt ended the second: %+v", got)
	}
}

func retried(t *testing.T, s Store) {
	w := createWebhook(t, s, heimdall.AcquisitionEnded)
	over(t, s)
	d := due(t, s)[0].Delivery
	_, err := s.RetryDelivery(t.Context(), w.ID, d.Event.ID)
	wantErr(t, err, heimdall.ErrConflict)
	d.State = heimdall.DeliveryDead
	ok(t, s.EndAttempt(t.Context(), d, 0))
	again, err := s.RetryDelivery(t.Context(), w.ID, d.Event.ID)
	ok(t, err)
	if again.State != heimdall.DeliveryPending || again.Attempts != 0 || !again.EndedAt.IsZero() {
		t.Errorf("tried again it is %+v", again)
	}
	now := due(t, s)
	if len(now) != 1 || now[0].Event.ID != d.Event.ID {
		t.Fatalf("due is %+v", now)
	}
	ok(t, s.EndAttempt(t.Context(), heimdall.Delivery{WebhookID: w.ID, Event: d.Event, State: heimdall.DeliveryDead, Attempts: 1}, 0))
	w.Active = false
	_, err = s.UpdateWebhook(t.Context(), w)
	ok(t, err)
	_, err = s.RetryDelivery(t.Context(), w.ID, d.Event.ID)
	wantErr(t, err, heimdall.ErrConflict)
	_, err = s.RetryDelivery(t.Context(), w.ID, d.Event.ID+1)
	wantErr(t, err, heimdall.ErrNotFound)
}

func deliveriesListed(t *testing.T, s Store) {
	w := createWebhook(t, s, heimdall.AcquisitionEnded)
	for range 5 {
		over(t, s)
	}
	for i, d := range due(t, s) {
		if d.State = heimdall.DeliveryDelivered; i%2 == 0 {
			d.State = heimdall.DeliveryDead
		}
		ok(t, s.EndAttempt(t.Context(), d.Delivery, 0))
	}
	var got []int64
	for f := (heimdall.DeliveryFilter{WebhookID: w.ID, States: []heimdall.DeliveryState{heimdall.DeliveryDead}, Limit: 2}); ; {
		page, err := s.Deliveries(t.Context(), f)
		ok(t, err)
		for _, d := range page {
			if d.State != heimdall.DeliveryDead || d.Event.Kind != heimdall.AcquisitionEnded {
				t.Errorf("listed is %+v", d)
			}
			got, f.Before = append(got, d.Event.ID), d.Event.ID
		}
		if len(page) < f.Limit {
			break
		}
	}
	if len(got) != 3 || !slices.IsSortedFunc(got, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("dead are %v", got)
	}
	all, err := s.Deliveries(t.Context(), heimdall.DeliveryFilter{WebhookID: w.ID, Limit: 10})
	ok(t, err)
	other, err := s.Deliveries(t.Context(), heimdall.DeliveryFilter{WebhookID: w.ID + 1, Limit: 10})
	ok(t, err)
	if len(all) != 5 || len(other) != 0 {
		t.Errorf("there are %d, and %d of another", len(all), len(other))
	}
}
