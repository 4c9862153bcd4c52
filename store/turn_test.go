package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall/store"
)

// A queue is a database of lists, whose clock is the number of claims made.
type queue struct {
	t       *testing.T
	lines   map[string][]store.Waiting // by origin; one priority
	served  map[string]time.Time
	running map[string]store.Turn // by task id
	taken   map[string]bool
	claims  int
	made    int
}

func newQueue(t *testing.T) *queue {
	return &queue{t: t, lines: map[string][]store.Waiting{}, served: map[string]time.Time{}, running: map[string]store.Turn{}, taken: map[string]bool{}}
}

func (q *queue) add(origin string, hosts ...string) string {
	q.made++
	w := store.Waiting{TaskID: fmt.Sprint("task ", q.made), CreatedAt: time.Unix(int64(q.made), 0), Hosts: hosts}
	q.lines[origin] = append(q.lines[origin], w)
	return w.TaskID
}

// claim returns the task id, or "" when there is none.
func (q *queue) claim() string {
	q.t.Helper()
	var lines []store.Line
	for origin, list := range q.lines {
		l := store.Line{Origin: origin, ServedAt: q.served[origin]}
		for _, r := range q.running {
			if r.Line.Origin == origin {
				l.Running++
			}
		}
		if len(list) > 0 {
			l.First = list[0]
			lines = append(lines, l)
		}
	}
	turn, err := store.Next(lines, q.taken, func(l store.Line, hosts []string) (*store.Waiting, error) {
		for _, w := range q.lines[l.Origin][1:] {
			if !slices.ContainsFunc(w.Hosts, func(h string) bool { return slices.Contains(hosts, h) }) {
				return &w, nil
			}
		}
		return nil, nil
	})
	if err != nil {
		q.t.Fatal(err)
	}
	if turn == nil {
		return ""
	}
	for _, h := range turn.Hosts {
		if q.taken[h] {
			q.t.Fatalf("%s was claimed while %s is taken", turn.TaskID, h)
		}
		q.taken[h] = true
	}
	q.claims++
	if turn.First {
		q.served[turn.Line.Origin] = time.Unix(int64(q.claims), 0)
	}
	origin := turn.Line.Origin
	q.lines[origin] = slices.DeleteFunc(q.lines[origin], func(w store.Waiting) bool { return w.TaskID == turn.TaskID })
	q.running[turn.TaskID] = *turn
	return turn.TaskID
}

func (q *queue) end(taskID string) {
	for _, h := range q.running[taskID].Hosts {
		delete(q.taken, h)
	}
	delete(q.running, taskID)
}

func (q *queue) want(taskID string) {
	q.t.Helper()
	if got := q.claim(); got != taskID {
		q.t.Errorf("claimed %q, want %q", got, taskID)
	}
}

func TestOriginsTakeTurnsAlsoWhereOnlyOneRunsAtATime(t *testing.T) {
	q := newQueue(t)
	var schedule []string
	for range 1000 {
		schedule = append(schedule, q.add("schedule/1", "a"))
	}
	one, two := q.add("", "a"), q.add("", "a")
	for _, want := range []string{one, schedule[0], two, schedule[1], schedule[2]} {
		q.want(want)
		q.end(want)
	}
}

func TestTheOriginWithTheFewestRunningGoesFirst(t *testing.T) {
	q := newQueue(t)
	for i := range 10 {
		q.add("schedule/1", fmt.Sprint("s", i))
	}
	for range 5 {
		q.claim()
	}
	first, second := q.add("", "u1"), q.add("", "u2")
	q.want(first)
	q.want(second)
}

func TestOneWhoseHostIsTakenIsOvertakenByOneWhoseHostIsFree(t *testing.T) {
	q := newQueue(t)
	one, two, three := q.add("", "a"), q.add("", "a"), q.add("", "b")
	q.want(one)
	q.want(three)
	q.want("")
	q.end(one)
	q.want(two)
}

func TestOneThatNeedsManyHostsIsNotOvertakenForEver(t *testing.T) {
	q := newQueue(t)
	a, b := q.add("", "a"), q.add("", "b")
	q.want(a)
	q.want(b)
	wide := q.add("", "a", "b")
	q.add("", "a")
	q.end(a)
	q.want("") // b is not free yet, and a is kept for it
	q.end(b)
	q.want(wide)
}

func TestAcquisitionsOfOtherOriginsDoNotKeepOneFromItsHostsForEver(t *testing.T) {
	q := newQueue(t)
	random := rand.New(rand.NewPCG(1, 2))
	hosts := []string{"a", "b", "c", "d"}
	origins := []string{"", "schedule/1", "schedule/2"}
	refill := func() {
		for _, o := range origins {
			for len(q.lines[o]) < 20 {
				q.add(o, hosts[random.IntN(4)])
			}
		}
	}
	refill()
	for range 4 {
		q.claim()
	}
	q.lines["schedule/1"] = nil
	wide := q.add("schedule/1", hosts...)
	for range 200 { // an end at a time, at random, and as many claims as there can be
		refill()
		var busy []string
		for id := range q.running {
			busy = append(busy, id)
		}
		slices.Sort(busy)
		q.end(busy[random.IntN(len(busy))])
		for id := q.claim(); id != ""; id = q.claim() {
			if id == wide {
				return
			}
		}
	}
	t.Error("the one that needs all four hosts never had its turn")
}

func TestWhatHasNoHostsIsClaimedWhateverIsTaken(t *testing.T) {
	q := newQueue(t)
	a := q.add("", "a")
	q.want(a)
	for range 100 {
		q.add("", "a")
	}
	q.want(q.add(""))
}

func TestAHigherPriorityKeepsItsHostsFromALowerOne(t *testing.T) {
	nobody := func(store.Line, []string) (*store.Waiting, error) { return nil, nil }
	high := store.Line{Priority: 5, First: store.Waiting{TaskID: "high", Hosts: []string{"a", "b"}}}
	low := store.Line{Priority: 0, First: store.Waiting{TaskID: "low", Hosts: []string{"b"}}}
	lower := store.Line{Priority: -1, First: store.Waiting{TaskID: "lower", Hosts: []string{"c"}}}
	turn, err := store.Next([]store.Line{lower, low, high}, map[string]bool{"a": true}, nobody)
	if err != nil || turn == nil || turn.TaskID != "lower" {
		t.Errorf("with a taken the next is %+v (%v), want lower: b is kept for high", turn, err)
	}
	turn, err = store.Next([]store.Line{low, high}, nil, nobody)
	if err != nil || turn == nil || turn.TaskID != "high" {
		t.Errorf("with nothing taken the next is %+v (%v), want high", turn, err)
	}
}
