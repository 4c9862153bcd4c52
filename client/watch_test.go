package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

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
