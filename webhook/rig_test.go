package webhook_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
	"github.com/heimdall-sdr/heimdall/webhook"
)

var secret = heimdall.SecretPrefix + strings.Repeat("c2Vj", 8)

// A rig is a database, and the receivers that tests set up.
type rig struct {
	*testing.T
	store *sqlite.Store
	tried atomic.Int64 // attempts that have been written down
	seen  int64        // how many it were when a delivery was looked at; the test's alone
	log   lockedBuffer

	mu  sync.Mutex
	now time.Time // of the database; guarded by mu
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newRig(t *testing.T) *rig {
	r := &rig{T: t, now: time.Now()}
	var err error
	r.store, err = sqlite.Open(t.Context(), sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db")), sqlite.Options{Now: r.clock})
	r.must(err)
	t.Cleanup(func() { r.store.Close() })
	_, err = r.store.CreateWebSDR(t.Context(), heimdall.WebSDR{Name: "one", Kind: "sim", URL: "sim://one", Active: true, Timeout: time.Second})
	r.must(err)
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// pass lets so much time pass for the database.
func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// run delivers until the test ends, or stop is called.
func (r *rig) run(change ...func(*webhook.Config)) (stop func()) {
	c := webhook.Config{Store: counted{r.store, &r.tried}, Private: true, Poll: 5 * time.Millisecond, Log: slog.New(slog.NewTextHandler(&r.log, nil))}
	for _, f := range change {
		f(&c)
	}
	return running(r.T, webhook.New(c))
}

func (r *rig) webhook(url string) heimdall.Webhook {
	r.Helper()
	w, err := r.store.CreateWebhook(r.Context(), heimdall.Webhook{URL: url, Secret: secret, Active: true, Kinds: []heimdall.EventKind{heimdall.AcquisitionEnded}})
	r.must(err)
	return w
}

// ended is an acquisition that has failed.
func (r *rig) ended() string {
	r.Helper()
	_, _, err := r.store.CreateAcquisition(r.Context(), heimdall.Acquisition{FrequencyHz: 145_500_000, Duration: time.Second, WebSDRIDs: []int64{1}, Label: "ISS"})
	r.must(err)
	job, err := r.store.Claim(r.Context(), "worker", time.Hour, 0)
	r.must(err)
	c := job.Captures[0]
	c.State = heimdall.Running
	r.must(r.store.SaveProgress(r.Context(), job.Lease, []heimdall.Capture{c}))
	c.State, c.FailureClass, c.Reason = heimdall.Failed, heimdall.FailBusy, "all slots are taken"
	r.must(r.store.FinishCapture(r.Context(), job.Lease, c, nil))
	r.must(r.store.FinishAcquisition(r.Context(), job.Lease, heimdall.Failed, "nothing was recorded"))
	return job.TaskID
}

// until waits for the only delivery of a webhook to be as it should.
func (r *rig) until(w heimdall.Webhook, what string, is func(heimdall.Delivery) bool) heimdall.Delivery {
	r.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		r.seen = r.tried.Load() // before what it is to be compared with
		list, err := r.store.Deliveries(r.Context(), heimdall.DeliveryFilter{WebhookID: w.ID, Limit: 10})
		r.must(err)
		if len(list) == 1 && is(list[0]) {
			return list[0]
		}
		if time.Now().After(deadline) {
			r.Fatalf("not %s: deliveries are %+v\n%s", what, list, r.log.String())
		}
		time.Sleep(2 * time.Millisecond) // between looks: what is waited for has no signal
	}
}

func delivered(d heimdall.Delivery) bool { return d.State == heimdall.DeliveryDelivered }
func dead(d heimdall.Delivery) bool      { return d.State == heimdall.DeliveryDead }

// failed is a delivery whose attempt number n has come to nothing, and is not being tried again already.
func (r *rig) failed(n int) func(heimdall.Delivery) bool {
	return func(d heimdall.Delivery) bool {
		return d.State == heimdall.DeliveryPending && d.Attempts == n && r.seen == int64(n)
	}
}

// A counted store counts the attempts that it has written down.
type counted struct {
	*sqlite.Store
	tried *atomic.Int64
}

func (c counted) EndAttempt(ctx context.Context, d heimdall.Delivery, wait time.Duration) error {
	defer c.tried.Add(1)
	return c.Store.EndAttempt(ctx, d, wait)
}

// A receiver answers what it is told to and remembers what came.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	got  []*http.Request
	body [][]byte
}

func (r *rig) receiver(answer func(n int, w http.ResponseWriter, req *http.Request)) *receiver {
	in := &receiver{}
	in.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		text, _ := io.ReadAll(req.Body)
		in.mu.Lock()
		in.got, in.body = append(in.got, req), append(in.body, text)
		n := len(in.got)
		in.mu.Unlock()
		answer(n, w, req)
	}))
	r.Cleanup(in.Close)
	return in
}

func (in *receiver) all() ([]*http.Request, [][]byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.got), slices.Clone(in.body)
}

func yes(int, http.ResponseWriter, *http.Request) {}
