package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

var probings = []promise{
	{"an active WebSDR that was never probed is due, an inactive one never", dueAtFirst},
	{"a probe that is claimed is nobody else's until its lease ends", claimedOnce},
	{"many processes probe each WebSDR once", probedOnce},
	{"one host is asked by one at a time", oneHostAtATime},
	{"what may be probed is found behind any number that must wait", foundBehindOthers},
	{"what was probed is due again when its time has come", dueAgain},
	{"a late end of a probe is ErrLost and changes nothing", lateProbe},
	{"a probe given back leaves no observation", probeReleased},
	{"what has shut us out is left alone, with its whole host", bannedLeftAlone},
	{"a ban is forgiven altogether, by either word for it, and nothing else is", banForgiven},
	{"a probe that takes the slot waits for recordings", slotIsSpared},
	{"by hand a WebSDR is probed no sooner than allowed", byHand},
	{"a probe of an open breaker half opens it", halfOpened},
}

func everything(*heimdall.WebSDR) bool { return true }

// hostWebSDR adds a WebSDR on a host of its own, or on that of others.
func hostWebSDR(t *testing.T, s Store, name, kind, url string) heimdall.WebSDR {
	t.Helper()
	w := aWebSDR(name)
	w.Kind, w.URL = kind, url
	return createWebSDR(t, s, w)
}

func claimProbe(t *testing.T, s Store) heimdall.ProbeJob {
	t.Helper()
	job, err := s.ClaimProbe(t.Context(), aLease, everything)
	ok(t, err)
	return job
}

func wantNoProbe(t *testing.T, s Store) {
	t.Helper()
	if job, err := s.ClaimProbe(t.Context(), aLease, everything); !errors.Is(err, heimdall.ErrNoWork) {
		t.Errorf("a probe of %s was given (%v), want none", job.WebSDR.Name, err)
	}
}

func dueAtFirst(t *testing.T, s Store) {
	wantNoProbe(t, s)
	w := aWebSDR("off")
	w.Active = false
	off := createWebSDR(t, s, w)
	wantNoProbe(t, s)
	on := createWebSDR(t, s, aWebSDR("on"))
	if _, err := s.ClaimProbe(t.Context(), aLease, func(*heimdall.WebSDR) bool { return false }); !errors.Is(err, heimdall.ErrNoWork) {
		t.Errorf("what may refused was given (%v)", err)
	}
	same(t, "probed", claimProbe(t, s).WebSDR, on)
	_, err := s.ClaimProbeOf(t.Context(), off.ID, aLease, 0)
	wantErr(t, err, heimdall.ErrConflict)
	_, err = s.ClaimProbeOf(t.Context(), 99, aLease, 0)
	wantErr(t, err, heimdall.ErrNotFound)
}

func claimedOnce(t *testing.T, s Store) {
	createHosts(t, s, 1)
	first, err := s.ClaimProbe(t.Context(), 0, everything) // has run out
	ok(t, err)
	second := claimProbe(t, s)
	if second.WebSDR.ID != first.WebSDR.ID || second.Claim <= first.Claim {
		t.Errorf("claim %d after %d", second.Claim, first.Claim)
	}
	wantNoProbe(t, s)
	_, err = s.ClaimProbeOf(t.Context(), first.WebSDR.ID, aLease, 0)
	wantErr(t, err, heimdall.ErrTooSoon)
}

func probedOnce(t *testing.T, s Store) {
	const n = 20
	for i := range n {
		hostWebSDR(t, s, fmt.Sprint("kiwi ", i), "kiwisdr", fmt.Sprintf("http://kiwi%d.example:8073", i))
	}
	var probed sync.Map
	var count atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for {
				job, err := s.ClaimProbe(t.Context(), aLease, everything)
				if errors.Is(err, heimdall.ErrNoWork) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				if _, twice := probed.LoadOrStore(job.WebSDR.ID, true); twice {
					t.Errorf("%s was probed twice", job.WebSDR.Name)
				}
				count.Add(1)
				if _, err := s.FinishProbe(t.Context(), job, upAt(job.WebSDR.ID, observed), time.Hour); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	same(t, "probes", count.Load(), n)
}

func oneHostAtATime(t *testing.T, s Store) {
	a := hostWebSDR(t, s, "a", "kiwisdr", "http://kiwi.example:8073")
	b := hostWebSDR(t, s, "b", "kiwisdr", "http://KIWI.example:8073/wb")
	c := hostWebSDR(t, s, "c", "kiwisdr", "http://kiwi.example:8074")
	sims := []heimdall.WebSDR{hostWebSDR(t, s, "d", "sim", "sim:///x"), hostWebSDR(t, s, "e", "sim", "sim:///x")}
	first := claimProbe(t, s)
	same(t, "first", first.WebSDR.ID, a.ID)
	for _, want := range []int64{c.ID, sims[0].ID, sims[1].ID} {
		same(t, "then", claimProbe(t, s).WebSDR.ID, want)
	}
	wantNoProbe(t, s)
	_, err := s.ClaimProbeOf(t.Context(), b.ID, aLease, 0)
	wantErr(t, err, heimdall.ErrTooSoon)
	_, err = s.FinishProbe(t.Context(), first, upAt(a.ID, observed), time.Hour)
	ok(t, err)
	same(t, "at last", claimProbe(t, s).WebSDR.ID, b.ID)
}

func foundBehindOthers(t *testing.T, s Store) {
	for i := range 50 {
		hostWebSDR(t, s, fmt.Sprint("kiwi ", i), "kiwisdr", fmt.Sprint("http://kiwi.example:8073/", i))
	}
	last := hostWebSDR(t, s, "last", "kiwisdr", "http://other.example:8073")
	claimProbe(t, s)
	same(t, "then", claimProbe(t, s).WebSDR.ID, last.ID)
	wantNoProbe(t, s)
}

func dueAgain(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	_, err := s.FinishProbe(t.Context(), claimProbe(t, s), upAt(id, observed), -time.Second)
	ok(t, err)
	job := claimProbe(t, s)
	if job.Health.State != heimdall.Up {
		t.Errorf("the claim brings the health %+v", job.Health)
	}
	_, err = s.FinishProbe(t.Context(), job, upAt(id, observed), time.Hour)
	ok(t, err)
	wantNoProbe(t, s)
}

func lateProbe(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	late, err := s.ClaimProbe(t.Context(), 0, everything)
	ok(t, err)
	good := claimProbe(t, s)
	_, err = s.FinishProbe(t.Context(), late, failedAt(id, observed, heimdall.FailDown), 0)
	wantErr(t, err, heimdall.ErrLost)
	wantErr(t, s.ReleaseProbe(t.Context(), late, 0), heimdall.ErrLost)
	same(t, "state", healthOf(t, s, id).State, heimdall.Unknown)
	_, err = s.FinishProbe(t.Context(), good, upAt(id, observed), time.Hour)
	ok(t, err)
	_, err = s.FinishProbe(t.Context(), good, upAt(id, observed), time.Hour)
	wantErr(t, err, heimdall.ErrLost)
	list, err := s.Observations(t.Context(), heimdall.ObservationFilter{Limit: 10})
	ok(t, err)
	same(t, "observations", len(list), 1)
}

func probeReleased(t *testing.T, s Store) {
	id := broken(t, s)
	ok(t, s.ReleaseProbe(t.Context(), claimProbe(t, s), time.Hour))
	wantNoProbe(t, s)
	wantBreaker(t, healthOf(t, s, id), heimdall.Down, heimdall.BreakerOpen, heimdall.BreakerFailures)
	list, err := s.Observations(t.Context(), heimdall.ObservationFilter{Limit: 10})
	ok(t, err)
	same(t, "observations", len(list), heimdall.BreakerFailures)
}

func bannedLeftAlone(t *testing.T, s Store) {
	a := hostWebSDR(t, s, "a", "kiwisdr", "http://kiwi.example:8073")
	hostWebSDR(t, s, "b", "kiwisdr", "http://kiwi.example:8073/wb")
	observe(t, s, failedAt(a.ID, observed, heimdall.FailBanned))
	wantNoProbe(t, s)
	_, err := s.ClaimProbeOf(t.Context(), a.ID, aLease, 0)
	wantErr(t, err, heimdall.ErrConflict)
	_, err = s.CloseBreaker(t.Context(), a.ID)
	ok(t, err)
	claimProbe(t, s)
}

// A ban is learnt by a capture at one of the WebSDRs at a host, and told as package acquire and package probe do.
func banForgiven(t *testing.T, s Store) {
	one, two, _ := twins(t, s)
	banned := func() {
		t.Helper()
		for _, id := range []int64{one, two} {
			ok(t, s.BlockReceiver(t.Context(), id, heimdall.FailBanned, "go away", time.Hour))
			observe(t, s, failedAt(id, observed, heimdall.FailBanned))
		}
		ok(t, s.BlockReceiver(t.Context(), one, heimdall.FailAuth, "wrong password", time.Minute))
	}
	wantBan := func(when string, want bool) {
		t.Helper()
		for _, id := range []int64{one, two} {
			h := healthOf(t, s, id)
			if block := standingOf(t, s, id).Block.Class; h.Banned() != want || (block == heimdall.FailBanned) != want {
				t.Errorf("%s WebSDR %d is banned %t, and blocked as %q; want %t", when, id, h.Banned(), block, want)
			}
		}
	}
	banned()
	wantBan("at first", true)
	ok(t, s.ForgiveReceiver(t.Context(), two))
	wantBan("forgiven", false)
	banned()
	_, err := s.CloseBreaker(t.Context(), two)
	ok(t, err)
	wantBan("closed", false)
	if b := standingOf(t, s, one).Block; b.Class != heimdall.FailAuth {
		t.Errorf("the refused password is forgiven, too: %+v", b)
	}
	observe(t, s, failedAt(one, observed, heimdall.FailDown))
	ok(t, s.ForgiveReceiver(t.Context(), two))
	if h := healthOf(t, s, one); h.LastClass != heimdall.FailDown {
		t.Errorf("that another was down is forgotten: %+v", h)
	}
}

func slotIsSpared(t *testing.T, s Store) {
	radio := hostWebSDR(t, s, "radio", "rtl_tcp", "tcp://radio.example:1234")
	kiwi := hostWebSDR(t, s, "kiwi", "kiwisdr", "http://kiwi.example:8073")
	create(t, s, heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: []int64{radio.ID, kiwi.ID}})
	job := running(t, s, claim(t, s))
	same(t, "probed while both record", claimProbe(t, s).WebSDR.ID, kiwi.ID)
	wantNoProbe(t, s)
	_, err := s.ClaimProbeOf(t.Context(), radio.ID, aLease, 0)
	wantErr(t, err, heimdall.ErrConflict)
	finish(t, s, job, heimdall.Failed, heimdall.Failed)
	same(t, "probed afterwards", claimProbe(t, s).WebSDR.ID, radio.ID)
}

func byHand(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	job, err := s.ClaimProbeOf(t.Context(), id, aLease, time.Hour)
	ok(t, err)
	_, err = s.FinishProbe(t.Context(), job, upAt(id, observed), time.Hour)
	ok(t, err)
	_, err = s.ClaimProbeOf(t.Context(), id, aLease, time.Hour)
	wantErr(t, err, heimdall.ErrTooSoon)
	_, err = s.ClaimProbeOf(t.Context(), id, aLease, 0)
	ok(t, err)
}

func halfOpened(t *testing.T, s Store) {
	id := broken(t, s)
	job := claimProbe(t, s)
	wantBreaker(t, job.Health, heimdall.Down, heimdall.BreakerHalfOpen, heimdall.BreakerFailures)
	_, err := s.FinishProbe(t.Context(), job, failedAt(id, observed, heimdall.FailDown), 0)
	ok(t, err)
	wantBreaker(t, healthOf(t, s, id), heimdall.Down, heimdall.BreakerOpen, heimdall.BreakerFailures+1)
	_, err = s.FinishProbe(t.Context(), claimProbe(t, s), upAt(id, observed), 0)
	ok(t, err)
	wantBreaker(t, healthOf(t, s, id), heimdall.Up, heimdall.BreakerClosed, 0)
}
