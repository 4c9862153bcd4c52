package websdrtest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
	"github.com/heimdall-sdr/heimdall/websdr/websdrtest"
)

// A toy is a driver that keeps every promise but the one that its defect names.
type toy struct {
	defect string
	stopAt int64 // samples after which it stalls; 0 means never
	silent bool
	class  heimdall.FailureClass // of every Open
}

func (d *toy) Open(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	s := &toyStream{toy: d, ctx: ctx, timeout: w.Timeout, closed: make(chan struct{})}
	s.header = websdr.Header{Format: iq.CU8, NominalRateHz: 48_000, FrequencyHz: t.FrequencyHz, Dialect: "toy"}
	switch {
	case d.defect == "format":
		s.header.Format = 99
	case d.defect == "offset":
		s.header.FrequencyHz -= w.FrequencyOffsetHz
	case d.defect == "leak":
		go func() { <-ctx.Done() }()
	case d.defect == "forever":
		go func() { time.Sleep(time.Minute) }()
	}
	if d.defect == "leak on failure" && (d.silent || d.class != "") {
		go func() { <-ctx.Done() }()
	}
	switch {
	case d.silent:
		return nil, s.block()
	case ctx.Err() != nil && d.defect != "eager":
		return nil, websdr.Fail(heimdall.FailTransport, "open", ctx.Err(), "given up")
	case d.class == "":
		return s, nil
	}
	f := websdr.Fail(d.class, "open", nil, "no")
	switch d.defect {
	case "detail":
		f.Detail = ""
	case "class":
		f.Class = heimdall.FailDown
	case "password":
		f.Err = errors.New("bad password " + w.Password)
	case "untyped":
		return nil, errors.New("no")
	}
	return nil, f
}

type toyStream struct {
	*toy
	ctx     context.Context
	timeout time.Duration
	header  websdr.Header
	given   int64
	closes  int
	closed  chan struct{}
}

// block waits as long as a silent receiver is waited for.
func (s *toyStream) block() error {
	done, closed := s.ctx.Done(), s.closed
	switch s.defect {
	case "deaf to ctx":
		done = nil
	case "deaf to Close":
		closed = nil
	case "patient":
		s.timeout += 5 * time.Second
	}
	select {
	case <-done:
		return websdr.Fail(heimdall.FailTransport, "read", s.ctx.Err(), "given up")
	case <-closed:
		return websdr.Fail(heimdall.FailTransport, "read", nil, "closed")
	case <-time.After(min(s.timeout, 3500*time.Millisecond)):
	}
	if s.defect == "stall class" {
		return websdr.Fail(heimdall.FailBusy, "read", nil, "stalled")
	}
	return websdr.Fail(heimdall.FailTransport, "read", nil, "stalled")
}

func (s *toyStream) Read(p []byte) (int, error) {
	select {
	case <-s.closed:
		if s.defect == "end at Close" {
			return 0, io.EOF
		}
		return 0, websdr.Fail(heimdall.FailTransport, "read", nil, "closed")
	default:
	}
	if s.ctx.Err() != nil && s.defect != "deaf to ctx" {
		return 0, websdr.Fail(heimdall.FailTransport, "read", s.ctx.Err(), "given up")
	}
	if s.stopAt > 0 && s.given >= s.stopAt {
		return 0, s.block()
	}
	n := len(p) / 2
	s.given += int64(n)
	switch s.defect {
	case "split":
		return len(p), nil
	case "overrun":
		p[:len(p)+1][len(p)] = 0
	case "header":
		s.header.NominalRateHz++
	}
	return 2 * n, nil
}

func (s *toyStream) Close() error {
	if s.closes++; s.closes == 1 {
		close(s.closed)
	} else if s.defect == "close" {
		return errors.New("closed already")
	}
	return nil
}

func (s *toyStream) Header() websdr.Header { return s.header }

func (s *toyStream) Clock() stamp.Clock {
	c := stamp.Clock{Start: time.Unix(0, 0).UTC(), RateHz: 48_000, Quality: heimdall.TimeNone, GPSAgeMaxS: -1}
	if s.defect == "clock" {
		c.RateHz = 44_100
	}
	return c
}

func (s *toyStream) Trailer() websdr.Trailer {
	if s.defect == "trailer" {
		return websdr.Trailer{Samples: s.given + 1}
	}
	return websdr.Trailer{Samples: s.given}
}

func target(defect string) websdrtest.Target {
	setup := func(d toy) websdrtest.Setup {
		d.defect = defect
		return func(*testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning) {
			return &d, heimdall.WebSDR{Timeout: 10 * time.Second}, websdr.Tuning{FrequencyHz: 145_500_000, SampleRateHz: 48_000}
		}
	}
	return websdrtest.Target{
		Open: setup(toy{}), Endless: true, Stalls: setup(toy{stopAt: 1000}), Silent: setup(toy{silent: true}),
		Faults: map[heimdall.FailureClass]websdrtest.Setup{heimdall.FailBusy: setup(toy{class: heimdall.FailBusy})},
	}
}

func TestADriverThatKeepsThePromisePasses(t *testing.T) { websdrtest.Run(t, target("")) }

// TestABrokenDriver is run by the test below in a process of its own, where it is to fail.
func TestABrokenDriver(t *testing.T) {
	defect := os.Getenv("WEBSDRTEST_DEFECT")
	if defect == "" {
		t.Skip("run by TestEveryBrokenPromiseIsNoticed")
	}
	websdrtest.Run(t, target(defect))
}

func TestEveryBrokenPromiseIsNoticed(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for defect, sentence := range map[string]string{
		"format":        "the header names a format, a rate and the tuned frequency",
		"header":        "the header does not change",
		"offset":        "a converter's offset is added back to the tuned frequency",
		"split":         "Read never splits a sample",
		"overrun":       "Read never splits a sample",
		"trailer":       "the trailer counts the samples that Read gave",
		"clock":         "the clock advances with the samples",
		"eager":         "a cancelled context ends Open at once",
		"deaf to ctx":   "a cancelled context ends a blocked Read",
		"forever":       "a cancelled context ends everything even without Close",
		"leak":          "Close may be called twice",
		"close":         "Close may be called twice",
		"deaf to Close": "Close ends a blocked Read from another goroutine",
		"end at Close":  "after Close Read gives an error that is not the end",
		"patient":       "silence ends Open after the receiver's time-out",
		"stall class":   "a stall becomes a transport failure after the receiver's time-out",
		"class":         "a receiver that is busy says so",
		"detail":        "a receiver that is busy says so",
		"password":      "a receiver that is busy says so",
		"untyped":       "a receiver that is busy says so",
	} {
		wg.Go(func() { // all at once: they mostly wait
			sentence = strings.ReplaceAll(sentence, " ", "_")
			out, err := breakDriver(t, defect, sentence)
			if err == nil || !strings.Contains(out, "--- FAIL: TestABrokenDriver/"+sentence) {
				t.Errorf("%q does not notice the defect %q (%v):\n%s", sentence, defect, err, out)
			}
		})
	}
	wg.Wait()
}

// breakDriver runs one sentence against a driver with a defect, and returns what the test printed.
func breakDriver(t *testing.T, defect, sentence string) (string, error) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestABrokenDriver$/^"+sentence+"$")
	cmd.Env = append(os.Environ(), "WEBSDRTEST_DEFECT="+defect)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestAGoroutineThatAnOpenWithoutSuccessLeavesIsNoticed(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for _, sentence := range []string{"a_receiver_that_is_busy_says_so", "silence_ends_Open_after_the_receiver's_time-out"} {
		wg.Go(func() {
			out, err := breakDriver(t, "leak on failure", sentence)
			if err == nil || !strings.Contains(out, "1 goroutines are left behind") {
				t.Errorf("%q does not notice it (%v):\n%s", sentence, err, out)
			}
		})
	}
	wg.Wait()
}
