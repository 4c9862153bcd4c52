package api_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/probe"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// observe writes down what was learnt of a WebSDR so long before noon.
func (r *rig) observe(id int64, before time.Duration, class heimdall.FailureClass) {
	r.Helper()
	o := heimdall.Observation{WebSDRID: id, At: noon.Add(-before), Source: heimdall.FromCapture, OK: class == "", FailureClass: class,
		Holds: time.Hour}
	if class != "" {
		o.Reason = "it said " + string(class)
	}
	_, err := r.store.Observe(r.Context(), o)
	r.must(err)
}

func TestAListOfWebSDRsSaysHowTheyAre(t *testing.T) {
	r := newRig(t)
	kiwi := r.websdr("Kiwi", func(w *heimdall.WebSDR) { w.Kind, w.URL = "kiwisdr", "http://kiwi.example:8073" })
	r.websdr("Unseen")
	r.observe(kiwi.ID, 4*time.Hour, "")
	for i := range 3 {
		r.observe(kiwi.ID, 3*time.Hour-time.Duration(i)*time.Minute, heimdall.FailTransport)
	}
	var list wire.WebSDRList
	r.get("/api/v1/websdrs").want(200).into(&list)
	h := list.WebSDRs[0].Health
	// Up for the hour until 9:00, down until an hour after 9:02.
	if h.Uptime24hPercent == nil || *h.Uptime24hPercent < 49.1 || *h.Uptime24hPercent > 49.3 {
		t.Errorf("its uptime is %v %%, want 60 of 122 minutes", h.Uptime24hPercent)
	}
	h.Uptime24hPercent = nil
	opened, up := noon.Add(-3*time.Hour+2*time.Minute), noon.Add(-4*time.Hour)
	want := wire.WebSDRHealth{State: "down", Breaker: "open", Failures: 3, OpenedAt: &opened, LastAt: &opened, LastOKAt: &up,
		FailureClass: "transport", Reason: "it said transport"}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("health (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wire.WebSDRHealth{State: "unknown", Breaker: "closed"}, list.WebSDRs[1].Health); diff != "" {
		t.Errorf("health of the one that nobody has looked at (-want +got):\n%s", diff)
	}
}

func TestAStatusHasItsHistoryInPages(t *testing.T) {
	r := newRig(t)
	w := r.websdr("Kiwi")
	for i := range 5 {
		r.observe(w.ID, time.Duration(i)*time.Hour, "")
	}
	var seen []time.Time
	target := fmt.Sprintf("/api/v1/websdrs/%d/status?limit=2", w.ID)
	for cursor := ""; ; {
		var s wire.WebSDRStatus
		r.get(target + cursor).want(200).into(&s)
		for _, o := range s.Observations {
			seen = append(seen, o.At)
		}
		if s.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + *s.NextCursor
	}
	if len(seen) != 5 || !seen[0].Equal(noon) || !seen[4].Equal(noon.Add(-4*time.Hour)) {
		t.Errorf("the pages hold %v", seen)
	}
	var s wire.WebSDRStatus
	r.get(target + "&from=2026-03-01T10:00:00Z&to=2026-03-01T11:00:00Z").want(200).into(&s)
	if len(s.Observations) != 1 || len(s.Uptimes) != 3 || s.Uptimes[0].Attempts != 4 || *s.Uptimes[0].AvailablePercent != 100 {
		t.Errorf("the status is %+v", s)
	}
	// What was learnt this very moment is in the history, but not yet of the time until now.
	if k := s.Uptimes[0].KnownPercent; k < 16.6 || k > 16.7 {
		t.Errorf("%v %% of the day are known, want 4 of 24 hours", k)
	}
	r.get(target+"&cursor=nonsense").refused(422, "query.cursor", "next_cursor")
	r.get(target+"&from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z").refused(422, "query.to", "after from")
	r.get("/api/v1/websdrs/99/status").refused(404, "", "99")
}

func TestAWebSDRIsProbedOnRequestButNotTooOften(t *testing.T) {
	var runner *probe.Runner
	r := newRig(t, func(c *api.Config) {
		runner = probe.NewRunner(probe.Config{Store: c.Store.(probe.Store), Probers: map[string]websdr.Prober{"sim": &sim.Driver{}}, Now: c.Now})
		c.Prober = runner
	})
	w := r.websdr("Sim", func(w *heimdall.WebSDR) { w.URL = "sim:///" })
	broken := r.websdr("Broken", func(w *heimdall.WebSDR) { w.URL = "sim:///?snr_db=loud" })
	off := r.websdr("Off", func(w *heimdall.WebSDR) { w.Active = false })
	var got wire.ProbeResult
	r.post(fmt.Sprintf("/api/v1/websdrs/%d/probe", w.ID), "").want(200).into(&got)
	if got.Health.State != "up" || !got.Observation.OK || got.Observation.Version != "sim" || !got.Observation.At.Equal(noon) {
		t.Errorf("the probe says %+v", got)
	}
	again := r.post(fmt.Sprintf("/api/v1/websdrs/%d/probe", w.ID), "")
	again.refused(http.StatusTooManyRequests, "", "once in 10s")
	if again.header.Get("Retry-After") == "" {
		t.Error("it does not say when again")
	}
	r.now = noon.Add(10 * time.Second)
	r.post(fmt.Sprintf("/api/v1/websdrs/%d/probe", w.ID), "").want(200)
	r.post(fmt.Sprintf("/api/v1/websdrs/%d/probe", broken.ID), "").want(200).into(&got)
	if got.Observation.OK || got.Observation.FailureClass != "unsupported" || got.Observation.Reason == "" {
		t.Errorf("the probe says %+v", got)
	}
	r.post(fmt.Sprintf("/api/v1/websdrs/%d/probe", off.ID), "").refused(409, "", "inactive")
	r.post("/api/v1/websdrs/99/probe", "").refused(404, "", "99")
}

func TestAServerWithoutProberSaysSo(t *testing.T) {
	r := newRig(t)
	w := r.websdr("Kiwi")
	r.post(fmt.Sprintf("/api/v1/websdrs/%d/probe", w.ID), "").refused(409, "", "another")
}

func TestABreakerIsClosedByHand(t *testing.T) {
	r := newRig(t)
	w := r.websdr("Kiwi", func(w *heimdall.WebSDR) { w.Kind, w.URL = "kiwisdr", "http://kiwi.example:8073" })
	for range 3 {
		r.observe(w.ID, time.Hour, heimdall.FailDown)
	}
	b := probe.NewBreaker(probe.Config{Store: r.store, Now: func() time.Time { return r.now }})
	if err := b.Enter(context.Background(), &w); err == nil {
		t.Error("the breaker is not open")
	}
	var h wire.WebSDRHealth
	r.do(http.MethodDelete, fmt.Sprintf("/api/v1/websdrs/%d/breaker", w.ID), "").want(200).into(&h)
	if h.Breaker != "closed" || h.State != "down" || h.OpenedAt != nil || h.NextProbeAt == nil {
		t.Errorf("after closing it is %+v", h)
	}
	if err := b.Enter(context.Background(), &w); err != nil {
		t.Errorf("attempts are still refused: %v", err)
	}
	r.do(http.MethodDelete, "/api/v1/websdrs/99/breaker", "").refused(404, "", "99")
}
