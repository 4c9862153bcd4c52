package probe_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/probe"
	"github.com/heimdall-sdr/heimdall/websdr"
)

var _ acquire.Gate = (*probe.Breaker)(nil)

var gone = websdr.Fail(heimdall.FailTransport, "connect", nil, "nobody there")

// fails tells the breaker of so many attempts that failed.
func fails(b *probe.Breaker, w heimdall.WebSDR, times int) {
	for range times {
		b.Outcome(context.Background(), &w, gone)
	}
}

func (r *rig) wantRefused(b *probe.Breaker, w heimdall.WebSDR, says ...string) {
	r.Helper()
	err := b.Enter(r.Context(), &w)
	var f *websdr.Failure
	if !errors.As(err, &f) || f.Class != heimdall.FailDown {
		r.Errorf("got error %v, want a failure of class down", err)
		return
	}
	for _, s := range says {
		if !strings.Contains(f.Error(), s) {
			r.Errorf("the failure %q does not say %q", f.Error(), s)
		}
	}
}

func (r *rig) wantPassed(b *probe.Breaker, w heimdall.WebSDR) {
	r.Helper()
	if err := b.Enter(r.Context(), &w); err != nil {
		r.Errorf("refused: %v", err)
	}
}

func TestThreeFailuresHaveAttemptsRefusedAndOneSuccessLetsThemPass(t *testing.T) {
	bubble(t, func(r *rig) {
		b := probe.NewBreaker(r.config)
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		other := r.add("other", "kiwisdr", "http://other.example:8073")
		r.radios.set("kiwi", gone)
		fails(b, w, 2)
		r.wantPassed(b, w)
		fails(b, w, 1)
		opened := r.health(w).OpenedAt.Format(time.RFC3339)
		r.wantRefused(b, w, opened, "nobody there", "heimdall websdr probe 1", "heimdall websdr close 1")
		r.wantPassed(b, other)
		b.Outcome(r.Context(), &w, nil)
		r.wantPassed(b, w)
	})
}

func TestATrialOfACheapKindIsAProbe(t *testing.T) {
	bubble(t, func(r *rig) {
		b := probe.NewBreaker(r.config)
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		r.radios.set("kiwi", gone)
		fails(b, w, 3)
		begun := time.Now()
		r.wantRefused(b, w)
		r.wantTimes("kiwi", begun)
		time.Sleep(time.Minute) // of the bubble
		r.wantRefused(b, w, "after 4 failures")
		r.wantRefused(b, w)
		if got := r.radios.times("kiwi", begun); len(got) != 1 {
			r.Errorf("it was asked at %v s, want once", got)
		}
		r.radios.set("kiwi", nil)
		r.wantRefused(b, w)
		time.Sleep(time.Minute)
		r.wantPassed(b, w)
		if h := r.health(w); h.Breaker != heimdall.BreakerClosed || h.State != heimdall.Up {
			r.Errorf("its health is %+v", h)
		}
	})
}

func TestATrialOfAKindWithOneSlotIsTheAttemptItself(t *testing.T) {
	bubble(t, func(r *rig) {
		b := probe.NewBreaker(r.config)
		w := r.add("dongle", "rtl_tcp", "tcp://radio.example:1234")
		begun := time.Now()
		fails(b, w, 3)
		r.wantRefused(b, w)
		time.Sleep(time.Minute) // of the bubble
		r.wantPassed(b, w)
		r.wantRefused(b, w) // one at a time
		fails(b, w, 1)
		if h := r.health(w); h.Breaker != heimdall.BreakerOpen || h.Failures != 4 {
			r.Errorf("its health is %+v", h)
		}
		time.Sleep(time.Minute)
		r.wantPassed(b, w) // who had the trial may die
		time.Sleep(time.Minute)
		r.wantPassed(b, w)
		b.Outcome(r.Context(), &w, nil)
		r.wantPassed(b, w)
		r.wantPassed(b, w)
		r.wantTimes("dongle", begun)
	})
}

func TestATrialDoesNotContactWhoMustNotBe(t *testing.T) {
	bubble(t, func(r *rig) {
		r.config.Contact = func() bool { return false }
		b := probe.NewBreaker(r.config)
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		begun := time.Now()
		fails(b, w, 3)
		time.Sleep(time.Minute)
		r.wantPassed(b, w) // another gate decides
		r.wantTimes("kiwi", begun)
	})
}

func TestSimulationsAndBusyReceiversAreNotBroken(t *testing.T) {
	bubble(t, func(r *rig) {
		b := probe.NewBreaker(r.config)
		s := r.add("sim", "sim", "sim:///")
		fails(b, s, 5)
		r.wantPassed(b, s)
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		for _, class := range []heimdall.FailureClass{heimdall.FailBusy, heimdall.FailQuota, heimdall.FailLate, heimdall.FailUnsupported} {
			for range 4 {
				b.Outcome(r.Context(), &w, websdr.Fail(class, "open", nil, ""))
			}
			r.wantPassed(b, w)
		}
	})
}

func TestADatabaseThatIsAwayStandsAgainstNobody(t *testing.T) {
	bubble(t, func(r *rig) {
		b := probe.NewBreaker(r.config)
		w := r.add("kiwi", "kiwisdr", "http://kiwi.example:8073")
		fails(b, w, 3)
		r.store.Close()
		r.wantPassed(b, w)
		b.Outcome(r.Context(), &w, nil)
	})
}
