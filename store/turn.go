package store

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// The order of the queue is one for every database, so it stands here, and the databases bring the rows.
//
// Acquisitions wait in lines, one for each priority and origin, oldest first. The higher priority goes before the
// lower. Among lines of one priority,
//   - slots go to the line that has the fewest acquisitions running, then to the one served longest ago. So neither a
//     schedule with ten thousand waiting keeps a user from being served, nor the other way round;
//   - hosts go by turn: the first in each line keeps its hosts free for itself, whether it has them all already or
//     not, from all but the firsts of lines that were served longer ago. So who waits for many hosts is overtaken
//     by those who need few, but only until its turn has come, and never for ever.
//
// Who stands further back may overtake when its hosts are free and nobody's turn. That does not count as the service
// of its line: otherwise it would push the first of its own line back.

// Unfinished is the priority of the line of those whose worker's lease ran out: work begun goes before all other.
const Unfinished = math.MaxInt

// A Line is who waits under one priority and origin. A line has at least one who waits and is due.
type Line struct {
	Priority int
	Origin   string
	Running  int       // acquisitions of the origin that are running
	ServedAt time.Time // when the first in line was last claimed; zero if never
	First    Waiting   // who has waited longest
}

// A Waiting acquisition may be claimed once its hosts are free.
type Waiting struct {
	TaskID    string
	CreatedAt time.Time
	Hosts     []string // that it would connect to; none when it only needs to be ended
}

// A Turn is whom to claim next.
type Turn struct {
	Waiting
	Line  Line
	First bool // it is the first in its line, which is served with it
}

// A Behind looks in a line, behind its first, for who has waited longest of those that need none of some hosts; nil
// when there is nobody.
type Behind func(l Line, hosts []string) (*Waiting, error)

// Next returns whose turn it is, or nil when nobody can be claimed now. taken holds the hosts that are connected to.
func Next(lines []Line, taken map[string]bool, behind Behind) (*Turn, error) {
	slices.SortStableFunc(lines, func(a, b Line) int { // in order of their turns
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.ServedAt.Compare(b.ServedAt), cmp.Compare(a.Origin, b.Origin))
	})
	kept := map[string]bool{} // by the firsts of higher priorities
	for len(lines) > 0 {
		n := slices.IndexFunc(lines, func(l Line) bool { return l.Priority != lines[0].Priority })
		if n < 0 {
			n = len(lines)
		}
		turn, err := nextOf(lines[:n], taken, kept, behind)
		if turn != nil || err != nil {
			return turn, err
		}
		for _, l := range lines[:n] {
			add(kept, l.First.Hosts)
		}
		lines = lines[n:]
	}
	return nil, nil
}

// nextOf is Next among lines of one priority, which are in order of their turns.
func nextOf(lines []Line, taken, kept map[string]bool, behind Behind) (*Turn, error) {
	mine := map[string]bool{}   // by origin: the first in this line may have its hosts
	firsts := map[string]bool{} // the hosts of all firsts
	for _, l := range lines {
		mine[l.Origin] = free(l.First, taken, kept, firsts)
		add(firsts, l.First.Hosts)
	}
	blocked := slices.Collect(maps.Keys(firsts))
	blocked = slices.AppendSeq(slices.AppendSeq(blocked, maps.Keys(taken)), maps.Keys(kept))
	bySlots := slices.Clone(lines)
	slices.SortStableFunc(bySlots, func(a, b Line) int { return cmp.Compare(a.Running, b.Running) })
	for _, l := range bySlots {
		if mine[l.Origin] {
			return &Turn{Waiting: l.First, Line: l, First: true}, nil
		}
		w, err := behind(l, blocked)
		if err != nil {
			return nil, err
		}
		if w != nil {
			return &Turn{Waiting: *w, Line: l}, nil
		}
	}
	return nil, nil
}

func free(w Waiting, sets ...map[string]bool) bool {
	for _, set := range sets {
		if slices.ContainsFunc(w.Hosts, func(h string) bool { return set[h] }) {
			return false
		}
	}
	return true
}

func add(set map[string]bool, hosts []string) {
	for _, h := range hosts {
		set[h] = true
	}
}
