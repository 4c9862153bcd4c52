package probe_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/probe"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// radios stand for receivers of every kind: they note who was asked when, and answer as they are told.
type radios struct {
	takes time.Duration // to answer

	mu    sync.Mutex
	asked map[string][]time.Time     // by name; guarded by mu
	ill   map[string]*websdr.Failure // by name; guarded by mu
	busy  map[string]int             // probes under way by host; guarded by mu
	twice bool                       // a host was asked twice at a time; guarded by mu
}

func (r *radios) Probe(ctx context.Context, w *heimdall.WebSDR, _ string) (websdr.Report, error) {
	r.mu.Lock()
	r.asked[w.Name] = append(r.asked[w.Name], time.Now())
	r.busy[w.Host()]++
	r.twice = r.twice || r.busy[w.Host()] > 1
	f := r.ill[w.Name]
	r.mu.Unlock()
	select {
	case <-time.After(r.takes):
	case <-ctx.Done():
		f = websdr.Fail(heimdall.FailTransport, "ask", ctx.Err(), "given up")
	}
	r.mu.Lock()
	r.busy[w.Host()]--
	r.mu.Unlock()
	if f != nil {
		return websdr.Report{}, f
	}
	return websdr.Report{Latency: r.takes + time.Millisecond, Dialect: "radio 1"}, nil
}

func (r *radios) set(name string, f *websdr.Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ill[name] = f
}

// times are when a receiver was asked, in whole seconds from begun.
func (r *radios) times(name string, begun time.Time) []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	seconds := []int{}
	for _, at := range r.asked[name] {
		seconds = append(seconds, int(at.Sub(begun).Seconds()))
	}
	return seconds
}

// A rig is a database, receivers, and what a Runner or Breaker is made of.
type rig struct {
	*testing.T
	store  *sqlite.Store
	radios *radios
	config probe.Config
}

func newRig(t *testing.T) *rig {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db")), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, store: s, radios: &radios{asked: map[string][]time.Time{}, ill: map[string]*websdr.Failure{}, busy: map[string]int{}}}
	probers := map[string]websdr.Prober{}
	for _, k := range heimdall.Kinds() {
		if k.Name != "ka9q" { // has no prober
			probers[k.Name] = r.radios
		}
	}
	r.config = probe.Config{Store: s, Probers: probers, Interval: 5 * time.Minute, Jitter: func() float64 { return 0 }}
	return r
}

func (r *rig) add(name, kind, url string) heimdall.WebSDR {
	r.Helper()
	w, err := r.store.CreateWebSDR(r.Context(), heimdall.WebSDR{Name: name, Kind: kind, URL: url, Active: true, Timeout: 10 * time.Second})
	if err != nil {
		r.Fatal(err)
	}
	return w
}

func (r *rig) health(w heimdall.WebSDR) heimdall.Health {
	r.Helper()
	list, err := r.store.Health(r.Context(), []int64{w.ID})
	if err != nil {
		r.Fatal(err)
	}
	return list[0]
}

// during runs runners for a time, by the clock of the test's bubble, and closes the database.
func (r *rig) during(d time.Duration, runners ...*probe.Runner) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()
	var group sync.WaitGroup
	for _, one := range runners {
		group.Go(func() {
			if err := one.Run(ctx); err != nil {
				r.Error(err)
			}
		})
	}
	group.Wait()
}

// bubble runs a test on a clock of its own.
func bubble(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		defer r.store.Close()
		test(r)
	})
}

func (r *rig) wantTimes(name string, begun time.Time, want ...int) {
	r.Helper()
	got := r.radios.times(name, begun)
	// A probe is made within the time between two looks after it is due.
	same := slices.EqualFunc(got, want, func(g, w int) bool { return g >= w && g <= w+16*(1+len(want)) })
	if !same {
		r.Errorf("%s was asked at %v s, want %v", name, got, want)
	}
}

func TestAReceiverThatIsWellIsAskedOnceInAnInterval(t *testing.T) {
	bubble(t, func(r *rig) {
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		off := r.add("off", "kiwisdr", "http://off.example:8073")
		off.Active = false
		if _, err := r.store.UpdateWebSDR(r.Context(), off); err != nil {
			r.Fatal(err)
		}
		r.add("nobody", "ka9q", "udp://radio.local:5004")
		begun := time.Now()
		r.during(16*time.Minute, probe.NewRunner(r.config))
		r.wantTimes("kiwi", begun, 0, 300, 600, 900)
		r.wantTimes("off", begun)
		if h := r.health(w); h.State != heimdall.Up || h.Version != "radio 1" || h.Latency == 0 {
			r.Errorf("its health is %+v", h)
		}
	})
}

func TestAReceiverThatFailsIsAskedLessAndLessUntilItIsBack(t *testing.T) {
	bubble(t, func(r *rig) {
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		r.radios.set("kiwi", websdr.Fail(heimdall.FailTransport, "ask", nil, "nobody there"))
		begun := time.Now()
		minute := 60
		r.during(140*time.Minute, probe.NewRunner(r.config))
		r.wantTimes("kiwi", begun, 0, 5*minute, 15*minute, 35*minute, 75*minute, 135*minute)
		if h := r.health(w); h.State != heimdall.Down || h.Breaker != heimdall.BreakerOpen || h.Failures != 6 {
			r.Errorf("its health is %+v", h)
		}
		u, err := r.store.Uptimes(r.Context(), nil, begun, begun.Add(140*time.Minute))
		if err != nil || len(u) != 1 || u[0].Up != 0 || u[0].Down < 139*time.Minute {
			r.Errorf("of 140 minutes of failures it was down %+v (%v)", u, err)
		}
		r.radios.set("kiwi", nil)
		r.during(time.Hour, probe.NewRunner(r.config))
		if h := r.health(w); h.State != heimdall.Up || h.Breaker != heimdall.BreakerClosed || h.NextProbeAt.After(time.Now().Add(5*time.Minute)) {
			r.Errorf("its health is %+v", h)
		}
	})
}

func TestOthersHostsAreAskedOnceAMinuteAtMost(t *testing.T) {
	bubble(t, func(r *rig) {
		r.config.Interval = 10 * time.Second
		r.add("public", "kiwisdr", "http://kiwi.example:8073")
		r.add("named", "kiwisdr", "http://93.184.216.34:8073")
		r.add("dongle", "rtl_tcp", "tcp://192.168.1.7:1234")
		r.add("own", "kiwisdr", "http://192.168.1.8:8073")
		begun := time.Now()
		r.during(125*time.Second, probe.NewRunner(r.config))
		r.wantTimes("public", begun, 0, 60, 120)
		r.wantTimes("named", begun, 0, 60, 120)
		r.wantTimes("dongle", begun, 0) // its probe takes the only slot
		if n := len(r.radios.times("own", begun)); n < 9 || n > 13 {
			r.Errorf("our own was asked %d times in 125 s, want every 10 s", n)
		}
	})
}

func TestATimeThatAReceiverNamesIsWaitedFor(t *testing.T) {
	bubble(t, func(r *rig) {
		r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		r.radios.set("kiwi", &websdr.Failure{Class: heimdall.FailBusy, Op: "ask", After: 30 * time.Minute})
		begun := time.Now()
		r.during(35*time.Minute, probe.NewRunner(r.config))
		r.wantTimes("kiwi", begun, 0, 1800)
	})
}

func TestWhatHasShutUsOutIsAskedNeverAgain(t *testing.T) {
	bubble(t, func(r *rig) {
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		r.add("beside", "kiwisdr", "http://kiwi.example:8073/wb")
		r.radios.set("kiwi", websdr.Fail(heimdall.FailBanned, "ask", nil, "go away"))
		begun := time.Now()
		runner := probe.NewRunner(r.config)
		r.during(time.Hour, runner)
		r.wantTimes("kiwi", begun, 0)
		r.wantTimes("beside", begun)
		if _, _, err := runner.Probe(r.Context(), w.ID); !errors.Is(err, heimdall.ErrConflict) {
			r.Errorf("by hand it was asked all the same (%v)", err)
		}
	})
}

func TestNobodyIsAskedWhoMustNotBe(t *testing.T) {
	bubble(t, func(r *rig) {
		r.add("public", "kiwisdr", "http://kiwi.example:8073")
		r.add("own", "kiwisdr", "http://192.168.1.8:8073")
		r.add("here", "kiwisdr", "http://127.0.0.1:8073")
		r.add("file", "replay", "file:///a.wav")
		begun := time.Now()
		demo := r.config
		demo.LoopbackOnly = true
		runner := probe.NewRunner(demo)
		r.during(time.Minute, runner)
		r.wantTimes("public", begun)
		r.wantTimes("own", begun)
		r.wantTimes("here", begun, 0)
		r.wantTimes("file", begun, 0)
		if _, _, err := runner.Probe(r.Context(), 1); !errors.Is(err, heimdall.ErrConflict) {
			r.Errorf("a demonstration asked beyond this machine (%v)", err)
		}
		silent := r.config
		silent.Contact = func() bool { return false }
		r.during(time.Hour, probe.NewRunner(silent))
		if _, _, err := probe.NewRunner(silent).Probe(r.Context(), 2); !errors.Is(err, heimdall.ErrConflict) {
			r.Errorf("somebody was contacted although nobody must be (%v)", err)
		}
		off := r.config
		off.Interval = 0
		r.during(time.Hour, probe.NewRunner(off))
		r.wantTimes("own", begun)
	})
}

func TestProcessesShareTheProbesAndNeverAskAHostTwiceAtATime(t *testing.T) {
	bubble(t, func(r *rig) {
		r.radios.takes = 3 * time.Second
		var names []string
		for i := range 6 {
			name := fmt.Sprint("kiwi ", i)
			names = append(names, name)
			r.add(name, "kiwisdr", fmt.Sprintf("http://kiwi.example:8073/%d", i))
		}
		r.add("alone", "kiwisdr", "http://alone.example:8073")
		begun := time.Now()
		r.during(9*time.Minute, probe.NewRunner(r.config), probe.NewRunner(r.config), probe.NewRunner(r.config))
		for _, name := range append(names, "alone") {
			if n := len(r.radios.times(name, begun)); n != 2 {
				r.Errorf("%s was asked %d times in nine minutes, want 2", name, n)
			}
		}
		if r.radios.twice {
			r.Error("a host was asked twice at a time")
		}
	})
}

func TestAHostThatIsInUseIsAskedLater(t *testing.T) {
	bubble(t, func(r *rig) {
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		begun := time.Now()
		released := 0
		r.config.Take = func(*heimdall.WebSDR) (func(), bool) {
			return func() { released++ }, time.Since(begun) > time.Minute
		}
		runner := probe.NewRunner(r.config)
		r.during(2*time.Minute, runner)
		r.wantTimes("kiwi", begun, 60)
		if released != 1 {
			r.Errorf("the host was given back %d times", released)
		}
		begun = time.Now()
		time.Sleep(15 * time.Second) // of the bubble
		if _, _, err := runner.Probe(r.Context(), w.ID); !errors.Is(err, heimdall.ErrTooSoon) {
			r.Errorf("got error %v, want ErrTooSoon", err)
		}
	})
}

func TestByHandAReceiverIsAskedAtOnceButNotTooOften(t *testing.T) {
	bubble(t, func(r *rig) {
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		r.radios.set("kiwi", websdr.Fail(heimdall.FailDown, "ask", nil, "switched off"))
		runner := probe.NewRunner(r.config)
		h, o, err := runner.Probe(r.Context(), w.ID)
		if err != nil || h.State != heimdall.Down || o.FailureClass != heimdall.FailDown || o.OK {
			r.Errorf("it is %+v, %+v, %v", h, o, err)
		}
		if diff := cmp.Diff(h, r.health(w)); diff != "" {
			r.Errorf("health (-answered +stored):\n%s", diff)
		}
		if _, _, err := runner.Probe(r.Context(), w.ID); !errors.Is(err, heimdall.ErrTooSoon) {
			r.Errorf("asked again at once: %v, want ErrTooSoon", err)
		}
		r.radios.set("kiwi", nil)
		time.Sleep(10 * time.Second) // of the bubble
		if h, _, err := runner.Probe(r.Context(), w.ID); err != nil || h.State != heimdall.Up {
			r.Errorf("it is %+v, %v", h, err)
		}
		if _, _, err := runner.Probe(r.Context(), 99); !errors.Is(err, heimdall.ErrNotFound) {
			r.Errorf("got error %v, want ErrNotFound", err)
		}
	})
}

func TestAProbeThatIsCutOffLeavesNoObservation(t *testing.T) {
	bubble(t, func(r *rig) {
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		r.radios.takes = 5 * time.Second
		r.during(2*time.Second, probe.NewRunner(r.config))
		list, err := r.store.Observations(r.Context(), heimdall.ObservationFilter{Limit: 10})
		if err != nil || len(list) != 0 || r.health(w).State != heimdall.Unknown {
			r.Errorf("%+v, %v; its health is %+v", list, err, r.health(w))
		}
		begun := time.Now()
		r.during(8*time.Second, probe.NewRunner(r.config))
		if n := len(r.radios.times("kiwi", begun)); n != 2 || r.health(w).State != heimdall.Up {
			r.Errorf("asked %d times; its health is %+v", n, r.health(w))
		}
	})
}

func TestOldObservationsGo(t *testing.T) {
	bubble(t, func(r *rig) {
		r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		r.config.KeepFor = 30 * time.Minute
		r.during(100*time.Minute, probe.NewRunner(r.config))
		list, err := r.store.Observations(r.Context(), heimdall.ObservationFilter{Limit: 1000})
		if err != nil || len(list) < 12 || len(list) > 16 {
			r.Errorf("%d observations of 100 minutes are left, want those of the last 70 (%v)", len(list), err)
		}
	})
}
