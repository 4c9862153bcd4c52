package acquire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/kiwisdr"
)

// aKiwi serves a simulated KiwiSDR over its real protocol.
func aKiwi(t *testing.T, faults ...simnet.Fault) *simnet.Server {
	t.Helper()
	w := &simnet.World{
		Emitters:  []simnet.Emitter{{Name: "carrier", FrequencyHz: 7_100_000, Modulation: simnet.Carrier, PowerDBM: 20, Position: simnet.Position{LatitudeDeg: 45, LongitudeDeg: 7}}},
		Receivers: []simnet.Receiver{{Name: "kiwi", Kind: "kiwisdr", Position: simnet.Position{LatitudeDeg: 45.1, LongitudeDeg: 7.1}, Faults: faults}},
	}
	s, err := simnet.Serve(t.Context(), w, "kiwi", simnet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// users is how many listeners a KiwiSDR has by its own account.
func users(t *testing.T, s *simnet.Server) string {
	t.Helper()
	resp, err := http.Get(s.URL() + "/status")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "users="); ok {
			return n
		}
	}
	t.Fatalf("the status says nothing of users: %s", body)
	return ""
}

// addKiwi registers a server under a name and returns its row.
func (b *bench) addKiwi(s *simnet.Server, name string, edit func(*heimdall.WebSDR)) heimdall.WebSDR {
	b.t.Helper()
	row := s.WebSDR()
	row.Name, row.RetryCount = name, 0
	if edit != nil {
		edit(&row)
	}
	row, err := b.store.CreateWebSDR(b.t.Context(), row)
	if err != nil {
		b.t.Fatal(err)
	}
	return row
}

// polite is a worker of a name that speaks to KiwiSDRs and minds its manners. Each has a process's things of its own.
func (b *bench) polite(name string) *acquire.Worker {
	b.t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	a, err := acquire.New(acquire.Config{
		Store: b.store, Blobs: b.blobs, Drivers: map[string]websdr.Driver{"kiwisdr": &kiwisdr.Driver{}, "sim": b.driver},
		SpoolDir: filepath.Join(b.dir, "spool of "+name), Log: log, Now: b.clock.now, Jitter: func() float64 { return 0 },
		Gates: []acquire.Gate{&acquire.Manners{Store: b.store, Log: log}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return &acquire.Worker{Acquirer: a, Name: name, Host: "machine", Concurrency: 4, Lease: 15 * time.Second, Ahead: 10 * time.Second}
}

func aMinute(a *heimdall.Acquisition) { a.Duration = time.Minute }

// freedAfter fails unless the receiver has no listener any more soon after do: within a second, and within five on a
// machine that is busy with other tests.
func freedAfter(t *testing.T, s *simnet.Server, do func()) {
	t.Helper()
	if n := users(t, s); n != "1" {
		t.Fatalf("the receiver has %s listeners, want 1", n)
	}
	began := time.Now()
	do()
	for users(t, s) != "0" {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the receiver still has a listener after 10 s")
		}
		time.Sleep(5 * time.Millisecond) // between two requests to the simulated receiver
	}
	took := time.Since(began)
	t.Logf("the receiver was free after %v", took)
	if took > 5*time.Second {
		t.Errorf("the receiver was free after %v, want less than a second", took)
	}
}

func TestCancellingFreesTheRemoteReceiverWithinASecond(t *testing.T) {
	t.Parallel()
	b, kiwi := newBench(t), aKiwi(t)
	id := b.addKiwi(kiwi, "kiwi", nil).ID
	start(t, b.polite("one"))
	a := b.create(aMinute, id)
	b.awaitRecording(a.TaskID)
	freedAfter(t, kiwi, func() {
		if _, err := b.store.CancelAcquisition(t.Context(), a.TaskID); err != nil {
			t.Fatal(err)
		}
	})
	if a, _ := b.awaitEnd(a.TaskID); a.State != heimdall.Cancelled {
		t.Errorf("it ended %s (%s)", a.State, a.Reason)
	}
}

func TestSwitchingContactOffStopsWhatRunsWithinASecondAndLetsTheRestWait(t *testing.T) {
	t.Parallel()
	b, kiwi := newBench(t), aKiwi(t)
	id := b.addKiwi(kiwi, "kiwi", nil).ID
	start(t, b.polite("one"))
	a := b.create(aMinute, id)
	b.awaitRecording(a.TaskID)
	freedAfter(t, kiwi, func() {
		if _, err := b.store.SetContact(t.Context(), heimdall.Contact{Off: true, By: "anna", Reason: "an owner complained"}); err != nil {
			t.Fatal(err)
		}
	})
	waiting := b.create(nil, id)
	ended, captures := b.awaitEnd(a.TaskID)
	for _, reason := range []string{ended.Reason, captures[0].Reason} {
		if ended.State != heimdall.Cancelled || !strings.Contains(reason, "anna") || !strings.Contains(reason, "an owner complained") {
			t.Errorf("it ended %s, because %q", ended.State, reason)
		}
	}
	if w, _, err := b.store.Acquisition(t.Context(), waiting.TaskID); err != nil || w.State != heimdall.Pending {
		t.Errorf("what waits is %s (%v)", w.State, err)
	}
	if _, err := b.store.SetContact(t.Context(), heimdall.Contact{}); err != nil {
		t.Fatal(err)
	}
	if w, captures := b.awaitEnd(waiting.TaskID); w.State != heimdall.Success {
		t.Errorf("switched on again, what waited ended %s (%s)", w.State, captures[0].Reason)
	}
}

func TestTwoWorkersNeverHaveTwoConnectionsToOneHost(t *testing.T) {
	t.Parallel()
	b, kiwi := newBench(t), aKiwi(t)
	one, two := b.addKiwi(kiwi, "one", nil).ID, b.addKiwi(kiwi, "two", nil).ID
	other := b.add("pace=fast")[0]
	start(t, b.polite("first"))
	start(t, b.polite("second"))
	var tasks []string
	for i := range 4 {
		tasks = append(tasks, b.create(nil, []int64{one, two}[i%2], other).TaskID)
	}
	most := ""
	for _, id := range tasks {
		a, captures := b.await(id, "ended", func(a heimdall.Acquisition, _ []heimdall.Capture) bool {
			most = max(most, users(t, kiwi))
			return a.State.Ended()
		})
		if a.State != heimdall.Success {
			t.Errorf("%s: %s, %s", a.State, captures[0].Reason, captures[1].Reason)
		}
	}
	if most != "1" || kiwi.Connections() != 4 {
		t.Errorf("there were %d connections, at most %s at a time; want 4, one at a time", kiwi.Connections(), most)
	}
}

// A mute store does nothing any more, as if its process had been killed.
type mute struct {
	acquire.Store
	killed atomic.Bool
}

var errMute = errors.New("the process was killed")

func (m *mute) Extend(ctx context.Context, l acquire.Lease, d time.Duration) (bool, error) {
	if m.killed.Load() {
		return false, errMute
	}
	return m.Store.Extend(ctx, l, d)
}

func (m *mute) Claim(ctx context.Context, w string, lease, ahead time.Duration) (*acquire.Job, error) {
	if m.killed.Load() {
		return nil, errMute
	}
	return m.Store.Claim(ctx, w, lease, ahead)
}

func (m *mute) SaveProgress(ctx context.Context, l acquire.Lease, c []heimdall.Capture) error {
	if m.killed.Load() {
		return errMute
	}
	return m.Store.SaveProgress(ctx, l, c)
}

func (m *mute) Release(context.Context, acquire.Lease) error { return errMute }

func TestTheWorkOfADeadWorkerIsTakenOverWhenItsLeaseRunsOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.add("pace=real")
	m := &mute{Store: b.store}
	dead := b.newWorker(m, b.blobs)
	dead.Lease, dead.Name = 3*time.Second, "dead"
	start(t, dead)
	a := b.create(aMinute, id...)
	b.awaitRecording(a.TaskID)
	m.killed.Store(true)
	killed := time.Now()
	heir := b.polite("heir")
	start(t, heir)
	b.await(a.TaskID, "was taken over", func(a heimdall.Acquisition, _ []heimdall.Capture) bool { return a.Claims > 1 })
	if took := time.Since(killed); took > dead.Lease+15*time.Second {
		t.Errorf("it was taken over after %v, of a lease of %v", took, dead.Lease)
	}
	if _, err := b.store.CancelAcquisition(t.Context(), a.TaskID); err != nil {
		t.Fatal(err)
	}
	b.awaitEnd(a.TaskID)
}

func TestAnOverdueAcquisitionFailsWhileEveryWorkerIsBusyAndNobodyIsContacted(t *testing.T) {
	t.Parallel()
	b, kiwi := newBench(t), aKiwi(t)
	id := b.addKiwi(kiwi, "kiwi", nil).ID
	busy := b.add("pace=real")
	w := b.polite("one")
	w.Concurrency = 1
	start(t, w)
	long := b.create(aMinute, busy...)
	b.awaitRecording(long.TaskID)
	late := b.create(func(a *heimdall.Acquisition) { a.Deadline = time.Now().Add(time.Second) }, id)
	a, captures := b.awaitEnd(late.TaskID)
	if a.State != heimdall.Failed || !strings.Contains(a.Reason, "deadline") || captures[0].State != heimdall.Failed {
		t.Errorf("it ended %s (%s), its capture %s", a.State, a.Reason, captures[0].State)
	}
	if took := a.EndedAt.Sub(a.Deadline); took > 15*time.Second {
		t.Errorf("it failed %v after its deadline", took)
	}
	if n := kiwi.Connections(); n != 0 {
		t.Errorf("the receiver was contacted %d times", n)
	}
}

func TestAReceiverThatTurnedUsAwayIsNotAskedAgainUntilForgiven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault simnet.FaultKind
		class heimdall.FailureClass
		pause time.Duration
	}{
		{simnet.FaultIPLimit, heimdall.FailQuota, 24 * time.Hour},
		{simnet.FaultBadPassword, heimdall.FailAuth, 6 * time.Hour},
		{simnet.FaultBusy, heimdall.FailBusy, time.Minute},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			t.Parallel()
			b, kiwi := newBench(t), aKiwi(t, simnet.Fault{Kind: c.fault})
			row := b.addKiwi(kiwi, "kiwi", nil)
			start(t, b.polite("one"))
			for i := range 2 {
				_, captures := b.awaitEnd(b.create(nil, row.ID).TaskID)
				if captures[0].FailureClass != c.class {
					t.Fatalf("attempt %d is %q: %s", i, captures[0].FailureClass, captures[0].Reason)
				}
				if i == 1 && !strings.Contains(captures[0].Reason, fmt.Sprintf("heimdall websdr forgive %d", row.ID)) {
					t.Errorf("the refusal %q does not say how to lift it", captures[0].Reason)
				}
			}
			if n := kiwi.Connections(); n != 1 {
				t.Errorf("it was connected to %d times, want once", n)
			}
			list, err := b.store.Standings(t.Context(), []int64{row.ID})
			if err != nil || len(list) != 1 || list[0].Block.Until.Sub(list[0].Block.Since) < c.pause {
				t.Errorf("our standing is %+v (%v), want a pause of at least %v", list, err, c.pause)
			}
			kiwi.SetFaults()
			if err := b.store.ForgiveReceiver(t.Context(), row.ID); err != nil {
				t.Fatal(err)
			}
			if a, captures := b.awaitEnd(b.create(nil, row.ID).TaskID); a.State != heimdall.Success {
				t.Errorf("forgiven it ended %s (%s)", a.State, captures[0].Reason)
			}
		})
	}
}

func TestADailyBudgetIsCountedAndKeptUntilTheDayEnds(t *testing.T) {
	t.Parallel()
	b, kiwi := newBench(t), aKiwi(t)
	noon := heimdall.DayOf(time.Now()).Add(12 * time.Hour)
	b.clock.ahead.Store(int64(time.Until(noon)))
	row := b.addKiwi(kiwi, "kiwi", func(w *heimdall.WebSDR) { w.DailyBudget = time.Second })
	start(t, b.polite("one"))
	if a, captures := b.awaitEnd(b.create(nil, row.ID).TaskID); a.State != heimdall.Success {
		t.Fatalf("within the budget it ended %s (%s)", a.State, captures[0].Reason)
	}
	if err := b.store.CountUse(t.Context(), row.Host(), b.clock.now(), 500*time.Millisecond); err != nil { // by somebody else
		t.Fatal(err)
	}
	list, err := b.store.Standings(t.Context(), []int64{row.ID})
	if err != nil || len(list) != 1 || list[0].UsedToday < time.Second {
		t.Errorf("our standing is %+v (%v), want a second or more used", list, err)
	}
	_, captures := b.awaitEnd(b.create(nil, row.ID).TaskID)
	if c := captures[0]; c.FailureClass != heimdall.FailQuota || !strings.Contains(c.Reason, "until 00:00 UTC") {
		t.Errorf("beyond the budget it is %s (%s)", c.FailureClass, c.Reason)
	}
	if n := kiwi.Connections(); n != 1 {
		t.Errorf("it was connected to %d times, want once", n)
	}
	b.clock.ahead.Add(int64(12 * time.Hour)) // past midnight
	if a, captures := b.awaitEnd(b.create(nil, row.ID).TaskID); a.State != heimdall.Success {
		t.Errorf("on the next day it ended %s (%s)", a.State, captures[0].Reason)
	}
}

func TestAWorkerWithoutRoomBeginsNothingNewAndSaysSoOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.add("pace=fast")
	var log lines
	w := b.polite("one")
	w.Acquirer.Log = slog.New(slog.NewTextHandler(&log, nil))
	var full atomic.Bool
	var asked atomic.Int64
	full.Store(true)
	w.Room = func() error {
		asked.Add(1)
		if full.Load() {
			return errors.New("the disk is full")
		}
		return nil
	}
	start(t, w)
	a := b.create(nil, id...)
	a, _ = b.await(a.TaskID, "was waited for", func(heimdall.Acquisition, []heimdall.Capture) bool { return asked.Load() >= 3 })
	if a.State != heimdall.Pending {
		t.Errorf("without room it is %s", a.State)
	}
	full.Store(false)
	b.awaitEnd(a.TaskID)
	if n := log.count("the disk is full"); n != 1 {
		t.Errorf("that there is no room is logged %d times", n)
	}
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), s)
}

func TestAWorkerIsOnTheListAsLongAsItRuns(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stop := start(t, b.polite("one"))
	b.await(b.create(nil, b.add("pace=fast")...).TaskID, "ended", func(a heimdall.Acquisition, _ []heimdall.Capture) bool {
		list, err := b.store.Workers(t.Context())
		return err == nil && a.State.Ended() && len(list) == 1 && list[0].Name == "one" && list[0].Host == "machine" && list[0].Slots == 4
	})
	stop()
	if list, err := b.store.Workers(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("stopped it is still listed: %+v (%v)", list, err)
	}
}
