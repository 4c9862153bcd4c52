package acquire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// flaky stands for an object store that is away for its first calls.
type flaky struct {
	blob.Store
	mu   sync.Mutex
	fail int // how many more calls of Put fail; guarded by mu
}

func (f *flaky) Put(ctx context.Context, key string, r io.Reader, want blob.Sum) error {
	f.mu.Lock()
	fail := f.fail > 0
	f.fail--
	f.mu.Unlock()
	if fail {
		return errors.New("the object store is away")
	}
	return f.Store.Put(ctx, key, r, want)
}

func TestAnObjectStoreThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=fast")
	stop := start(t, b.newWorker(b.store, &flaky{Store: b.blobs, fail: 3}))
	a, captures := b.awaitEnd(b.create(nil, ids...).TaskID)
	stop()
	if a.State != heimdall.Success || captures[0].Reason != "" {
		t.Errorf("%s (%q), want success", a.State, captures[0].Reason)
	}
	b.checkWhole()
}

var errKilled = errors.New("killed")

// dying stands for a worker that is killed at its n-th ending of a capture or an acquisition: from then on
// nothing it does reaches the database.
type dying struct {
	acquire.Store
	mu    sync.Mutex
	calls int // until death; guarded by mu
	dead  chan struct{}
}

func (d *dying) alive() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls--
	if d.calls == 0 {
		close(d.dead)
	}
	if d.calls <= 0 {
		return errKilled
	}
	return nil
}

func (d *dying) FinishCapture(ctx context.Context, l acquire.Lease, c heimdall.Capture, m *heimdall.Measurement) error {
	if err := d.alive(); err != nil {
		return err
	}
	return d.Store.FinishCapture(ctx, l, c, m)
}

func (d *dying) FinishAcquisition(ctx context.Context, l acquire.Lease, s heimdall.State, reason string) error {
	if err := d.alive(); err != nil {
		return err
	}
	return d.Store.FinishAcquisition(ctx, l, s, reason)
}

func (d *dying) Extend(ctx context.Context, l acquire.Lease, lease time.Duration) (bool, error) {
	select {
	case <-d.dead:
		return false, errKilled
	default:
		return d.Store.Extend(ctx, l, lease)
	}
}

func (d *dying) SaveProgress(ctx context.Context, l acquire.Lease, captures []heimdall.Capture) error {
	select {
	case <-d.dead:
		return errKilled
	default:
		return d.Store.SaveProgress(ctx, l, captures)
	}
}

func (d *dying) Release(context.Context, acquire.Lease) error { return errKilled }

func TestAWorkerThatDiesBetweenObjectAndRowIsFinishedByTheNextFromTheSpool(t *testing.T) {
	t.Parallel()
	for call := 1; call <= 4; call++ { // three captures and the acquisition
		t.Run(fmt.Sprintf("death at write %d", call), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ids := b.add("pace=fast&seed=1", "pace=fast&seed=2", "pace=fast&seed=3")
			d := &dying{Store: b.store, calls: call, dead: make(chan struct{})}
			stop := start(t, b.newWorker(d, b.blobs))
			a := b.create(nil, ids...)
			<-d.dead
			stop()
			before := b.objects()

			stop = start(t, b.worker)
			a, captures := b.awaitEnd(a.TaskID)
			stop()
			if a.State != heimdall.Success || a.Claims < 2 {
				t.Errorf("%s after %d claims, want success after 2 or more", a.State, a.Claims)
			}
			for _, c := range captures {
				if c.State != heimdall.Success {
					t.Errorf("WebSDR %d is %s: %s", c.WebSDRID, c.State, c.Reason)
				}
			}
			if got := len(b.measurements(a.TaskID)); got != 3 {
				t.Errorf("%d measurements, want 3", got)
			}
			after := b.objects()
			for key, info := range before {
				if after[key].SHA256 != info.SHA256 {
					t.Errorf("%s changed", key)
				}
			}
			b.checkWhole()
		})
	}
}

func TestAStoppedWorkerHandsItsAcquisitionsBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=real")
	recording := make(chan struct{})
	b.atMidway(ids[0], 100*time.Millisecond, func(ctx context.Context) {
		close(recording)
		<-ctx.Done() // the worker has been stopped
	})
	stop := start(t, b.worker)
	a := b.create(func(a *heimdall.Acquisition) { a.Duration = 2 * time.Second }, ids...)
	b.reached(recording)
	stop()
	back, _, err := b.store.Acquisition(t.Context(), a.TaskID)
	if err != nil {
		t.Fatal(err)
	}
	if back.State != heimdall.Pending {
		t.Errorf("after the worker stopped it is %s, want pending", back.State)
	}
	stop = start(t, b.newWorker(b.store, b.blobs))
	if a, _ := b.awaitEnd(a.TaskID); a.State != heimdall.Success {
		t.Errorf("the next worker ended it %s, want success", a.State)
	}
	stop()
	b.checkWhole()
}

// hosted gives a simulated receiver an address on a network, which only one connection may use at a time.
type hosted struct{ *sim.Driver }

func (h hosted) Open(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	simulated := *w
	simulated.URL = "sim:///?pace=real"
	return h.Driver.Open(ctx, &simulated, t)
}

// addAt registers a receiver at an address of a network.
func (b *bench) addAt(name, url string) heimdall.WebSDR {
	b.t.Helper()
	w, err := b.store.CreateWebSDR(b.t.Context(), heimdall.WebSDR{
		Name: name, Kind: "http_iq", URL: url, Active: true, SampleRateHz: 12000, Timeout: time.Second,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return w
}

func TestOfTwoWebSDRsThatHaveComeToOneHostTheSecondIsNotConnectedTo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.worker.Acquirer.Drivers["http_iq"] = hosted{b.driver}
	one, two := b.addAt("one", "http://host.example/1"), b.addAt("two", "http://other.example/2")
	a := b.create(nil, two.ID, one.ID)
	two.URL = "http://host.example:80/2" // after the request, which would not be accepted now
	if _, err := b.store.UpdateWebSDR(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	stop := start(t, b.worker)
	a, captures := b.awaitEnd(a.TaskID)
	if a.State != heimdall.Partial || captures[0].State != heimdall.Success {
		t.Errorf("%s; the first is %s (%s)", a.State, captures[0].State, captures[0].Reason)
	}
	if c := captures[1]; c.FailureClass != heimdall.FailUnsupported || !strings.Contains(c.Reason, "host.example is connected to only once at a time, for WebSDR 1 (one)") {
		t.Errorf("the second is %s: %s (%s)", c.State, c.FailureClass, c.Reason)
	}
	// The host is free again: what is asked of the second alone is recorded.
	if a, captures := b.awaitEnd(b.create(nil, two.ID).TaskID); a.State != heimdall.Success {
		t.Errorf("alone it ended %s (%s)", a.State, captures[0].Reason)
	}
	stop()
	b.checkWhole()
}

func TestCancellingWhoWaitsForABusyHostFreesNothingOfAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.worker.Acquirer.Drivers["http_iq"] = hosted{b.driver}
	// Three rows for one host: the second must wait for the first.
	var ids []int64
	for _, name := range []string{"one", "two", "three"} {
		ids = append(ids, b.addAt(name, "http://host.example:80").ID)
	}
	start(t, b.worker)
	first := b.create(aMinute, ids[0])
	b.awaitRecording(first.TaskID)
	second := b.create(nil, ids[1])
	if _, err := b.store.Claim(t.Context(), "another worker", time.Minute, 0); !errors.Is(err, heimdall.ErrNoWork) {
		t.Errorf("who waits for the host is claimed: %v", err)
	}
	if _, err := b.store.CancelAcquisition(t.Context(), second.TaskID); err != nil {
		t.Fatal(err)
	}
	if a, captures := b.awaitEnd(second.TaskID); a.State != heimdall.Cancelled || captures[0].State != heimdall.Cancelled {
		t.Errorf("who waited is %s (%s), want cancelled", a.State, captures[0].FailureClass)
	}
	third := b.create(nil, ids[2])
	held := time.Now()
	if _, err := b.store.CancelAcquisition(t.Context(), first.TaskID); err != nil {
		t.Fatal(err)
	}
	if _, captures := b.awaitEnd(third.TaskID); captures[0].Recording == nil || captures[0].Recording.Start.Before(held) {
		t.Errorf("the third began while the first held the host: %+v", captures[0])
	}
}
