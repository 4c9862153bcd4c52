package storetest

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func wantBreaker(t *testing.T, h heimdall.Health, state heimdall.HealthState, breaker heimdall.BreakerState, failures int) {
	t.Helper()
	if h.State != state || h.Breaker != breaker || h.Failures != failures || h.OpenedAt.IsZero() != (breaker == heimdall.BreakerClosed) {
		t.Errorf("it is %s, breaker %s (opened %v) after %d failures; want %s, %s, %d", h.State, h.Breaker, h.OpenedAt, h.Failures, state, breaker, failures)
	}
}

func breakerOpens(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	wantBreaker(t, observe(t, s, upAt(id, observed)), heimdall.Up, heimdall.BreakerClosed, 0)
	classes := []heimdall.FailureClass{heimdall.FailDown, heimdall.FailTransport, heimdall.FailProtocol, heimdall.FailAuth}
	var h heimdall.Health
	for i, class := range classes {
		breaker := heimdall.BreakerClosed
		if i >= heimdall.BreakerFailures-1 {
			breaker = heimdall.BreakerOpen
		}
		h = observe(t, s, failedAt(id, observed.Add(time.Duration(i+1)*time.Minute), class))
		wantBreaker(t, h, heimdall.Down, breaker, i+1)
	}
	if want := observed.Add(heimdall.BreakerFailures * time.Minute); !h.OpenedAt.Equal(want) || h.LastError != "it said auth" || !h.LastUpAt.Equal(observed) {
		t.Errorf("it opened at %v (want %v) for %q, and was last up at %v", h.OpenedAt, want, h.LastError, h.LastUpAt)
	}
	h = observe(t, s, upAt(id, observed.Add(time.Hour)))
	wantBreaker(t, h, heimdall.Up, heimdall.BreakerClosed, 0)
	if h.LastError != "" || h.LastClass != "" {
		t.Errorf("it is up and still says %s: %s", h.LastClass, h.LastError)
	}
}

func busyIsUp(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	for i, class := range []heimdall.FailureClass{heimdall.FailDown, heimdall.FailDown, heimdall.FailBusy, heimdall.FailQuota, heimdall.FailQuota, heimdall.FailQuota} {
		h := observe(t, s, failedAt(id, observed.Add(time.Duration(i)*time.Second), class))
		if i >= 2 {
			wantBreaker(t, h, heimdall.Up, heimdall.BreakerClosed, 0)
		}
	}
	for range heimdall.BreakerFailures {
		wantBreaker(t, observe(t, s, failedAt(id, observed.Add(time.Minute), heimdall.FailStorage)), heimdall.Unknown, heimdall.BreakerClosed, 0)
	}
}

func localNeverOpens(t *testing.T, s Store) {
	for kind, url := range map[string]string{"sim": "sim:///", "replay": "file:///gone.wav"} {
		w := aWebSDR(kind)
		w.Kind, w.URL = kind, url
		id := createWebSDR(t, s, w).ID
		for i := range heimdall.BreakerFailures + 1 {
			wantBreaker(t, observe(t, s, failedAt(id, observed, heimdall.FailDown)), heimdall.Down, heimdall.BreakerClosed, i+1)
		}
	}
}

// broken opens the breaker of a new WebSDR.
func broken(t *testing.T, s Store) int64 {
	t.Helper()
	id := createHosts(t, s, 1)[0]
	for range heimdall.BreakerFailures {
		observe(t, s, failedAt(id, observed, heimdall.FailTransport))
	}
	return id
}

func closedByHand(t *testing.T, s Store) {
	id := broken(t, s)
	h, err := s.CloseBreaker(t.Context(), id)
	ok(t, err)
	wantBreaker(t, h, heimdall.Down, heimdall.BreakerClosed, 0)
	job, err := s.ClaimProbe(t.Context(), aLease, everything)
	ok(t, err)
	same(t, "probed", job.WebSDR.ID, id)
}

func oneTrial(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	trial := func(every time.Duration) bool {
		got, err := s.ClaimTrial(t.Context(), id, every)
		ok(t, err)
		return got
	}
	observe(t, s, upAt(id, observed))
	if trial(0) {
		t.Error("a closed breaker gave a trial")
	}
	for range heimdall.BreakerFailures {
		observe(t, s, failedAt(id, observed, heimdall.FailDown))
	}
	if trial(time.Hour) {
		t.Error("a trial was given right after the WebSDR was contacted")
	}
	if !trial(0) || trial(time.Hour) {
		t.Error("a trial was not given to exactly one")
	}
	wantBreaker(t, healthOf(t, s, id), heimdall.Down, heimdall.BreakerHalfOpen, heimdall.BreakerFailures)
	wantBreaker(t, observe(t, s, failedAt(id, observed, heimdall.FailDown)), heimdall.Down, heimdall.BreakerOpen, heimdall.BreakerFailures+1)
}
