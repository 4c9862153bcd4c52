package schedule

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// An Upcoming is a run to come.
type Upcoming struct {
	ScheduleID int64
	DueAt      time.Time
	StartAt    time.Time
	Window     string // the window that admits it; "" when there are none
	LeftOut    int    // times between the run before and this one that no window admits; at most maxLeftOut are counted
}

const maxLeftOut = 1000

// Upcoming are the next n runs after an instant, fewer when the schedule ends before.
func (p *Plan) Upcoming(after time.Time, n int) []Upcoming {
	if p.s.MaxRuns > 0 {
		n = min(n, int(p.s.MaxRuns-p.s.RunsCount))
	}
	out := []Upcoming{}
	for len(out) < n {
		due, ok := p.Next(after)
		if !ok {
			break
		}
		u := Upcoming{ScheduleID: p.s.ID, DueAt: due, StartAt: p.StartOf(due).UTC()}
		if w, _ := admit(p.windows, due); w != nil {
			u.Window, u.LeftOut = w.text, p.leftOut(after, due)
		}
		out, after = append(out, u), due
	}
	return out
}

func (p *Plan) leftOut(after, due time.Time) (n int) {
	if after.Before(p.s.StartAt) {
		after = p.s.StartAt.Add(-1)
	}
	for n < maxLeftOut {
		t, ok := p.rule.next(after)
		if !ok || !t.Before(due) {
			break
		}
		n, after = n+1, t
	}
	return n
}

// maxForecast bounds how many runs of one schedule are counted one by one.
const maxForecast = 20_000

// count is how many runs are due in [from, to).
func (p *Plan) count(from, to time.Time) (n int64) {
	if i, ok := p.rule.(interval); ok && len(p.windows) == 0 && p.s.StartAt.Before(from) && (p.s.EndAt.IsZero() || !p.s.EndAt.Before(to)) {
		first, _ := p.Next(from.Add(-1))
		n = int64((to.Sub(first) + i.every - 1) / i.every)
	} else {
		for after := from.Add(-1); n < maxForecast; n++ {
			due, ok := p.Next(after)
			if !ok || !due.Before(to) {
				break
			}
			after = due
		}
	}
	if p.s.MaxRuns > 0 {
		n = min(n, p.s.MaxRuns-p.s.RunsCount)
	}
	return max(n, 0)
}

// A Forecast is what all active schedules will do in a time.
type Forecast struct {
	From, To time.Time
	Runs     []Upcoming // the first of them, in order of StartAt
	Count    int64      // of all of them
	Hosts    []HostLoad // the busiest first
}

// A HostLoad is how much a receivers' host will be asked to deliver: recordings of its WebSDRs, one after the other.
type HostLoad struct {
	Host          string
	WebSDRIDs     []int64
	Runs          int64
	SecondsPerDay float64 // of recording; more than 86400 cannot be done
}

// Foresee merges what schedules do in [from, to); runs that lists at most limit of them. known are all WebSDRs. A
// schedule that cannot be compiled, or is paused, does nothing.
func Foresee(schedules []heimdall.Schedule, known []heimdall.WebSDR, from, to time.Time, limit int) Forecast {
	f := Forecast{From: from, To: to, Runs: []Upcoming{}}
	loads := newLoads(known)
	for _, s := range schedules {
		p, err := Compile(s)
		if err != nil || !s.Active || s.NextDueAt.IsZero() {
			continue
		}
		n := p.count(from, to)
		f.Count += n
		for _, u := range p.Upcoming(from.Add(-1), min(limit, int(n))) {
			if u.DueAt.Before(to) {
				f.Runs = append(f.Runs, u)
			}
		}
		loads.add(s, n)
	}
	slices.SortFunc(f.Runs, func(a, b Upcoming) int {
		return cmp.Or(a.StartAt.Compare(b.StartAt), cmp.Compare(a.ScheduleID, b.ScheduleID))
	})
	f.Runs = f.Runs[:min(len(f.Runs), limit)]
	f.Hosts = loads.list(to.Sub(from))
	return f
}

// loads gathers HostLoads.
type loads struct {
	known  []heimdall.WebSDR
	hosts  map[int64]string // by WebSDR
	byHost map[string]*HostLoad
}

func newLoads(known []heimdall.WebSDR) *loads {
	l := &loads{known: known, hosts: map[int64]string{}, byHost: map[string]*HostLoad{}}
	for _, w := range known {
		l.hosts[w.ID] = w.URL
		if u, err := url.Parse(w.URL); err == nil && u.Hostname() != "" {
			l.hosts[w.ID] = u.Hostname()
		}
	}
	return l
}

// add counts n runs of a schedule; SecondsPerDay holds seconds until list divides them.
func (l *loads) add(s heimdall.Schedule, n int64) {
	ids := s.WebSDRIDs
	if len(ids) == 0 {
		ids = heimdall.Tunable(s.FrequencyHz, l.known)
	}
	for _, id := range ids {
		host, ok := l.hosts[id]
		if !ok || n == 0 {
			continue
		}
		h := l.byHost[host]
		if h == nil {
			h = &HostLoad{Host: host}
			l.byHost[host] = h
		}
		if !slices.Contains(h.WebSDRIDs, id) {
			h.WebSDRIDs = append(h.WebSDRIDs, id)
		}
		h.Runs += n
		h.SecondsPerDay += float64(n) * s.Duration.Seconds()
	}
}

func (l *loads) list(span time.Duration) []HostLoad {
	out := []HostLoad{}
	for _, h := range l.byHost {
		h.SecondsPerDay /= span.Hours() / 24
		slices.Sort(h.WebSDRIDs)
		out = append(out, *h)
	}
	slices.SortFunc(out, func(a, b HostLoad) int {
		return cmp.Or(cmp.Compare(b.SecondsPerDay, a.SecondsPerDay), cmp.Compare(a.Host, b.Host))
	})
	return out
}
