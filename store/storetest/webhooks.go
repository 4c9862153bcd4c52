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

// A WebhookStore keeps webhooks and what is to be delivered to them: see packages api and webhook.
type WebhookStore interface {
	Webhooks(ctx context.Context) ([]heimdall.Webhook, error)
	Webhook(ctx context.Context, id int64) (heimdall.Webhook, error)
	CreateWebhook(ctx context.Context, w heimdall.Webhook) (heimdall.Webhook, error)
	UpdateWebhook(ctx context.Context, w heimdall.Webhook) (heimdall.Webhook, error)
	DeleteWebhook(ctx context.Context, id int64) error
	TestWebhook(ctx context.Context, id int64) (heimdall.Delivery, error)
	EndWebhook(ctx context.Context, w heimdall.Webhook, reason string) error

	Delivery(ctx context.Context, webhookID, eventID int64) (heimdall.Delivery, error)
	Deliveries(ctx context.Context, f heimdall.DeliveryFilter) ([]heimdall.Delivery, error)
	ClaimDeliveries(ctx context.Context, leaveOut []int64, ofEach, limit int, lease time.Duration) ([]heimdall.DueDelivery, error)
	NextDelivery(ctx context.Context) (time.Time, error)
	EndAttempt(ctx context.Context, d heimdall.Delivery, wait time.Duration) error
	RetryDelivery(ctx context.Context, webhookID, eventID int64) (heimdall.Delivery, error)
}

var webhooks = []promise{
	{"a webhook is stored, changed and removed whole", webhookStored},
	{"what is wrong with a webhook is refused by name", badWebhooks},
	{"an event is delivered to the active webhooks of its kind, once each, and to no other", deliveriesMade},
	{"what is rolled back is delivered to nobody", nothingDelivered},
	{"of many who claim at once each delivery is given to one, until its lease ends", claimedOnce},
	{"a webhook with many deliveries keeps none of the others waiting", claimFairly},
	{"an attempt is ended by who began it: delivered, pending for later, or dead", attemptEnds},
	{"a delivery that has ended is tried again on request, one that is pending or of an inactive webhook is not", retried},
	{"a test is delivered to its webhook alone", webhookTested},
	{"a webhook whose other end is gone for good is ended, unless its address has changed", webhookEnded},
	{"deliveries are listed by state, newest first, page by page", deliveriesListed},
}

// webhookCalls are the calls that every store answers, about webhooks.
func webhookCalls(s Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Webhooks":      func(ctx context.Context) error { _, err := s.Webhooks(ctx); return err },
		"Webhook":       func(ctx context.Context) error { _, err := s.Webhook(ctx, 1); return err },
		"CreateWebhook": func(ctx context.Context) error { _, err := s.CreateWebhook(ctx, aWebhook()); return err },
		"UpdateWebhook": func(ctx context.Context) error { _, err := s.UpdateWebhook(ctx, aWebhook()); return err },
		"DeleteWebhook": func(ctx context.Context) error { return s.DeleteWebhook(ctx, 1) },
		"TestWebhook":   func(ctx context.Context) error { _, err := s.TestWebhook(ctx, 1); return err },
		"EndWebhook":    func(ctx context.Context) error { return s.EndWebhook(ctx, aWebhook(), "gone") },
		"Delivery":      func(ctx context.Context) error { _, err := s.Delivery(ctx, 1, 1); return err },
		"Deliveries": func(ctx context.Context) error {
			_, err := s.Deliveries(ctx, heimdall.DeliveryFilter{WebhookID: 1, Limit: 1})
			return err
		},
		"ClaimDeliveries": func(ctx context.Context) error { _, err := s.ClaimDeliveries(ctx, nil, 1, 1, aLease); return err },
		"NextDelivery":    func(ctx context.Context) error { _, err := s.NextDelivery(ctx); return err },
		"EndAttempt":      func(ctx context.Context) error { return s.EndAttempt(ctx, heimdall.Delivery{State: "dead"}, 0) },
		"RetryDelivery":   func(ctx context.Context) error { _, err := s.RetryDelivery(ctx, 1, 1); return err },
	}
}

func aWebhook(kinds ...heimdall.EventKind) heimdall.Webhook {
	if kinds == nil {
		kinds = heimdall.EventKinds()
	}
	return heimdall.Webhook{URL: "https://example.org/heimdall?of='mine'", Secret: heimdall.SecretPrefix + strings.Repeat("abcd", 8),
		Kinds: kinds, Label: "the club's è", Active: true}
}

func createWebhook(t *testing.T, s Store, kinds ...heimdall.EventKind) heimdall.Webhook {
	t.Helper()
	w, err := s.CreateWebhook(t.Context(), aWebhook(kinds...))
	ok(t, err)
	return w
}

// due claims all that is due, as one that may have any number.
func due(t *testing.T, s Store) []heimdall.DueDelivery {
	t.Helper()
	list, err := s.ClaimDeliveries(t.Context(), nil, 1000, 1000, aLease)
	ok(t, err)
	return list
}

// over is an acquisition that has ended.
func over(t *testing.T, s Store) string {
	t.Helper()
	job := claimed(t, s, 1)
	finish(t, s, job, heimdall.Failed)
	return job.TaskID
}

func webhookStored(t *testing.T, s Store) {
	one := createWebhook(t, s)
	two := createWebhook(t, s, heimdall.CaptureEnded)
	want := aWebhook()
	want.ID, want.CreatedAt = one.ID, one.CreatedAt
	same(t, "webhook", one, want)
	if one.ID == 0 || two.ID <= one.ID || one.CreatedAt.IsZero() {
		t.Errorf("ids are %d and %d, made at %v", one.ID, two.ID, one.CreatedAt)
	}
	one.URL, one.Kinds, one.Label, one.Active, one.Reason = "http://other.example:8080/", []heimdall.EventKind{heimdall.AcquisitionCreated}, "", false, "tired"
	one.Secret = heimdall.SecretPrefix + strings.Repeat("efgh", 8)
	changed, err := s.UpdateWebhook(t.Context(), one)
	ok(t, err)
	same(t, "changed", changed, one)
	got, err := s.Webhook(t.Context(), one.ID)
	ok(t, err)
	same(t, "read again", got, one)
	list, err := s.Webhooks(t.Context())
	ok(t, err)
	same(t, "list", list, []heimdall.Webhook{one, two})
	ok(t, s.DeleteWebhook(t.Context(), two.ID))
	wantErr(t, s.DeleteWebhook(t.Context(), two.ID), heimdall.ErrNotFound)
	_, err = s.Webhook(t.Context(), two.ID)
	wantErr(t, err, heimdall.ErrNotFound)
	_, err = s.UpdateWebhook(t.Context(), two)
	wantErr(t, err, heimdall.ErrNotFound)
	if again := createWebhook(t, s); again.ID <= two.ID {
		t.Errorf("the id %d is given again after %d", again.ID, two.ID)
	}
}

func badWebhooks(t *testing.T, s Store) {
	for field, change := range map[string]func(*heimdall.Webhook){
		"url":    func(w *heimdall.Webhook) { w.URL = "ftp://example.org" },
		"kinds":  func(w *heimdall.Webhook) { w.Kinds = []heimdall.EventKind{heimdall.WebhookTested} },
		"label":  func(w *heimdall.Webhook) { w.Label = strings.Repeat("x", heimdall.MaxLabel+1) },
		"secret": func(w *heimdall.Webhook) { w.Secret = "whsec_c2hvcnQ=" },
	} {
		w := aWebhook()
		change(&w)
		_, err := s.CreateWebhook(t.Context(), w)
		wantInvalid(t, err, field)
	}
	list, err := s.Webhooks(t.Context())
	ok(t, err)
	same(t, "list", list, []heimdall.Webhook{})
}

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
	at, err := s.NextDelivery(t.Context())
	ok(t, err)
	if !at.IsZero() {
		t.Errorf("the next delivery is due at %v", at)
	}
}

func claimedOnce(t *testing.T, s Store) {
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
	next, err := s.NextDelivery(t.Context())
	ok(t, err)
	if later.State != heimdall.DeliveryPending || !later.NextAttemptAt.After(later.CreatedAt.Add(aLease/2)) || !next.Equal(later.NextAttemptAt) {
		t.Errorf("for later it is %+v, the next at %v", later, next)
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

func webhookTested(t *testing.T, s Store) {
	w := createWebhook(t, s)
	createWebhook(t, s)
	made, err := s.TestWebhook(t.Context(), w.ID)
	ok(t, err)
	list := due(t, s)
	if len(list) != 1 || list[0].WebhookID != w.ID || list[0].Event.Kind != heimdall.WebhookTested || list[0].Event.ID != made.Event.ID || list[0].Event.TaskID != "" {
		t.Errorf("made is %+v, due %+v", made, list)
	}
	w.Active = false
	_, err = s.UpdateWebhook(t.Context(), w)
	ok(t, err)
	_, err = s.TestWebhook(t.Context(), w.ID)
	wantErr(t, err, heimdall.ErrConflict)
	_, err = s.TestWebhook(t.Context(), w.ID+7)
	wantErr(t, err, heimdall.ErrNotFound)
}

func webhookEnded(t *testing.T, s Store) {
	w := createWebhook(t, s)
	moved := w
	moved.URL = "https://old.example/"
	ok(t, s.EndWebhook(t.Context(), moved, "it answered 410 Gone"))
	got, err := s.Webhook(t.Context(), w.ID)
	ok(t, err)
	same(t, "webhook with another address", got, w)
	ok(t, s.EndWebhook(t.Context(), w, "it answered 410 Gone"))
	got, err = s.Webhook(t.Context(), w.ID)
	ok(t, err)
	if got.Active || got.Reason != "it answered 410 Gone" {
		t.Errorf("it is %+v", got)
	}
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
