package acquire

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

const (
	// clockSpread is how far apart the receivers' own clocks may stand and still mean the same time.
	clockSpread = 60 * time.Second
	// windowMargin lies between the agreement on a window and its start: longer than any driver's block, so
	// that no live stream has passed the start when it learns of it.
	windowMargin = 250 * time.Millisecond
)

// A meeting is where the captures of one acquisition agree on their common window [start, start+duration).
// Time is that of the streams' own stamps, so recordings played back agree on a window of their own past.
type meeting struct {
	startAt time.Time
	join    time.Duration
	now     func() time.Time

	mu      sync.Mutex
	awaited map[int64]bool  // may still become ready; guarded by mu
	seats   map[int64]*seat // ready; guarded by mu
	changed chan struct{}   // closed and replaced at each change; guarded by mu

	decided chan struct{} // closed when start and the seats' agreed are final
	start   time.Time     // zero if nobody was ready; read after decided is closed
}

// A seat is one ready stream at the meeting.
type seat struct {
	id       int64
	live     bool
	position atomic.Int64 // time of the next sample to be read, nanoseconds since 1970; written by its capture
	agreed   bool         // takes part in the window; read after decided is closed
}

func newMeeting(a *heimdall.Acquisition, now func() time.Time) *meeting {
	return &meeting{
		startAt: a.StartAt, join: a.JoinTimeout, now: now,
		awaited: map[int64]bool{}, seats: map[int64]*seat{},
		changed: make(chan struct{}), decided: make(chan struct{}),
	}
}

// expect says that a capture may become ready; leave that it will not (any more).
func (m *meeting) expect(id int64) { m.change(func() { m.awaited[id] = true }) }

func (m *meeting) leave(id int64) {
	m.change(func() { delete(m.awaited, id); delete(m.seats, id) })
}

// arrive takes a seat at the given position. It returns nil when the window was agreed on without it.
func (m *meeting) arrive(id int64, live bool, position time.Time) *seat {
	s := &seat{id: id, live: live}
	s.position.Store(position.UnixNano())
	late := false
	m.change(func() {
		select {
		case <-m.decided:
			late = true
		default:
			delete(m.awaited, id)
			m.seats[id] = s
		}
	})
	if late {
		return nil
	}
	return s
}

func (m *meeting) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	close(m.changed)
	m.changed = make(chan struct{})
}

// decide waits until all are ready, or until those who are have waited long enough for the others, and
// settles the window. It reports whether there is one.
func (m *meeting) decide(ctx context.Context) bool {
	var deadline <-chan time.Time // set once the first is ready
wait:
	for {
		m.mu.Lock()
		awaited, ready, changed := len(m.awaited), len(m.seats), m.changed
		m.mu.Unlock()
		if awaited == 0 {
			break wait
		}
		if ready > 0 && deadline == nil {
			t := time.NewTimer(max(m.join, m.startAt.Sub(m.now())))
			defer t.Stop()
			deadline = t.C
		}
		select {
		case <-changed:
		case <-deadline:
			break wait
		case <-ctx.Done():
			break wait
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.seats) > 0 && ctx.Err() == nil {
		m.settle()
	}
	close(m.decided)
	return !m.start.IsZero()
}

// settle chooses the start: the latest position among the largest group of streams whose clocks agree, or the
// time asked for when that is later. mu is held.
func (m *meeting) settle() {
	seats := make([]*seat, 0, len(m.seats))
	for _, s := range m.seats {
		seats = append(seats, s)
	}
	slices.SortFunc(seats, func(a, b *seat) int { return cmp.Compare(a.position.Load(), b.position.Load()) })
	group := largestGroup(seats, m.now())
	live := false
	for _, s := range group {
		s.agreed = true
		live = live || s.live
	}
	m.start = time.Unix(0, group[len(group)-1].position.Load()).UTC()
	if live {
		m.start = m.start.Add(windowMargin)
	}
	// Streams that replay the past cannot wait for a time asked for in the future.
	if m.startAt.After(m.start) && m.start.After(m.now().Add(-clockSpread)) {
		m.start = m.startAt
	}
}

// largestGroup returns the most seats, sorted by position, that lie within clockSpread of one another; of two
// such groups the one nearer to the host's clock.
func largestGroup(seats []*seat, now time.Time) []*seat {
	var best []*seat
	for i := range seats {
		j := i
		for j < len(seats) && seats[j].position.Load()-seats[i].position.Load() <= int64(clockSpread) {
			j++
		}
		group := seats[i:j]
		if len(group) > len(best) || len(group) == len(best) && distance(group, now) < distance(best, now) {
			best = group
		}
	}
	return best
}

func distance(group []*seat, now time.Time) time.Duration {
	return now.Sub(time.Unix(0, group[0].position.Load())).Abs()
}
