package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// watchHealth asks a WebSDR that nobody has looked at how it is.
func (r *rig) watchHealth(id int64) {
	r.Helper()
	for i, state := range []heimdall.HealthState{heimdall.Up, heimdall.Down, heimdall.Down} {
		o := heimdall.Observation{WebSDRID: id, At: time.Now().Add(time.Duration(i-5) * time.Minute), Source: heimdall.FromCapture, OK: state == heimdall.Up, Holds: time.Hour}
		if !o.OK {
			o.FailureClass = heimdall.FailDown
		}
		_, err := r.store.Observe(r.Context(), o)
		r.must(err)
	}
	page, err := r.WebSDRStatus(r.Context(), id, time.Now().Add(-time.Hour), time.Time{}, 2, "")
	r.must(err)
	if page.Health.State != heimdall.Down || len(page.Observations) != 2 || page.NextCursor == nil || page.Uptimes[0].Attempts != 3 {
		r.Fatalf("the status is %+v", page)
	}
	rest, err := r.WebSDRStatus(r.Context(), id, time.Time{}, time.Time{}, 2, *page.NextCursor)
	r.must(err)
	if len(rest.Observations) != 1 || !rest.Observations[0].OK || rest.NextCursor != nil {
		r.Errorf("the last page is %+v", rest)
	}
	history, err := r.WebSDRHistory(r.Context(), id, time.Now().Add(-time.Hour), time.Time{}, 1)
	r.must(err)
	if len(history.Parts) != 1 || history.Parts[0].Up != 1 || history.Parts[0].Down != 2 || history.Failures[0].Times != 2 {
		r.Errorf("the history is %+v", history)
	}
	h, err := r.CloseBreaker(r.Context(), id)
	r.must(err)
	if h.Breaker != heimdall.BreakerClosed || h.Failures != 0 {
		r.Errorf("after closing it is %+v", h)
	}
	_, err = r.ProbeWebSDR(r.Context(), id)
	r.refused(err, 409) // this server has no prober
}

func TestAWatchOutlivesABrokenStream(t *testing.T) {
	broken := atomic.Bool{}
	r := newRig(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "/events") && broken.CompareAndSwap(false, true) {
				ctx, cancel := context.WithCancel(req.Context())
				defer cancel()
				h.ServeHTTP(&cutter{ResponseWriter: w, cut: cancel}, req.WithContext(ctx))
				return
			}
			h.ServeHTTP(w, req)
		})
	})
	w, err := r.CreateWebSDR(t.Context(), input("One"))
	r.must(err)
	a, _, err := r.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7, DurationSeconds: 1, WebSDRs: []int64{w.WebSDRID}}, "")
	r.must(err)
	var states []heimdall.State
	for a, err := range r.Watch(t.Context(), a.TaskID) {
		r.must(err)
		if states = append(states, a.State); len(states) == 1 {
			r.finish()
		}
	}
	if !broken.Load() || len(states) < 2 || states[0] != heimdall.Pending || states[len(states)-1] != heimdall.Success {
		t.Errorf("watched %v", states)
	}
}

// A cutter ends its request after the first event.
type cutter struct {
	http.ResponseWriter
	cut func()
}

func (c *cutter) Write(p []byte) (int, error) {
	defer c.cut()
	return c.ResponseWriter.Write(p)
}

func (c *cutter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func TestAWatchEndsWithItsContextOrAtOnceWhenThereIsNothingToWatch(t *testing.T) {
	r := newRig(t)
	w, err := r.CreateWebSDR(t.Context(), input("One"))
	r.must(err)
	a, _, err := r.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7, DurationSeconds: 1, WebSDRs: []int64{w.WebSDRID}}, "")
	r.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range r.Watch(ctx, a.TaskID) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the watch ends with %v", last)
	}
	for _, err := range r.Watch(t.Context(), "unknown") {
		r.refused(err, 404)
	}
}
