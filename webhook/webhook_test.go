package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/webhook"
)

func TestTheEndOfAnAcquisitionIsDeliveredSigned(t *testing.T) {
	r := newRig(t)
	in := r.receiver(yes)
	w := r.webhook(in.URL + "/hook?key=1")
	r.run()
	taskID := r.ended()
	d := r.until(w, "delivered", delivered)
	got, bodies := in.all()
	if len(got) != 1 || d.LastStatus != 200 || d.LastError != "" || d.Attempts != 1 {
		t.Fatalf("there were %d requests, the delivery is %+v", len(got), d)
	}
	key, err := standardwebhooks.NewWebhook(secret)
	r.must(err)
	if err := key.Verify(bodies[0], got[0].Header); err != nil {
		t.Errorf("the signature: %v", err)
	}
	if got[0].Method != http.MethodPost || got[0].URL.String() != "/hook?key=1" || got[0].Header.Get("webhook-id") != webhook.MessageID(d.Event.ID) ||
		got[0].Header.Get("Content-Type") != "application/json" {
		t.Errorf("the request is %s %s %v", got[0].Method, got[0].URL, got[0].Header)
	}
	var m wire.WebhookMessage
	r.must(json.Unmarshal(bodies[0], &m))
	a := m.Data.Acquisition
	if m.Type != heimdall.AcquisitionEnded || a == nil || a.TaskID != taskID || a.State != heimdall.Failed || a.Label != "ISS" || a.FrequencyMHz != 145.5 ||
		len(a.Captures) != 1 || a.Captures[0].FailureClass != heimdall.FailBusy || a.Links.Self != "/api/v1/acquisitions/"+taskID {
		t.Errorf("the message is %s", bodies[0])
	}
	if bytes.Contains(bodies[0], []byte(secret)) || strings.Contains(r.log.String(), secret) {
		t.Error("the secret was told")
	}
}

func TestWhatFailsIsTriedAgainUnderTheSameID(t *testing.T) {
	for name, fail := range map[string]func(http.ResponseWriter, *http.Request){
		"an error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"a reset": func(w http.ResponseWriter, _ *http.Request) {
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				conn.Close()
			}
		},
		"a hang":     func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() },
		"a redirect": func(w http.ResponseWriter, req *http.Request) { http.Redirect(w, req, "/elsewhere", http.StatusFound) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			in := r.receiver(func(n int, w http.ResponseWriter, req *http.Request) {
				if n <= 2 {
					fail(w, req)
				}
			})
			w := r.webhook(in.URL)
			r.run(func(c *webhook.Config) {
				if name == "a hang" {
					c.Timeout = 50 * time.Millisecond
				}
			})
			r.ended()
			r.until(w, "tried once", r.failed(1))
			r.pass(time.Minute)
			r.until(w, "tried twice", r.failed(2))
			r.pass(time.Minute)
			d := r.until(w, "delivered", delivered)
			got, _ := in.all()
			if len(got) != 3 || d.Attempts != 3 {
				t.Fatalf("there were %d requests, the delivery is %+v", len(got), d)
			}
			for _, req := range got {
				if req.Header.Get("webhook-id") != webhook.MessageID(d.Event.ID) || req.URL.Path != "/" {
					t.Errorf("a request is %s %v", req.URL, req.Header)
				}
			}
		})
	}
}

func TestAReceiverThatIsGoneForGoodIsAskedNoMore(t *testing.T) {
	r := newRig(t)
	in := r.receiver(func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	w := r.webhook(in.URL)
	r.run()
	r.ended()
	d := r.until(w, "given up", dead)
	if d.LastStatus != http.StatusGone || d.Attempts != 1 {
		t.Errorf("the delivery is %+v", d)
	}
	for deadline := time.Now().Add(20 * time.Second); w.Active; {
		var err error
		w, err = r.store.Webhook(t.Context(), w.ID)
		r.must(err)
		if time.Now().After(deadline) {
			t.Fatal("the webhook is still active")
		}
	}
	if !strings.Contains(w.Reason, "410") {
		t.Errorf("the webhook does not say why: %+v", w)
	}
}

func TestWhatWaitsForAWebhookThatIsNotActiveAnyMoreIsGivenUp(t *testing.T) {
	r := newRig(t)
	in := r.receiver(yes)
	w := r.webhook(in.URL)
	r.ended()
	w.Active = false
	w, err := r.store.UpdateWebhook(t.Context(), w)
	r.must(err)
	r.run()
	r.until(w, "given up", dead)
	if got, _ := in.all(); len(got) != 0 {
		t.Errorf("it was told %d times", len(got))
	}
}

func TestAReceiverThatAsksForTimeGetsIt(t *testing.T) {
	r := newRig(t)
	in := r.receiver(func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	w := r.webhook(in.URL)
	r.run()
	r.ended()
	d := r.until(w, "tried once", r.failed(1))
	if wait := d.NextAttemptAt.Sub(r.clock()); wait < time.Hour-time.Second || wait > time.Hour+time.Second {
		t.Errorf("the next attempt is in %v", wait)
	}
}

func TestAfterThreeDaysOfFailuresADeliveryIsDeadAndCanBeTriedAgain(t *testing.T) {
	r := newRig(t)
	var answer sync.Map
	in := r.receiver(func(_ int, w http.ResponseWriter, _ *http.Request) {
		if _, fine := answer.Load("fine"); !fine {
			w.WriteHeader(503)
		}
	})
	w := r.webhook(in.URL)
	r.run(func(c *webhook.Config) { c.Jitter = func() float64 { return 0.5 } })
	r.ended()
	began := r.clock()
	for n := 1; n < webhook.MaxAttempts; n++ {
		d := r.until(w, fmt.Sprint("tried ", n, " times"), r.failed(n))
		r.pass(d.NextAttemptAt.Sub(r.clock()))
	}
	d := r.until(w, "given up", dead)
	if took := r.clock().Sub(began); took < 66*time.Hour || took > 78*time.Hour || d.LastStatus != 503 {
		t.Errorf("given up after %v: %+v", took, d)
	}
	answer.Store("fine", true)
	_, err := r.store.RetryDelivery(t.Context(), w.ID, d.Event.ID)
	r.must(err)
	r.until(w, "delivered", delivered)
}

func TestASlowReceiverKeepsNoOtherWaiting(t *testing.T) {
	r := newRig(t)
	let := make(chan struct{})
	slow := r.receiver(func(int, http.ResponseWriter, *http.Request) { <-let })
	defer close(let)
	slowly := r.webhook(slow.URL)
	for range 50 { // more than are tried at once
		r.ended()
	}
	fast := r.receiver(yes)
	w := r.webhook(fast.URL)
	r.run()
	r.ended()
	r.until(w, "delivered", delivered)
	if got, _ := slow.all(); len(got) > 4 {
		t.Errorf("%d requests at once hang at webhook %d", len(got), slowly.ID)
	}
}

// A mute store writes nothing down, as if the program had died after the answer.
type mute struct {
	*sqlite.Store
	asked chan struct{}
}

func (m mute) EndAttempt(_ context.Context, _ heimdall.Delivery, _ time.Duration) error {
	m.asked <- struct{}{}
	return errors.New("the program is dead")
}

func TestWhatWasDeliveredButNotWrittenDownIsDeliveredAgainUnderTheSameID(t *testing.T) {
	r := newRig(t)
	in := r.receiver(yes)
	w := r.webhook(in.URL)
	r.ended()
	died := make(chan struct{})
	stop := r.run(func(c *webhook.Config) { c.Store = mute{r.store, died} })
	<-died
	stop()
	r.run()
	r.pass(2 * time.Minute) // the lease
	d := r.until(w, "delivered", delivered)
	got, _ := in.all()
	if len(got) != 2 || got[0].Header.Get("webhook-id") != got[1].Header.Get("webhook-id") || d.Attempts != 2 {
		t.Errorf("there were %d requests, the delivery is %+v", len(got), d)
	}
}

func TestWhatIsUnderWayAtShutdownMayEnd(t *testing.T) {
	r := newRig(t)
	arrived, let := make(chan struct{}), make(chan struct{})
	in := r.receiver(func(int, http.ResponseWriter, *http.Request) { close(arrived); <-let })
	w := r.webhook(in.URL)
	r.ended()
	stop := r.run()
	<-arrived
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	close(let)
	<-stopped
	r.until(w, "delivered", delivered)
}
