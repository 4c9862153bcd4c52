package acquire

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// meet lets streams arrive at the given positions relative to now, and returns the meeting once decided.
func meet(t *testing.T, a heimdall.Acquisition, live bool, positions ...time.Duration) (*meeting, []*seat) {
	t.Helper()
	m := newMeeting(&a, time.Now)
	for i := range positions {
		m.expect(int64(i))
	}
	var seats []*seat
	for i, p := range positions {
		seats = append(seats, m.arrive(int64(i), live, time.Now().Add(p)))
	}
	if !m.decide(t.Context()) {
		t.Fatal("no window was agreed on")
	}
	return m, seats
}

func TestTheWindowBeginsAfterTheLatestLiveStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, seats := meet(t, heimdall.Acquisition{JoinTimeout: time.Second}, true, 0, 30*time.Millisecond, -20*time.Millisecond)
		if got := time.Until(m.start); got != 30*time.Millisecond+windowMargin {
			t.Errorf("it begins %v from now, want %v after the latest stream", got, windowMargin)
		}
		for _, s := range seats {
			if !s.agreed {
				t.Errorf("stream %d does not take part", s.id)
			}
		}
	})
}

func TestPlayedBackStreamsAgreeOnAWindowOfTheirOwnPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const year = 365 * 24 * time.Hour
		m, _ := meet(t, heimdall.Acquisition{JoinTimeout: time.Second, StartAt: time.Now().Add(time.Minute)}, false, -year, -year+time.Second)
		if got := time.Until(m.start); got != -year+time.Second {
			t.Errorf("the window is %v from now, want that of the latest recording, whatever start was asked for", got)
		}
	})
}

func TestAStreamWhoseClockIsHoursOffIsLeftOutAndMovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, seats := meet(t, heimdall.Acquisition{JoinTimeout: time.Second}, true, 0, 3*time.Hour, time.Millisecond)
		if got := time.Until(m.start); got != time.Millisecond+windowMargin {
			t.Errorf("the window begins %v from now", got)
		}
		if !seats[0].agreed || seats[1].agreed || !seats[2].agreed {
			t.Errorf("taking part: %v, %v, %v; want all but the second", seats[0].agreed, seats[1].agreed, seats[2].agreed)
		}
	})
}

func TestOfTwoClocksThatDisagreeTheOneNearerToOursIsBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, seats := meet(t, heimdall.Acquisition{JoinTimeout: time.Second}, true, 3*time.Hour, 5*time.Second)
		if seats[0].agreed || !seats[1].agreed {
			t.Errorf("taking part: %v, %v; want the second", seats[0].agreed, seats[1].agreed)
		}
	})
}

func TestAStartAskedForIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Now().Add(10 * time.Second)
		m, _ := meet(t, heimdall.Acquisition{JoinTimeout: time.Second, StartAt: at}, true, 0, 0)
		if !m.start.Equal(at) {
			t.Errorf("the window begins at %v, want %v", m.start, at)
		}
	})
}

func TestTheReadyWaitForTheOthersOnlyAsLongAsTheJoinTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(&heimdall.Acquisition{JoinTimeout: 20 * time.Second}, time.Now)
		m.expect(1)
		m.expect(2)
		begun := time.Now()
		go func() {
			time.Sleep(5 * time.Second) // nobody is ready yet: this time does not count
			m.arrive(1, true, time.Now())
		}()
		m.decide(t.Context())
		if got := time.Since(begun); got != 25*time.Second {
			t.Errorf("decided after %v, want 20 s after the first was ready", got)
		}
		if s := m.arrive(2, true, time.Now()); s != nil {
			t.Error("who comes later still gets a seat")
		}
	})
}

func TestNobodyIsWaitedForWhoHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeeting(&heimdall.Acquisition{JoinTimeout: time.Hour}, time.Now)
		m.expect(1)
		m.expect(2)
		begun := time.Now()
		m.arrive(1, true, time.Now())
		go func() {
			time.Sleep(time.Second)
			m.leave(2)
		}()
		if !m.decide(t.Context()) || time.Since(begun) != time.Second {
			t.Errorf("decided after %v, want at once when the other had failed", time.Since(begun))
		}
	})
}

func TestNoWindowIsAgreedOnWithoutAStream(t *testing.T) {
	m := newMeeting(&heimdall.Acquisition{JoinTimeout: time.Hour}, time.Now)
	m.expect(1)
	m.leave(1)
	if m.decide(t.Context()) {
		t.Error("a window of nobody")
	}
	m = newMeeting(&heimdall.Acquisition{JoinTimeout: time.Hour}, time.Now)
	m.expect(1)
	m.arrive(1, true, time.Now())
	m.expect(2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if m.decide(ctx) {
		t.Error("a window after cancellation")
	}
}
