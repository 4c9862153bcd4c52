package storetest

import (
	"context"
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
	NextDelivery(ctx context.Context) (in time.Duration, pending bool, err error)
	EndAttempt(ctx context.Context, d heimdall.Delivery, wait time.Duration) error
	RetryDelivery(ctx context.Context, webhookID, eventID int64) (heimdall.Delivery, error)
}

var webhooks = []promise{
	{"a webhook is stored, changed and removed whole", webhookStored},
	{"what is wrong with a webhook is refused by name", badWebhooks},
	{"an event is delivered to the active webhooks of its kind, once each, and to no other", deliveriesMade},
	{"what is rolled back is delivered to nobody", nothingDelivered},
	{"of many who claim at once each delivery is given to one, until its lease ends", deliveredByOne},
	{"a webhook with many deliveries keeps none of the others waiting", claimFairly},
	{"an attempt is ended by who began it: delivered, pending for later, or dead", attemptEnds},
	{"a delivery that has ended is tried again on request, one that is pending or of an inactive webhook is not", retried},
	{"a test is delivered to its webhook alone", webhookTested},
	{"a webhook whose other end is gone for good is ended, unless its address has changed", webhookEnded},
	{"nothing fails because a webhook is removed meanwhile", webhookRemovedMeanwhile},
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
		"NextDelivery":    func(ctx context.Context) error { _, _, err := s.NextDelivery(ctx); return err },
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

func webhookRemovedMeanwhile(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for range 10 {
				w, err := s.CreateWebhook(t.Context(), aWebhook())
				if err == nil {
					err = s.DeleteWebhook(t.Context(), w.ID)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 5 {
				if err := liveThrough(t.Context(), s, "worker", ids); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if list := due(t, s); len(list) != 0 {
		t.Errorf("to be delivered to nobody: %+v", list)
	}
}
