package acquire_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func TestEachReceiverIsMeasuredUnderItsOwnIDAndFailuresAreTyped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var queries []string
	for i := range 7 {
		q := fmt.Sprintf("pace=fast&snr_db=30&seed=%d&offset_hz=%d", i, 100*(i+1))
		switch i {
		case 2:
			q += "&fault=busy"
		case 5:
			q += "&fault=auth"
		}
		queries = append(queries, q)
	}
	ids := b.add(queries...)
	offset := map[int64]float64{}
	for i, id := range ids {
		offset[id] = float64(100 * (i + 1))
	}
	busy, auth := ids[2], ids[5]
	shuffled := []int64{ids[4], ids[2], ids[6], ids[0], ids[5], ids[3], ids[1]}
	stop := start(t, b.worker)
	a, captures := b.awaitEnd(b.create(nil, shuffled...).TaskID)
	stop()

	if a.State != heimdall.Partial {
		t.Errorf("state %s, want partial", a.State)
	}
	found := b.measurements(a.TaskID)
	if len(found) != 5 {
		t.Errorf("%d measurements, want 5", len(found))
	}
	for id, m := range found {
		if m.FrequencyOffsetHz == nil || math.Abs(*m.FrequencyOffsetHz-offset[id]) > 1 {
			t.Errorf("WebSDR %d: offset %v Hz, want %g", id, value(m.FrequencyOffsetHz), offset[id])
		}
	}
	for _, c := range captures {
		want := heimdall.FailureClass("")
		switch c.WebSDRID {
		case busy:
			want = heimdall.FailBusy
		case auth:
			want = heimdall.FailAuth
		}
		if c.FailureClass != want || (want != "") != (c.State == heimdall.Failed) || (want != "") != (c.Reason != "") {
			t.Errorf("WebSDR %d: %s, class %q, reason %q; want class %q", c.WebSDRID, c.State, c.FailureClass, c.Reason, want)
		}
	}
	b.checkWhole()
}

func value(p *float64) any {
	if p == nil {
		return nil
	}
	return *p
}

func TestRecordingsBeginWithinASampleOfTheCommonWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=real&ppm=50", "pace=real&open_delay_s=0.3", "pace=real&ppm=-80&format=cu8")
	stop := start(t, b.worker)
	a, captures := b.awaitEnd(b.create(nil, ids...).TaskID)
	stop()
	if a.State != heimdall.Success || a.WindowStart.IsZero() {
		t.Fatalf("state %s, window %v", a.State, a.WindowStart)
	}
	for _, c := range captures {
		r := c.Recording
		// The window is stored to the microsecond.
		if skew := r.Start.Sub(a.WindowStart).Seconds(); skew < -1e-6 || skew > 1.01/r.SampleRateHz {
			t.Errorf("WebSDR %d starts %g s after the window, more than a sample", c.WebSDRID, skew)
		}
		if want := int64(math.Round(0.5 * r.SampleRateHz)); r.SamplesCount < want-1 || r.SamplesCount > want+1 {
			t.Errorf("WebSDR %d: %d samples at %g Hz, want %d", c.WebSDRID, r.SamplesCount, r.SampleRateHz, want)
		}
	}
	b.checkWhole()
}

func TestAStartInTheFutureIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=real", "pace=real")
	start(t, b.worker)
	// A machine that is too busy to be ready in time records late, and says so; then it is given longer.
	for _, ahead := range []time.Duration{2 * time.Second, 8 * time.Second, 30 * time.Second} {
		at := time.Now().Add(ahead).UTC().Truncate(time.Microsecond)
		a, captures := b.awaitEnd(b.create(func(a *heimdall.Acquisition) { a.StartAt = at }, ids...).TaskID)
		if a.State == heimdall.Success && a.WindowStart.Equal(at) {
			return
		}
		if a.WindowStart.Before(at) || captures[0].Recording == nil {
			t.Fatalf("%s from %v, want success from %v", a.State, a.WindowStart, at)
		}
	}
	t.Error("no start asked for was kept, even 30 s ahead")
}

func TestATransportFailureIsTriedAgainAndABusyReceiverIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=fast&fault=transport&fault_count=1&seed=101", "pace=fast&fault=busy&fault_count=1&seed=102")
	start(t, b.worker)
	_, captures := b.awaitEnd(b.create(nil, ids...).TaskID)
	if c := captures[0]; c.State != heimdall.Success || c.Attempts != 2 {
		t.Errorf("after a refused connection: %s in %d attempts, want success in 2", c.State, c.Attempts)
	}
	if c := captures[1]; c.State != heimdall.Failed || c.Attempts != 1 || c.FailureClass != heimdall.FailBusy {
		t.Errorf("when busy: %s (%s) in %d attempts, want failed in 1", c.State, c.FailureClass, c.Attempts)
	}
}

func TestNobodyWaitsLongerThanTheJoinTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=real", "pace=real&open_delay_s=0.9")
	start(t, b.worker)
	a, captures := b.awaitEnd(b.create(func(a *heimdall.Acquisition) { a.JoinTimeout = 200 * time.Millisecond }, ids...).TaskID)
	if a.State != heimdall.Partial || captures[0].State != heimdall.Success || captures[1].FailureClass != heimdall.FailLate {
		t.Errorf("%s; captures %s and %s (%s), want partial, success and late", a.State, captures[0].State, captures[1].State, captures[1].FailureClass)
	}
}

func TestWhatWasRecordedBeforeAConnectionBrokeIsKeptIfItIsHalfOfTheWindow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		query string
		kept  bool
	}{
		{"pace=fast&drop_after_s=0.4", true},
		{"pace=fast&drop_after_s=0.1", false},
		{"pace=real&stall_after_s=0.7", true}, // 0.25 s of it pass before the window
	} {
		b := newBench(t)
		ids := b.add(test.query)
		stop := start(t, b.worker)
		a, captures := b.awaitEnd(b.create(nil, ids...).TaskID)
		stop()
		c := captures[0]
		if test.kept {
			m := b.measurements(a.TaskID)[c.WebSDRID]
			if c.State != heimdall.Success || c.Reason == "" || !slices.Contains(m.Flags, "short_read") {
				t.Errorf("%s: %s, reason %q, flags %v; want a success that says what it lacks", test.query, c.State, c.Reason, m.Flags)
			}
		} else if c.State != heimdall.Failed || c.FailureClass != heimdall.FailTransport {
			t.Errorf("%s: %s (%s), want failed (transport)", test.query, c.State, c.FailureClass)
		}
		b.checkWhole()
	}
}

func TestGapsAreStoredAndFlagged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=fast&gap_at_s=0.2&gap_samples=1000")
	stop := start(t, b.worker)
	a, captures := b.awaitEnd(b.create(nil, ids...).TaskID)
	stop()
	r := captures[0].Recording
	if r == nil || len(r.Gaps) != 1 || r.Gaps[0].Missing != 1000 {
		t.Fatalf("recording %+v, want one gap of 1000", r)
	}
	if r.SamplesCount != r.ExpectedSamples-1000 {
		t.Errorf("%d samples of %d, want 1000 fewer: a gap is not filled", r.SamplesCount, r.ExpectedSamples)
	}
	if m := b.measurements(a.TaskID)[ids[0]]; !slices.Contains(m.Flags, "gap") {
		t.Errorf("flags %v lack gap", m.Flags)
	}
	b.checkWhole()
}

func TestCancellingFreesTheReceiversAndKeepsNothingHalf(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ids := b.add("pace=real", "pace=real")
	stop := start(t, b.worker)
	a := b.create(func(a *heimdall.Acquisition) { a.Duration = time.Minute }, ids...)
	b.awaitRecording(a.TaskID)
	asked := time.Now()
	if _, err := b.store.CancelAcquisition(t.Context(), a.TaskID); err != nil {
		t.Fatal(err)
	}
	a, captures := b.awaitEnd(a.TaskID)
	if took := time.Since(asked); took > 5*time.Second {
		t.Errorf("cancelling took %v", took)
	}
	stop()
	if a.State != heimdall.Cancelled || a.Reason == "" {
		t.Errorf("%s (%q), want cancelled with a reason", a.State, a.Reason)
	}
	for _, c := range captures {
		if c.State != heimdall.Cancelled {
			t.Errorf("WebSDR %d is %s, want cancelled", c.WebSDRID, c.State)
		}
	}
	b.checkWhole()
}
