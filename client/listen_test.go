package client_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// hear returns the kinds of the first n events of an acquisition.
func (r *rig) hear(o client.ListenOptions, n int) (kinds []string) {
	r.Helper()
	for news, err := range r.Listen(r.Context(), o) {
		r.must(err)
		if news.Event == nil {
			continue
		}
		if kinds = append(kinds, string(news.Event.Kind)); len(kinds) == n {
			break
		}
	}
	return kinds
}

// speakOfEvents is what the client can say of events and webhooks.
func (r *rig) speakOfEvents(taskID string) {
	r.Helper()
	ctx := r.Context()
	got := r.hear(client.ListenOptions{Oldest: true, Filter: heimdall.EventFilter{TaskID: taskID}}, 2)
	if diff := cmp.Diff([]string{"acquisition.created", "acquisition.running"}, got); diff != "" {
		r.Errorf("events (-want +got):\n%s", diff)
	}
	w, err := r.CreateWebhook(ctx, wire.WebhookInput{URL: "https://example.org/hook"})
	r.must(err)
	list, err := r.Webhooks(ctx)
	r.must(err)
	if len(list) != 1 || !strings.HasPrefix(w.Secret, heimdall.SecretPrefix) || list[0].Secret != "" {
		r.Errorf("made is %+v, listed %+v", w, list)
	}
	if w, err = r.ReplaceWebhook(ctx, w.WebhookID, wire.WebhookInput{URL: "https://example.org/other", Label: "other"}); err != nil || w.Label != "other" {
		r.Errorf("replaced it is %+v (%v)", w, err)
	}
	again, err := r.Webhook(ctx, w.WebhookID)
	r.must(err)
	if diff := cmp.Diff(w, again); diff != "" {
		r.Errorf("webhook (-replaced +got):\n%s", diff)
	}
	test, err := r.TestWebhook(ctx, w.WebhookID)
	r.must(err)
	_, err = r.RetryDelivery(ctx, w.WebhookID, test.Event.ID)
	r.refused(err, 409)
	d, err := r.Delivery(ctx, w.WebhookID, test.Event.ID)
	r.must(err)
	page, err := r.Deliveries(ctx, w.WebhookID, []heimdall.DeliveryState{heimdall.DeliveryPending}, 10, "")
	r.must(err)
	if len(page.Deliveries) != 1 || d.Event.Kind != heimdall.WebhookTested || page.Deliveries[0].Event.ID != d.Event.ID {
		r.Errorf("the delivery is %+v, listed are %+v", d, page)
	}
	r.must(r.DeleteWebhook(ctx, w.WebhookID))
	_, err = r.Webhook(ctx, w.WebhookID)
	r.refused(err, 404)
}

// A stream that is cut off after its first event, again and again, misses and repeats nothing.
func TestListeningGoesOnWhereAStreamWasCutOff(t *testing.T) {
	var streams atomic.Int32
	r := newRig(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/api/v1/events" {
				streams.Add(1)
				w = &cutWriter{ResponseWriter: w}
			}
			next.ServeHTTP(w, req)
		})
	})
	ctx := t.Context()
	_, err := r.CreateWebSDR(ctx, input("One"))
	r.must(err)
	_, _, err = r.CreateAcquisition(ctx, wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 1}, "")
	r.must(err)
	r.finish()
	began := time.Now()
	got := r.hear(client.ListenOptions{Oldest: true}, 4)
	if diff := cmp.Diff([]string{"acquisition.created", "acquisition.running", "capture.ended", "acquisition.ended"}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if n := streams.Load(); n != 4 || time.Since(began) < 2*time.Second {
		t.Errorf("it took %d streams", n)
	}
}

// A cutWriter breaks the connection after the first event.
type cutWriter struct {
	http.ResponseWriter
	events int
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), "event:") {
		if w.events++; w.events > 1 {
			panic(http.ErrAbortHandler)
		}
	}
	return w.ResponseWriter.Write(p)
}

func (w *cutWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestListeningEndsWithARefusal(t *testing.T) {
	r := newRig(t)
	for news, err := range r.Listen(t.Context(), client.ListenOptions{Filter: heimdall.EventFilter{Kinds: []heimdall.EventKind{"nonsense"}}}) {
		if err == nil {
			t.Errorf("there is news: %+v", news)
		}
		r.refused(err, 422)
	}
}
