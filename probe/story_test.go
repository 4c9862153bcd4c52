package probe_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/blob/disk"
	"github.com/heimdall-sdr/heimdall/probe"
	"github.com/heimdall-sdr/heimdall/simnet"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/httpiq"
)

// A story is a worker that records from one bridge on the network, and what watches over the bridge.
type story struct {
	*rig
	server *simnet.Server
	bridge heimdall.WebSDR
	runner *probe.Runner
}

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{rig: newRig(t)}
	t.Cleanup(func() { s.store.Close() })
	world := &simnet.World{Receivers: []simnet.Receiver{{Name: "bridge", Kind: "http_iq", RateHz: 12_000}}}
	var err error
	if s.server, err = simnet.Serve(t.Context(), world, "bridge", simnet.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.server.Close() })
	w := s.server.WebSDR()
	w.RetryCount = 0
	if s.bridge, err = s.store.CreateWebSDR(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	driver := &httpiq.Driver{}
	s.config.Probers = map[string]websdr.Prober{"http_iq": driver}
	s.config.Interval = 0 // this test says when
	s.runner = probe.NewRunner(s.config)
	s.work(driver)
	return s
}

// work runs a worker until the test ends.
func (s *story) work(driver websdr.Driver) {
	s.Helper()
	blobs, err := disk.Open(s.TempDir())
	if err != nil {
		s.Fatal(err)
	}
	a, err := acquire.New(acquire.Config{
		Store: s.store, Blobs: blobs, Drivers: map[string]websdr.Driver{"http_iq": driver}, SpoolDir: filepath.Join(s.TempDir(), "spool"),
		Gates: []acquire.Gate{probe.NewBreaker(s.config)}, Log: probe.NewRunner(s.config).Log,
	})
	if err != nil {
		s.Fatal(err)
	}
	w := &acquire.Worker{Acquirer: a, Name: "test", Concurrency: 1, Lease: time.Minute}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	s.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.Error(err)
		}
	})
}

// acquire records a moment, and returns what became of the capture.
func (s *story) acquire() heimdall.Capture {
	s.Helper()
	a, _, err := s.store.CreateAcquisition(s.Context(), heimdall.Acquisition{
		FrequencyHz: 7_074_000, Duration: 50 * time.Millisecond, JoinTimeout: 5 * time.Second, WebSDRIDs: []int64{s.bridge.ID},
	})
	if err != nil {
		s.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		a, captures, err := s.store.Acquisition(s.Context(), a.TaskID)
		if err != nil {
			s.Fatal(err)
		}
		if a.State.Ended() {
			return captures[0]
		}
		time.Sleep(10 * time.Millisecond) // asking costs more than the work that it waits for
	}
	s.Fatal("the acquisition never ended")
	return heimdall.Capture{}
}

func TestAReceiverThatGoesDownIsSparedUntilItIsBack(t *testing.T) {
	t.Parallel()
	s := newStory(t)
	if c := s.acquire(); c.State != heimdall.Success {
		t.Fatalf("a receiver that is well gave %s (%s)", c.State, c.Reason)
	}
	s.server.SetFaults(simnet.Fault{Kind: simnet.FaultRefuse, Count: 1000})
	for range heimdall.BreakerFailures {
		if c := s.acquire(); c.FailureClass != heimdall.FailTransport {
			t.Errorf("one that is gone gave %s: %s", c.FailureClass, c.Reason)
		}
	}
	if h := s.health(s.bridge); h.Breaker != heimdall.BreakerOpen || h.State != heimdall.Down {
		t.Errorf("its health is %+v", h)
	}
	before := s.server.Connections()
	if c := s.acquire(); c.FailureClass != heimdall.FailDown || !strings.Contains(c.Reason, "breaker is open since") || c.Attempts != 1 {
		t.Errorf("one whose breaker is open gave %s after %d attempts: %s", c.FailureClass, c.Attempts, c.Reason)
	}
	if n := s.server.Connections() - before; n != 0 {
		t.Errorf("it was contacted %d times all the same", n)
	}
	s.server.SetFaults()
	if h, o, err := s.runner.Probe(t.Context(), s.bridge.ID); err != nil || !o.OK || h.Breaker != heimdall.BreakerClosed {
		t.Errorf("the probe says %+v, %+v, %v", h, o, err)
	}
	if c := s.acquire(); c.State != heimdall.Success {
		t.Errorf("one that is back gave %s (%s)", c.State, c.Reason)
	}
	list, err := s.store.Observations(t.Context(), heimdall.ObservationFilter{WebSDRID: s.bridge.ID, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var history []string
	for _, o := range list {
		history = append(history, string(o.Source)+" "+string(o.Says()))
	}
	if got := strings.Join(history, ", "); got != "capture up, probe up, capture down, capture down, capture down, capture up" {
		t.Errorf("the history is %s", got)
	}
}
