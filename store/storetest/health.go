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

func wantBreaker(t *testing.T, h heimdall.Health, state heimdall.HealthState, breaker heimdall.BreakerState, failures int) {
	t.Helper()
	if h.State != state || h.Breaker != breaker || h.Failures != failures || h.OpenedAt.IsZero() != (breaker == heimdall.BreakerClosed) {
		t.Errorf("it is %s, breaker %s (opened %v) after %d failures; want %s, %s, %d", h.State, h.Breaker, h.OpenedAt, h.Failures, state, breaker, failures)
	}
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

// knownUptimes reckons histories whose uptimes can be told by hand. Times are minutes after observed.
func knownUptimes(t *testing.T, s Store) {
	type seen struct {
		minute float64
		is     heimdall.FailureClass // "" is up
		holds  float64
	}
	histories := []struct {
		name     string
		rows     []seen
		up, down float64
	}{
		{"nothing is known of nothing", nil, 0, 0},
		{"each row holds until the next", []seen{{0, "", 15}, {5, "down", 15}, {10, "", 15}, {15, "", 15}}, 5 + 5 + 15, 5},
		{"no row holds longer than it may", []seen{{0, "", 15}, {40, "down", 15}}, 15, 15},
		{"a row from before counts while it holds", []seen{{-10, "", 15}, {30, "transport", 15}}, 5, 15},
		{"a row from long before does not", []seen{{-20, "", 15}}, 0, 0},
		{"nothing counts after the end", []seen{{55, "", 15}, {70, "down", 15}}, 5, 0},
		{"busy is up", []seen{{0, "busy", 30}, {30, "down", 30}}, 30, 30},
		{"what has shut us out is unknown until it says something", []seen{{0, "", 60}, {10, "banned", 60}, {40, "", 60}}, 10 + 20, 0},
		{"a receiver that is down is asked seldom, and is down in between", []seen{{0, "down", 180}, {59, "", 15}}, 1, 59},
		{"rows out of order are put in order", []seen{{30, "down", 60}, {0, "", 60}}, 30, 30},
	}
	ids := createHosts(t, s, len(histories))
	at := func(minutes float64) time.Time { return observed.Add(time.Duration(minutes * float64(time.Minute))) }
	for i, h := range histories {
		for _, row := range h.rows {
			o := upAt(ids[i], at(row.minute))
			if row.is != "" {
				o = failedAt(ids[i], at(row.minute), row.is)
			}
			o.Holds = at(row.holds).Sub(observed)
			observe(t, s, o)
		}
	}
	list, err := s.Uptimes(t.Context(), nil, observed, at(60))
	ok(t, err)
	got := map[int64]heimdall.Uptime{}
	for _, u := range list {
		got[u.WebSDRID] = u
	}
	for i, h := range histories {
		u := got[ids[i]]
		if u.Up != at(h.up).Sub(observed) || u.Down != at(h.down).Sub(observed) {
			t.Errorf("%s: up %v, down %v, want %v min and %v min", h.name, u.Up, u.Down, h.up, h.down)
		}
		if (u.Share() == nil) != (h.up+h.down == 0) {
			t.Errorf("%s: the share is %v", h.name, u.Share())
		}
	}
	one, err := s.Uptimes(t.Context(), ids[1:2], observed, at(60))
	ok(t, err)
	same(t, "of one", one, []heimdall.Uptime{got[ids[1]]})
	split := time.Duration(0)
	for i := range 6 { // parts make the whole
		part, err := s.Uptimes(t.Context(), ids[1:2], at(float64(10*i)), at(float64(10*i+10)))
		ok(t, err)
		for _, u := range part {
			split += u.Up
		}
	}
	same(t, "sum of the parts", split, got[ids[1]].Up)
}

func attemptsCounted(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	good := upAt(id, observed)
	good.Source = heimdall.FromCapture
	for _, o := range []heimdall.Observation{
		upAt(id, observed), good, good, failedAt(id, observed, heimdall.FailBusy), failedAt(id, observed.Add(-time.Minute), heimdall.FailDown),
	} {
		observe(t, s, o)
	}
	list, err := s.Uptimes(t.Context(), []int64{id}, observed, observed.Add(time.Hour))
	ok(t, err)
	if len(list) != 1 || list[0].Attempts != 3 || list[0].Successes != 2 {
		t.Errorf("%+v, want 3 attempts of which 2 succeeded", list)
	}
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
		"Uptimes": func(ctx context.Context) error {
			_, err := s.Uptimes(ctx, nil, observed, observed.Add(time.Hour))
			return err
		},
		"DropObservations": func(ctx context.Context) error { _, err := s.DropObservations(ctx, observed, 1); return err },
	}
}
