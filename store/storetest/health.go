package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// A HealthStore keeps how WebSDRs are, and what is to be probed: see probe.Store.
type HealthStore interface {
	ClaimProbe(ctx context.Context, lease time.Duration, may func(*heimdall.WebSDR) bool) (heimdall.ProbeJob, error)
	ClaimProbeOf(ctx context.Context, websdrID int64, lease, least time.Duration) (heimdall.ProbeJob, error)
	FinishProbe(ctx context.Context, job heimdall.ProbeJob, o heimdall.Observation, next time.Duration) (heimdall.Health, error)
	ReleaseProbe(ctx context.Context, job heimdall.ProbeJob, next time.Duration) error
	Observe(ctx context.Context, o heimdall.Observation) (heimdall.Health, error)
	ClaimTrial(ctx context.Context, websdrID int64, every time.Duration) (bool, error)
	CloseBreaker(ctx context.Context, websdrID int64) (heimdall.Health, error)
	Health(ctx context.Context, ids []int64) ([]heimdall.Health, error)
	Observations(ctx context.Context, f heimdall.ObservationFilter) ([]heimdall.Observation, error)
	Uptimes(ctx context.Context, ids []int64, from, to time.Time) ([]heimdall.Uptime, error)
	History(ctx context.Context, f heimdall.HistoryFilter) (heimdall.History, error)
	DropObservations(ctx context.Context, before time.Time, most int) (int64, error)
}

var healths = []promise{
	{"a WebSDR that nobody has looked at is unknown, and its breaker closed", neverLooked},
	{"what a probe has found comes back as it was, with its health", observationComesBack},
	{"what a receiver says of itself may be any bytes", anyBytes},
	{"three failures in a row open the breaker, one success closes it", breakerOpens},
	{"busy and quota are no failures, and neither is what is our own fault", busyIsUp},
	{"simulations and files never open a breaker", localNeverOpens},
	{"a breaker that is closed by hand lets attempts pass, and its WebSDR is probed soon", closedByHand},
	{"a trial is given to one, and only when nobody has contacted the WebSDR for so long", oneTrial},
	{"histories are newest first, and pages neither skip nor repeat", historyPages},
	{"an uptime is weighed by time, and what nobody saw is unknown", knownUptimes},
	{"attempts of captures are counted apart from probes", attemptsCounted},
	{"old observations are dropped, the health stays", oldDropped},
	{"a WebSDR is deleted with its history and health", deletedWithHealth},
}

// observed is a moment of histories.
var observed = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

func upAt(id int64, at time.Time) heimdall.Observation {
	return heimdall.Observation{WebSDRID: id, At: at, Source: heimdall.FromProbe, OK: true, Holds: time.Hour}
}

func failedAt(id int64, at time.Time, class heimdall.FailureClass) heimdall.Observation {
	return heimdall.Observation{WebSDRID: id, At: at, Source: heimdall.FromCapture, FailureClass: class, Reason: "it said " + string(class), Holds: time.Hour}
}

func observe(t *testing.T, s Store, o heimdall.Observation) heimdall.Health {
	t.Helper()
	h, err := s.Observe(t.Context(), o)
	ok(t, err)
	same(t, "health as read", healthOf(t, s, o.WebSDRID), h)
	return h
}

func healthOf(t *testing.T, s Store, id int64) heimdall.Health {
	t.Helper()
	list, err := s.Health(t.Context(), []int64{id})
	ok(t, err)
	if len(list) != 1 {
		t.Fatalf("%d healths of WebSDR %d", len(list), id)
	}
	return list[0]
}

func neverLooked(t *testing.T, s Store) {
	ids := createHosts(t, s, 2)
	list, err := s.Health(t.Context(), nil)
	ok(t, err)
	same(t, "health", list, []heimdall.Health{
		{WebSDRID: ids[0], State: heimdall.Unknown, Breaker: heimdall.BreakerClosed},
		{WebSDRID: ids[1], State: heimdall.Unknown, Breaker: heimdall.BreakerClosed},
	})
	list, err = s.Health(t.Context(), []int64{99})
	ok(t, err)
	same(t, "of nothing", list, []heimdall.Health{})
	_, err = s.Observe(t.Context(), upAt(99, observed))
	wantErr(t, err, heimdall.ErrNotFound)
	_, err = s.CloseBreaker(t.Context(), 99)
	wantErr(t, err, heimdall.ErrNotFound)
	_, err = s.Observations(t.Context(), heimdall.ObservationFilter{})
	wantInvalid(t, err, "limit")
}

func observationComesBack(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	job, err := s.ClaimProbe(t.Context(), aLease, everything)
	ok(t, err)
	o := heimdall.Observation{
		WebSDRID: id, At: aTime, Source: heimdall.FromProbe, OK: true, Latency: 123_456 * time.Microsecond, Users: pointer(3), UsersMax: pointer(4),
		FixesPerMin: pointer(58), Satellites: pointer(9), SNRdB: pointer(23.5), Version: "KiwiSDR_v1.709", Holds: 15 * time.Minute,
		Details: map[string]string{"antenna": "long 'wire'"},
	}
	h, err := s.FinishProbe(t.Context(), job, o, time.Hour)
	ok(t, err)
	if d := time.Until(h.NextProbeAt); d < 50*time.Minute || d > 70*time.Minute {
		t.Errorf("the next probe is in %v, want an hour", d)
	}
	want := heimdall.Health{
		WebSDRID: id, State: heimdall.Up, Breaker: heimdall.BreakerClosed, NextProbeAt: h.NextProbeAt,
		LastAt: aTime.Truncate(time.Microsecond), LastUpAt: aTime.Truncate(time.Microsecond), Latency: o.Latency, Users: o.Users, UsersMax: o.UsersMax,
		FixesPerMin: o.FixesPerMin, Satellites: o.Satellites, SNRdB: o.SNRdB, Version: o.Version, Details: o.Details,
	}
	same(t, "health", healthOf(t, s, id), want)
	list, err := s.Observations(t.Context(), heimdall.ObservationFilter{Limit: 10})
	ok(t, err)
	o.At, o.Details, o.ID = aTime.Truncate(time.Microsecond), nil, list[0].ID
	same(t, "history", list, []heimdall.Observation{o})
}

func anyBytes(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	const bad = "a\x00b\xffc"
	o := failedAt(id, observed, heimdall.FailProtocol)
	o.Reason, o.Version, o.Details = bad, bad, map[string]string{bad: bad}
	_, err := s.Observe(t.Context(), o)
	ok(t, err)
	o = upAt(id, observed.Add(time.Second))
	o.Version, o.Details = bad, map[string]string{bad: bad}
	_, err = s.Observe(t.Context(), o)
	ok(t, err)
	if h := healthOf(t, s, id); len(h.Details) != 1 || !strings.HasPrefix(h.Version, "a") {
		t.Errorf("the health is %+v", h)
	}
}

func historyPages(t *testing.T, s Store) {
	ids := createHosts(t, s, 2)
	for i := range 10 {
		observe(t, s, upAt(ids[0], observed.Add(time.Duration(i/3)*time.Second))) // some at the same time
		observe(t, s, upAt(ids[1], observed.Add(time.Duration(i)*time.Second)))
	}
	f := heimdall.ObservationFilter{WebSDRID: ids[0], Limit: 3}
	var all []heimdall.Observation
	for {
		page, err := s.Observations(t.Context(), f)
		ok(t, err)
		all = append(all, page...)
		if len(page) < f.Limit {
			break
		}
		last := page[len(page)-1]
		f.AfterAt, f.AfterID = last.At, last.ID
	}
	if len(all) != 10 {
		t.Fatalf("%d of 10 rows", len(all))
	}
	for i := 1; i < len(all); i++ {
		if a, b := all[i-1], all[i]; a.At.Before(b.At) || a.At.Equal(b.At) && a.ID <= b.ID || b.WebSDRID != ids[0] {
			t.Errorf("row %d (%v, %d) comes after (%v, %d)", i, b.At, b.ID, a.At, a.ID)
		}
	}
	some, err := s.Observations(t.Context(), heimdall.ObservationFilter{From: observed.Add(time.Second), To: observed.Add(3 * time.Second), Limit: 100})
	ok(t, err)
	same(t, "rows in [1 s, 3 s)", len(some), 6+2)
}

func oldDropped(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	for i := range 6 {
		observe(t, s, upAt(id, observed.Add(time.Duration(i)*time.Hour)))
	}
	before := healthOf(t, s, id)
	for _, want := range []int64{2, 1, 0} {
		n, err := s.DropObservations(t.Context(), observed.Add(3*time.Hour), 2)
		ok(t, err)
		same(t, "dropped", n, want)
	}
	left, err := s.Observations(t.Context(), heimdall.ObservationFilter{Limit: 10})
	ok(t, err)
	if len(left) != 3 || !left[2].At.Equal(observed.Add(3*time.Hour)) {
		t.Errorf("%d rows are left, from %v on", len(left), left[len(left)-1].At)
	}
	same(t, "health", healthOf(t, s, id), before)
}

func deletedWithHealth(t *testing.T, s Store) {
	id := broken(t, s)
	ok(t, s.DeleteWebSDR(t.Context(), id))
	list, err := s.Observations(t.Context(), heimdall.ObservationFilter{Limit: 10})
	ok(t, err)
	same(t, "history", list, []heimdall.Observation{})
}

// healthCalls are the calls of a HealthStore.
func healthCalls(s Store, job *acquire.Job) map[string]func(context.Context) error {
	id := job.Captures[0].WebSDRID
	probe := heimdall.ProbeJob{WebSDR: heimdall.WebSDR{ID: id}, Claim: 1}
	return map[string]func(context.Context) error{
		"ClaimProbe":   func(ctx context.Context) error { _, err := s.ClaimProbe(ctx, aLease, everything); return err },
		"ClaimProbeOf": func(ctx context.Context) error { _, err := s.ClaimProbeOf(ctx, id, aLease, 0); return err },
		"FinishProbe": func(ctx context.Context) error {
			_, err := s.FinishProbe(ctx, probe, upAt(id, observed), 0)
			return err
		},
		"ReleaseProbe": func(ctx context.Context) error { return s.ReleaseProbe(ctx, probe, 0) },
		"Observe":      func(ctx context.Context) error { _, err := s.Observe(ctx, upAt(id, observed)); return err },
		"ClaimTrial":   func(ctx context.Context) error { _, err := s.ClaimTrial(ctx, id, 0); return err },
		"CloseBreaker": func(ctx context.Context) error { _, err := s.CloseBreaker(ctx, id); return err },
		"Health":       func(ctx context.Context) error { _, err := s.Health(ctx, nil); return err },
		"Observations": func(ctx context.Context) error {
			_, err := s.Observations(ctx, heimdall.ObservationFilter{Limit: 1})
			return err
		},
		"History": func(ctx context.Context) error {
			_, err := s.History(ctx, heimdall.HistoryFilter{WebSDRID: 1, From: observed, To: observed.Add(time.Hour), Parts: 2})
			return err
		},
		"Uptimes": func(ctx context.Context) error {
			_, err := s.Uptimes(ctx, nil, observed, observed.Add(time.Hour))
			return err
		},
		"DropObservations": func(ctx context.Context) error { _, err := s.DropObservations(ctx, observed, 1); return err },
	}
}
