package tracing_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/tracing"
	"github.com/heimdall-sdr/heimdall/tracing/tracingtest"
	"github.com/heimdall-sdr/heimdall/websdr/sim"
)

// deadEnds are addresses at which nobody takes spans.
func deadEnds(t *testing.T) map[string]string {
	gone := httptest.NewServer(nil)
	gone.Close()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(refusing.Close)
	over := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(over) })
	return map[string]string{"nobody is there": gone.URL, "it takes nothing now": refusing.URL, "it never answers": silent.URL}
}

// closeSoon ends tr when its spans cannot be sent, which must not take longer than it is given. What is refused at once is
// lost without an error.
func closeSoon(t *testing.T, tr *tracing.Tracing) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := tr.Close(ctx)
	if took := time.Since(began); took > 10*time.Second { // a tenth of a second, on a machine that has time
		t.Errorf("it took %v to end, though it was given 50 ms", took)
	}
	return err
}

func TestSpansThatNobodyTakesLoseNoAcquisition(t *testing.T) {
	t.Parallel()
	for name, address := range deadEnds(t) {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			tr := tracingTo(t, address, "one")
			ids := r.add("pace=fast&seed=1", "pace=fast&seed=2")
			taskID := r.request(r.serve(tr), 200*time.Millisecond, ids)
			stop := r.work(tr, "one", &sim.Driver{})
			a, captures := r.await(taskID, ended)
			stop()
			if a.State != heimdall.Success {
				t.Errorf("it is %s: %+v", a.State, captures)
			}
			if rows, err := r.store.Measurements(t.Context(), heimdall.MeasurementFilter{TaskID: taskID, Limit: 10}); err != nil || len(rows) != 2 {
				t.Errorf("%d measurements, want 2 (%v)", len(rows), err)
			}
			closeSoon(t, tr)
		})
	}
}

// The SDK keeps 2048 spans that wait to be sent: whoever made the next would wait for ever if it waited for room.
func TestStepsDoNotWaitForAnEndpointThatNeverAnswers(t *testing.T) {
	t.Parallel()
	tr := tracingTo(t, deadEnds(t)["it never answers"], "one")
	a := heimdall.Acquisition{TaskID: uuid.NewString(), CreatedAt: time.Now()}
	ctx, end := tr.Run(t.Context(), a, "one")
	for range 5000 {
		_, stepped := tr.Step(ctx, ctx, "capture", a.TaskID, 1)
		stepped(nil)
	}
	end(nil)
	if err := closeSoon(t, tr); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ending without an answer says %v, want that it took too long", err)
	}
}

func TestClosingSendsWhatIsLeftAndAfterwardsNothingIsMade(t *testing.T) {
	t.Parallel()
	c := tracingtest.New(t)
	tr := tracingTo(t, c.URL, "one")
	a := heimdall.Acquisition{TaskID: uuid.NewString(), CreatedAt: time.Now()}
	ctx, end := tr.Run(t.Context(), a, "one")
	const steps = 1000 // more than are sent at a time
	for range steps {
		_, stepped := tr.Step(ctx, ctx, "capture", a.TaskID, 1)
		stepped(nil)
	}
	end(nil)
	flush(t, tr)
	if n := len(c.Spans()); n != steps+2 {
		t.Errorf("%d spans came, want %d", n, steps+2)
	}
	_, late := tr.Run(t.Context(), a, "one")
	late(nil)
	flush(t, tr)
	if n := len(c.Spans()); n != steps+2 {
		t.Errorf("%d spans came after the end", n-steps-2)
	}
}

// What belongs to a step ends with the context that it is done in, not with that of what it is part of.
func TestAStepEndsWithItsOwnContext(t *testing.T) {
	t.Parallel()
	tr := tracingTo(t, tracingtest.New(t).URL, "one")
	under, endUnder := context.WithCancel(t.Context())
	own, endOwn := context.WithCancel(t.Context())
	during, stepped := tr.Step(own, under, "open", uuid.NewString(), 1)
	endUnder()
	if during.Err() != nil {
		t.Error("the step ended with what it is part of")
	}
	endOwn()
	if during.Err() == nil {
		t.Error("the step goes on though its own context has ended")
	}
	stepped(nil)
	flush(t, tr)
}
