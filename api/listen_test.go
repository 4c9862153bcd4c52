package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// told reads n events and returns their kinds and the last id.
func (s stream) told(n int) (kinds []string, last string) {
	s.Helper()
	for range n {
		var e wire.Event
		name, id := s.event(&e)
		if name != string(e.Kind) || id != strconv.FormatInt(e.ID, 10) {
			s.Errorf("the event %s %s says %+v", name, id, e)
		}
		kinds, last = append(kinds, name), id
	}
	return kinds, last
}

var oneLife = []string{"acquisition.created", "acquisition.running", "capture.ended", "capture.ended", "acquisition.ended"}

func (s stream) wants(want ...string) (last string) {
	s.Helper()
	kinds, last := s.told(len(want))
	if diff := cmp.Diff(want, kinds); diff != "" {
		s.Errorf("events (-want +got):\n%s", diff)
	}
	return last
}

func twoWebSDRs(r *rig) {
	r.websdr("One")
	r.websdr("Two")
}

func TestAReaderIsToldOfEverythingFromNowOn(t *testing.T) {
	r := newRig(t, quick)
	twoWebSDRs(r)
	before := r.measured(1, 2)
	s := r.watch("/api/v1/events")
	if name, id := s.event(new(map[string]int64)); name != "ready" || id == "" {
		t.Fatalf("first comes %q with id %q", name, id)
	}
	after := r.measured(1, 2)
	var e wire.Event
	s.event(&e)
	if e.TaskID != after.TaskID || e.TaskID == before.TaskID || e.State != heimdall.Pending || e.WebSDRID != nil {
		t.Errorf("the first event is %+v", e)
	}
	s.wants("acquisition.running")
	s.event(&e)
	if e.Kind != heimdall.CaptureEnded || e.WebSDRID == nil || *e.WebSDRID != 1 || e.SNRdB == nil || *e.SNRdB != 10 || e.ElapsedSeconds != 10 {
		t.Errorf("the end of a capture is %+v", e)
	}
	s.wants("capture.ended", "acquisition.ended")
}

func TestAReaderGoesOnWhereItWasWithoutLossOrRepetition(t *testing.T) {
	r := newRig(t, quick)
	twoWebSDRs(r)
	r.measured(1, 2)
	s := r.watch("/api/v1/events?last_event_id=0")
	last := s.wants(oneLife[:3]...)
	s.body.Close()
	r.measured(1, 2)
	s = r.watch("/api/v1/events", "Last-Event-ID", last)
	s.wants(append(append([]string{}, oneLife[3:]...), oneLife...)...)
	r.measured(1, 2)
	s.wants(oneLife...)
}

func TestEventsAreChosen(t *testing.T) {
	r := newRig(t, quick)
	twoWebSDRs(r)
	a, b := r.measured(1, 2), r.measured(2)
	for query, want := range map[string][]string{
		"task_id=" + b.TaskID:                    {"acquisition.created", "acquisition.running", "capture.ended", "acquisition.ended"},
		"websdr_id=1":                            {"capture.ended"},
		"kind=acquisition.ended":                 {"acquisition.ended", "acquisition.ended"},
		"task_id=" + a.TaskID + "&websdr_id=2":   {"capture.ended"},
		"kind=capture.ended&kind=webhook.test":   {"capture.ended", "capture.ended", "capture.ended"},
		"task_id=unknown&kind=acquisition.ended": nil,
	} {
		s := r.watch("/api/v1/events?last_event_id=0&" + query)
		s.wants(want...)
		s.body.Close()
	}
	r.get("/api/v1/events?kind=nonsense").refused(422, "query.kind[0]", "acquisition.created")
}

func TestProgressShowsAllThatIsLive(t *testing.T) {
	r := newRig(t, quick)
	twoWebSDRs(r)
	a := r.acquisition(1)
	s := r.watch("/api/v1/events?progress=true&kind=webhook.test")
	s.event(new(map[string]int64))
	live := func() (l wire.Live) {
		t.Helper()
		if name, id := s.event(&l); name != "progress" || id != "" {
			t.Fatalf("an event %q with id %q", name, id)
		}
		return l
	}
	if l := live(); len(l.Acquisitions) != 1 || l.Acquisitions[0].TaskID != a.TaskID || l.Acquisitions[0].State != heimdall.Pending {
		t.Errorf("live is %+v", l)
	}
	job := r.claim()
	c := job.Captures[0]
	c.State, c.Phase, c.Elapsed = heimdall.Running, heimdall.PhaseRecording, 4*time.Second
	r.must(r.store.SaveProgress(t.Context(), job.Lease, []heimdall.Capture{c}))
	for l := live(); l.Acquisitions[0].Progress != 0.4; l = live() { // it may have been looked at in between
	}
	c, m := success(job, c)
	r.must(r.store.FinishCapture(t.Context(), job.Lease, c, m))
	r.must(r.store.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, ""))
	for l := live(); len(l.Acquisitions) != 0; l = live() {
	}
}

// A counting store counts what is asked of it.
type countingStore struct {
	*sqlite.Store
	asked atomic.Int64
}

func (c *countingStore) Acquisition(ctx context.Context, id string) (heimdall.Acquisition, []heimdall.Capture, error) {
	c.asked.Add(1)
	return c.Store.Acquisition(ctx, id)
}

func (c *countingStore) Events(ctx context.Context, f heimdall.EventFilter) ([]heimdall.Event, error) {
	c.asked.Add(1)
	return c.Store.Events(ctx, f)
}

func TestManyWatchersOfOneAcquisitionCostAsMuchAsOne(t *testing.T) {
	const watchers = 200
	counting := &countingStore{}
	r := newRig(t, func(c *api.Config) {
		counting.Store = c.Store.(*sqlite.Store)
		c.Store, c.EventPoll = counting, time.Hour // only what happens is looked at
	})
	r.websdr("One")
	a := r.acquisition(1)
	server := httptest.NewServer(r.handler)
	defer server.Close()
	var group sync.WaitGroup
	var seen sync.WaitGroup
	seen.Add(watchers)
	for range watchers {
		group.Go(func() {
			resp, err := http.Get(server.URL + a.Links.Events)
			if err != nil {
				t.Error(err)
				seen.Done()
				return
			}
			s := newStream(t, resp)
			s.acquisition()
			seen.Done()
			for s.acquisition().State != heimdall.Success { // each sees the end, though perhaps not each step
			}
			if got := s.next(); got != "event: end\ndata: {}\n" {
				t.Errorf("after the end comes %q", got)
			}
			resp.Body.Close()
		})
	}
	seen.Wait()
	before := counting.asked.Load()
	job := r.claim()
	r.end(job, func(c heimdall.Capture) (heimdall.Capture, *heimdall.Measurement) { return success(job, c) })
	group.Wait()
	if n := counting.asked.Load() - before; n > 20 {
		t.Errorf("three changes cost %d questions for %d watchers", n, watchers)
	}
}

func TestStreamsEndWithTheServerAndTheFeedWithThem(t *testing.T) {
	r := newRig(t, quick)
	r.websdr("One")
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for _, target := range []string{"/api/v1/events", "/api/v1/events?progress=true", r.acquisition(1).Links.Events} {
		group.Go(func() {
			r.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil))
		})
	}
	time.Sleep(10 * time.Millisecond) // for them to begin; it is no fault if they have not
	cancel()
	group.Wait()
	if strings.Contains(r.log.String(), "ERROR") || strings.Contains(r.log.String(), "broke off") {
		t.Errorf("callers that hung up are logged: %s", r.log)
	}
}
