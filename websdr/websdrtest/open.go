package websdrtest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

func firstSampleAtHand(t *testing.T, setup Setup) {
	s := start(t, setup)
	stream := s.open(t)
	p := make([]byte, stream.Header().Format.Size())
	began := time.Now()
	n, err := stream.Read(p)
	if n != len(p) || err != nil {
		t.Fatalf("the first Read of one sample gave %d bytes and error %v, want %d and none", n, err, len(p))
	}
	if d := time.Since(began); d > promptly {
		t.Errorf("the first Read took %v although Open had returned", d)
	}
}

func headerIsTrue(t *testing.T, setup Setup) {
	s := start(t, setup)
	h := s.open(t).Header()
	if !h.Format.Valid() {
		t.Errorf("the format %v is not one that package iq knows", h.Format)
	}
	if h.NominalRateHz <= 0 || h.NominalRateHz < float64(s.tuning.SampleRateHz) {
		t.Errorf("the rate is %g Hz, want above 0 and at least the %d Hz asked for", h.NominalRateHz, s.tuning.SampleRateHz)
	}
	if h.FrequencyHz != s.tuning.FrequencyHz {
		t.Errorf("the frequency is %d Hz, want the %d Hz asked for", h.FrequencyHz, s.tuning.FrequencyHz)
	}
	if h.PassbandLowHz > h.PassbandHighHz {
		t.Errorf("the passband runs from %g down to %g Hz", h.PassbandLowHz, h.PassbandHighHz)
	}
	if h.Settle < 0 {
		t.Errorf("the settling time is %v", h.Settle)
	}
	if strings.TrimSpace(h.Dialect) == "" {
		t.Error("the dialect is empty: it names the variant of the protocol that was spoken")
	}
}

func headerStays(t *testing.T, setup Setup) {
	stream := start(t, setup).open(t)
	before := stream.Header()
	readSamples(t, stream, 1000)
	if diff := cmp.Diff(before, stream.Header()); diff != "" {
		t.Errorf("the header changed while samples were read (-before +after):\n%s", diff)
	}
	stream.Close()
	if diff := cmp.Diff(before, stream.Header()); diff != "" {
		t.Errorf("the header changed with Close (-before +after):\n%s", diff)
	}
}

// offsetIsAddedBack puts a converter before the receiver: what it tunes stays the same, what it is said to
// hear moves.
func offsetIsAddedBack(t *testing.T, setup Setup) {
	const converterHz = 116_000_000
	s := start(t, setup)
	s.w.FrequencyOffsetHz += converterHz
	s.tuning.FrequencyHz += converterHz
	if s.w.FrequencyMinHz != 0 || s.w.FrequencyMaxHz != 0 {
		s.w.FrequencyMinHz += converterHz
		s.w.FrequencyMaxHz += converterHz
	}
	if got := s.open(t).Header().FrequencyHz; got != s.tuning.FrequencyHz {
		t.Errorf("behind a converter of %d Hz the frequency is %d Hz, want %d", converterHz, got, s.tuning.FrequencyHz)
	}
}

func concurrentOpens(t *testing.T, setup Setup) {
	const n = 3
	var sessions [n]*session
	for i := range sessions {
		sessions[i] = &session{}
		sessions[i].driver, sessions[i].w, sessions[i].tuning = setup(t)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	watchGoroutines(t)
	var wg sync.WaitGroup
	for _, s := range sessions {
		wg.Go(func() {
			if s.w.Timeout == 0 {
				s.w.Timeout = heimdall.DefaultTimeout
			}
			stream, err := sessions[0].driver.Open(ctx, &s.w, s.tuning)
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			defer stream.Close()
			if _, err := stream.Read(make([]byte, stream.Header().Format.Size())); err != nil {
				t.Errorf("Read: %v", err)
			}
		})
	}
	wg.Wait()
}

func cancelledBeforeOpen(t *testing.T, setup Setup) {
	s := start(t, setup)
	s.cancel()
	began := time.Now()
	stream, err := s.driver.Open(s.ctx, &s.w, s.tuning)
	if err == nil {
		stream.Close()
		t.Fatal("Open succeeded under a cancelled context")
	}
	wantCancelled(t, err, time.Since(began))
}

func cancelledDuringOpen(t *testing.T, s *session) {
	var cancelled time.Time
	timer := time.AfterFunc(200*time.Millisecond, func() { // Open is waiting for the receiver by then
		cancelled = time.Now()
		s.cancel()
	})
	defer timer.Stop()
	stream, err := s.driver.Open(s.ctx, &s.w, s.tuning)
	if err == nil {
		stream.Close()
		t.Fatal("Open succeeded although the receiver said nothing")
	}
	<-s.ctx.Done()
	wantCancelled(t, err, time.Since(cancelled))
}

// silenceTimesOut leaves the class to the driver: rtl_tcp, for one, is silent when it is busy.
func silenceTimesOut(t *testing.T, s *session) {
	s.w.Timeout = stallTimeout
	began := time.Now()
	stream, err := s.driver.Open(s.ctx, &s.w, s.tuning)
	if err == nil {
		stream.Close()
		t.Fatal("Open succeeded although the receiver said nothing")
	}
	took := time.Since(began)
	if took > stallTimeout+promptly {
		t.Errorf("Open waited %v for a silent receiver whose time-out is %v", took, stallTimeout)
	}
	wantFailure(t, err, s.w.Password)
}

// faultIsNamed accepts a fault that shows only while reading: a receiver may well shut us out later.
func faultIsNamed(t *testing.T, class heimdall.FailureClass, s *session) {
	stream, err := s.driver.Open(s.ctx, &s.w, s.tuning)
	if err == nil {
		defer stream.Close()
		err = readToError(t, stream)
	} else if stream != nil {
		t.Errorf("Open gave both a stream and the error %v", err)
	}
	if f := wantFailure(t, err, s.w.Password); f != nil && f.Class != class {
		t.Errorf("the class is %q, want %q: %v", f.Class, class, err)
	}
}

// wantFailure checks that err says to a user what was being done and what went wrong, and keeps the secret.
func wantFailure(t *testing.T, err error, secret string) *websdr.Failure {
	t.Helper()
	var f *websdr.Failure
	if !errors.As(err, &f) {
		t.Errorf("the error is a %T, want a *websdr.Failure: %v", err, err)
		return nil
	}
	if f.Class == "" || f.Op == "" || f.Detail == "" {
		t.Errorf("the failure lacks a class, an op or a detail: %#v", f)
	}
	if f.After < 0 {
		t.Errorf("the receiver asks to be left alone for %v", f.After)
	}
	if secret != "" && strings.Contains(err.Error(), secret) {
		t.Errorf("the error shows the password: %v", err)
	}
	return f
}

func wantCancelled(t *testing.T, err error, took time.Duration) {
	t.Helper()
	if took > promptly {
		t.Errorf("it took %v after the context was cancelled", took)
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("errors.Is does not see context.Canceled in %v", err)
	}
}
