package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A stream reads server-sent events from a real server whose WriteTimeout is shorter than the stream.
type stream struct {
	*testing.T
	lines *bufio.Reader
	body  io.Closer
}

func (r *rig) watch(target string, header ...string) stream {
	r.Helper()
	server := httptest.NewUnstartedServer(r.handler)
	server.Config.WriteTimeout = 100 * time.Millisecond
	server.Start()
	r.Cleanup(server.Close)
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, server.URL+target, nil)
	r.must(err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := server.Client().Do(req)
	r.must(err)
	r.Cleanup(func() { resp.Body.Close() })
	r.doc.check(r.T, http.MethodGet, req.URL.Path, answer{r.T, resp.StatusCode, resp.Header, ""})
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		r.Fatalf("answer is %s of type %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	return newStream(r.T, resp)
}

func newStream(t *testing.T, resp *http.Response) stream {
	return stream{t, bufio.NewReader(resp.Body), resp.Body}
}

// next returns the next block of lines.
func (s stream) next() (block string) {
	s.Helper()
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			s.Fatalf("stream ends after %q: %v", block, err)
		}
		if line == "\n" {
			return block
		}
		block += line
	}
}

// acquisition returns the next event, which must be one.
func (s stream) acquisition() (a wire.Acquisition) {
	s.Helper()
	name, id := s.event(&a)
	if name != "acquisition" || id == "" {
		s.Fatalf("an event %q with id %q, and not an acquisition with one", name, id)
	}
	return a
}

// event decodes the next event, which must be of the fields event, id if it has one, and data.
func (s stream) event(v any) (name, id string) {
	s.Helper()
	block := s.next()
	for _, line := range strings.Split(strings.TrimSuffix(block, "\n"), "\n") {
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			if err := json.Unmarshal([]byte(value), v); err != nil {
				s.Fatalf("%q: %v", block, err)
			}
		default:
			s.Fatalf("a field of %q is not known", block)
		}
	}
	return name, id
}

func quick(c *api.Config) { c.EventPoll, c.EventHeartbeat = time.Millisecond, time.Hour }

func TestEventsFollowAnAcquisitionToItsEnd(t *testing.T) {
	r := newRig(t, quick)
	r.websdr("One")
	a := r.acquisition(1)
	s := r.watch(a.Links.Events)
	if got := s.acquisition(); got.TaskID != a.TaskID || got.State != heimdall.Pending {
		t.Errorf("first event is %+v", got)
	}
	job := r.claim()
	if got := s.acquisition(); got.State != heimdall.Running {
		t.Errorf("after the claim it is %s", got.State)
	}
	c := job.Captures[0]
	c.State, c.Phase, c.Elapsed = heimdall.Running, heimdall.PhaseRecording, 4*time.Second
	r.must(r.store.SaveProgress(t.Context(), job.Lease, []heimdall.Capture{c}))
	if got := s.acquisition(); got.Progress != 0.4 || got.Captures[0].Phase != heimdall.PhaseRecording {
		t.Errorf("after 4 of 10 s it is %+v", got)
	}
	time.Sleep(150 * time.Millisecond) // past the server's WriteTimeout: this is what the test is about
	c, m := success(job, c)
	r.must(r.store.FinishCapture(t.Context(), job.Lease, c, m))
	if got := s.acquisition(); got.CapturesEnded != 1 || got.State != heimdall.Running {
		t.Errorf("after its capture it is %+v", got)
	}
	r.must(r.store.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, ""))
	if got := s.acquisition(); got.State != heimdall.Success || got.Progress != 1 {
		t.Errorf("at the end it is %+v", got)
	}
	if got := s.next(); got != "event: end\ndata: {}\n" {
		t.Errorf("after the end comes %q", got)
	}
	if _, err := s.lines.ReadByte(); err != io.EOF {
		t.Errorf("the stream goes on: %v", err)
	}
}

func TestASilentStreamShowsThatItLives(t *testing.T) {
	r := newRig(t, func(c *api.Config) { c.EventPoll, c.EventHeartbeat = time.Hour, time.Millisecond })
	r.websdr("One")
	s := r.watch(r.acquisition(1).Links.Events)
	s.acquisition()
	for range 3 {
		if got := s.next(); got != ":\n" {
			t.Errorf("heartbeat is %q", got)
		}
	}
}

func TestAStreamEndsWithItsRequest(t *testing.T) {
	r := newRig(t, quick)
	r.websdr("One")
	a := r.acquisition(1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	rec := httptest.NewRecorder()
	go func() {
		defer close(done)
		r.handler.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, a.Links.Events, nil))
	}()
	cancel()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the stream outlives its request")
	}
	if strings.Contains(r.log.String(), "ERROR") {
		t.Errorf("a caller that hung up is logged as an error: %s", r.log)
	}
	r.get("/api/v1/acquisitions/unknown/events").refused(404, "", "not found")
}
