// Package websdrtest holds the promise of [websdr.Driver] and [websdr.Stream] as a test: every sentence of it
// is a subtest that every driver runs against a receiver which the driver's own test starts.
//
// It knows no protocol and no driver. What only one protocol can show, such as the bytes of its commands,
// is for the driver's own tests.
//
// The surprising part: every subtest also proves that the driver left no goroutine behind, by comparing those
// that ran when the receiver had been set up with those that run when the stream is closed. So the subtests
// must not run in parallel, but for those that mostly wait, which are compared all at once, and a receiver's own
// goroutines must end with the connection that they serve.
package websdrtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A Setup starts one receiver of its own, to be ended by t.Cleanup, and says how it is reached.
type Setup func(t *testing.T) (websdr.Driver, heimdall.WebSDR, websdr.Tuning)

// A Target is one kind of receiver, healthy and ill. Only Open is needed; the sentences about a missing
// field are skipped.
type Target struct {
	// Open sets up a healthy receiver. It delivers at least 4000 samples, and at its nominal rate where
	// arrival is what tells their time.
	Open Setup
	// Endless says that the healthy receiver's stream has no end. Otherwise it ends with io.EOF, soon.
	Endless bool
	// Faults set up a receiver that fails with that class, in Open or in a later Read.
	Faults map[heimdall.FailureClass]Setup
	// Stalls sets up a receiver that delivers at least one sample and then nothing more, without ending.
	Stalls Setup
	// Silent sets up a receiver that lets itself be connected to and says nothing at all.
	Silent Setup
}

// stallTimeout is the receiver's time-out in the sentences that wait for it to run out.
const stallTimeout = time.Second

// Promised and granted: the promise is one second, and a loaded machine gets another.
const promptly = 2 * time.Second

// password is what the suite gives to a receiver that has none, to see whether it ever comes back in an error.
const password = "s3cret-never-shown"

// Run runs every sentence of the promise against target.
func Run(t *testing.T, target Target) {
	t.Helper()
	if target.Open == nil {
		t.Fatal("websdrtest: Target.Open is missing")
	}
	for _, s := range []struct {
		name string
		run  func(*testing.T, Setup)
		with Setup
	}{
		{"Open returns with the first sample at hand", firstSampleAtHand, target.Open},
		{"the header names a format, a rate and the tuned frequency", headerIsTrue, target.Open},
		{"the header does not change", headerStays, target.Open},
		{"a converter's offset is added back to the tuned frequency", offsetIsAddedBack, target.Open},
		{"one driver opens several receivers at once", concurrentOpens, target.Open},
		{"Read never splits a sample", readNeverSplits, target.Open},
		{"the trailer counts the samples that Read gave", trailerCounts, target.Open},
		{"the clock advances with the samples", clockAdvances, target.Open},
		{"a stream with an end gives io.EOF and stays there", endIsEOF, unless(target.Endless, target.Open)},
		{"a cancelled context ends Open at once", cancelledBeforeOpen, target.Open},
		{"a cancelled context ends the stream", cancelledWhileReading, unless(!target.Endless, target.Open)},
		{"a cancelled context ends everything even without Close", cancelWithoutClose, target.Open},
		{"Close may be called twice", closeTwice, target.Open},
		{"Close ends a stream that is being read", closeWhileReading, unless(!target.Endless, target.Open)},
		{"after Close Read gives an error that is not the end", readAfterClose, target.Open},
	} {
		t.Run(s.name, func(t *testing.T) {
			if s.with == nil {
				t.Skip("the target has no such receiver")
			}
			s.run(t, s.with)
		})
	}
	runWaiting(t, target)
}

// runWaiting runs the sentences that mostly wait beside each other. Their receivers and contexts outlive all of
// them, so that what is left running is seen as surely as after a single one.
func runWaiting(t *testing.T, target Target) {
	t.Helper()
	type sentence struct {
		name    string
		run     func(*testing.T, *session)
		with    Setup
		session *session
	}
	sentences := []sentence{
		{name: "a stall becomes a transport failure after the receiver's time-out", run: stallTimesOut, with: target.Stalls},
		{name: "silence ends Open after the receiver's time-out", run: silenceTimesOut, with: target.Silent},
		{name: "a cancelled context ends an Open that waits", run: cancelledDuringOpen, with: target.Silent},
		{name: "a cancelled context ends a blocked Read", run: cancelledWhileBlocked, with: target.Stalls},
		{name: "Close ends a blocked Read from another goroutine", run: closeWhileBlocked, with: target.Stalls},
	}
	for _, class := range sortedClasses(target.Faults) {
		sentences = append(sentences, sentence{
			name: fmt.Sprintf("a receiver that is %s says so", class),
			run:  func(t *testing.T, s *session) { faultIsNamed(t, class, s) },
			with: target.Faults[class],
		})
	}
	for i, s := range sentences {
		if s.with != nil {
			sentences[i].session = prepare(t, s.with)
		}
	}
	watchGoroutines(t)
	for _, s := range sentences {
		t.Run(s.name, func(t *testing.T) {
			if s.session == nil {
				t.Skip("the target has no such receiver")
			}
			t.Parallel()
			s.run(t, s.session)
		})
	}
}

func unless(no bool, s Setup) Setup {
	if no {
		return nil
	}
	return s
}

func sortedClasses(m map[heimdall.FailureClass]Setup) []heimdall.FailureClass {
	var classes []heimdall.FailureClass
	for c := range m {
		classes = append(classes, c)
	}
	slices.Sort(classes)
	return classes
}

// A session is a receiver that was set up, with a context that ends with the test.
type session struct {
	driver websdr.Driver
	w      heimdall.WebSDR
	tuning websdr.Tuning
	ctx    context.Context
	cancel context.CancelFunc
}

// start sets up a receiver and, from then on, watches for goroutines.
func start(t *testing.T, setup Setup) *session {
	t.Helper()
	s := prepare(t, setup)
	watchGoroutines(t)
	return s
}

// prepare sets up a receiver. The session's context ends with t, after the goroutines were counted: Close must do
// without.
func prepare(t *testing.T, setup Setup) *session {
	t.Helper()
	d, w, tuning := setup(t)
	if w.Password == "" {
		w.Password = password
	}
	if w.Timeout == 0 {
		w.Timeout = heimdall.DefaultTimeout
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return &session{driver: d, w: w, tuning: tuning, ctx: ctx, cancel: cancel}
}

// open opens the stream, which is closed at the end of the test.
func (s *session) open(t *testing.T) websdr.Stream {
	t.Helper()
	stream, err := s.driver.Open(s.ctx, &s.w, s.tuning)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { stream.Close() })
	return stream
}
