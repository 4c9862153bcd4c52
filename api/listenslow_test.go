package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

func TestAReaderThatWasAwayTooLongIsToldSo(t *testing.T) {
	r := newRig(t, quick)
	twoWebSDRs(r)
	r.measured(1, 2)
	last := r.watch("/api/v1/events?last_event_id=0").wants(oneLife[:1]...)
	_, err := r.store.PruneEvents(t.Context(), noon.Add(time.Hour))
	r.must(err)
	for _, unknown := range []string{last, "999999999999"} { // pruned, and of another database
		s := r.watch("/api/v1/events?last_event_id=" + unknown)
		if name, id := s.event(new(map[string]int64)); name != "reset" || id == "" || id == unknown {
			t.Errorf("after %s comes %q with id %q", unknown, name, id)
		}
		r.measured(1, 2)
		s.wants(oneLife...)
	}
	r.get("/api/v1/events?last_event_id=x").refused(422, "query.last_event_id", "id of an event")
	r.get("/api/v1/events", "Last-Event-ID", "-1").refused(422, "query.Last-Event-ID", "id of an event")
}

// A stuck reader accepts nothing until it is let go.
type stuckWriter struct {
	http.ResponseWriter
	let chan struct{}
}

func (w *stuckWriter) Write(p []byte) (int, error) {
	<-w.let
	return len(p), nil
}

func TestAReaderThatIsStuckKeepsNoOtherWaiting(t *testing.T) {
	r := newRig(t, quick)
	twoWebSDRs(r)
	stuck := &stuckWriter{httptest.NewRecorder(), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.handler.ServeHTTP(stuck, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/v1/events?last_event_id=0", nil))
	}()
	s := r.watch("/api/v1/events?last_event_id=0")
	for range 5 {
		r.measured(1, 2)
		s.wants(oneLife...)
	}
	cancel()
	close(stuck.let)
	<-done
}

func TestAReaderFarBehindReadsFromTheDatabaseAndThenOn(t *testing.T) {
	r := newRig(t, quick)
	const n, each = 5, 500 // acquisitions and captures: more events than the feed remembers
	list, ids := make([]heimdall.WebSDR, each), make([]int64, each)
	for i := range list {
		list[i] = heimdall.WebSDR{Name: fmt.Sprint("sim ", i), Kind: "sim", URL: "sim:///", Active: true, Timeout: time.Second}
		ids[i] = int64(i + 1)
	}
	_, _, err := r.store.ImportWebSDRs(t.Context(), list)
	r.must(err)
	ready := r.watch("/api/v1/events") // keeps the feed going
	ready.event(new(map[string]int64))
	for range n {
		a, _, err := r.store.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 1e6, Duration: time.Second, WebSDRIDs: ids})
		r.must(err)
		_, err = r.store.CancelAcquisition(t.Context(), a.TaskID)
		r.must(err)
	}
	s := r.watch("/api/v1/events?last_event_id=0")
	seen := map[string]int{}
	last := int64(0)
	for range n * (each + 2) {
		var e wire.Event
		s.event(&e)
		if e.ID <= last {
			t.Fatalf("event %d comes after %d", e.ID, last)
		}
		last = e.ID
		seen[string(e.Kind)]++
	}
	if diff := cmp.Diff(map[string]int{"acquisition.created": n, "capture.ended": n * each, "acquisition.ended": n}, seen); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	r.acquisition(1)
	s.wants("acquisition.created")
}

func TestEventStreamsSurviveADatabaseThatIsAwayForAMoment(t *testing.T) {
	flaky := &flakyStore{}
	r := newRig(t, quick, func(c *api.Config) {
		flaky.Store = c.Store.(*sqlite.Store)
		c.Store = flaky
	})
	r.websdr("One")
	s := r.watch("/api/v1/events")
	s.event(new(map[string]int64))
	flaky.broken.Store(true)
	a, _, err := r.store.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 1e6, Duration: time.Second, WebSDRIDs: []int64{1}})
	r.must(err)
	for deadline := time.Now().Add(10 * time.Second); flaky.refused.Load() < 3 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // until it has been looked for in vain
	}
	flaky.broken.Store(false)
	var e wire.Event
	if s.event(&e); e.TaskID != a.TaskID {
		t.Errorf("afterwards comes %+v", e)
	}
}

type flakyStore struct {
	*sqlite.Store
	broken  atomic.Bool
	refused atomic.Int64
}

func (f *flakyStore) Events(ctx context.Context, filter heimdall.EventFilter) ([]heimdall.Event, error) {
	if f.broken.Load() {
		f.refused.Add(1)
		return nil, fmt.Errorf("the database is away")
	}
	return f.Store.Events(ctx, filter)
}
