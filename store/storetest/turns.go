package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

var turns = []promise{
	{"priority, deadline and origin come back as they were asked for", orderFields},
	{"acquisitions are chosen by origin", originFilter},
	{"work begun goes before all other, and the longest out of its lease first", unfinishedFirst},
	{"the higher priority goes first", priorityFirst},
	{"origins take turns, however many one has waiting", originsTakeTurns},
	{"the origin with the fewest running goes first", fewestRunning},
	{"one that was not begun by its deadline is not claimed, and fails with its captures", overdueFails},
	{"one that was begun is not failed by its deadline", begunIsNotOverdue},
	{"the next due moment is that of the first lease or deadline to run out", untilDue},
	{"what is pending is counted", pendingCounted},
}

// aHost is a WebSDR with a host of its own.
func aHost(name, url string) heimdall.WebSDR {
	w := aWebSDR(name)
	w.Kind, w.URL = "kiwisdr", url
	return w
}

// createHosts adds n WebSDRs at n hosts and returns their ids.
func createHosts(t *testing.T, s Store, n int) []int64 {
	t.Helper()
	var ids []int64
	for range n {
		ws, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
		ok(t, err)
		ids = append(ids, createWebSDR(t, s, aHost(fmt.Sprint("host ", len(ws)), fmt.Sprintf("http://kiwi%d.example:8073", len(ws)))).ID)
	}
	return ids
}

// request creates an acquisition as edit makes it, and returns its task id.
func request(t *testing.T, s Store, edit func(*heimdall.Acquisition), ids ...int64) string {
	t.Helper()
	a := aRequest(ids...)
	edit(&a)
	return create(t, s, a).TaskID
}

func ofOrigin(origin string) func(*heimdall.Acquisition) {
	return func(a *heimdall.Acquisition) { a.Origin = origin }
}

func wantClaims(t *testing.T, s Store, want ...string) (jobs []*acquire.Job) {
	t.Helper()
	for i, id := range want {
		job, err := s.Claim(t.Context(), "worker", aLease, 0)
		ok(t, err)
		if job.TaskID != id {
			t.Errorf("claim %d is %s, want %s", i, job.TaskID, id)
		}
		jobs = append(jobs, job)
	}
	return jobs
}

func wantNoWork(t *testing.T, s Store) {
	t.Helper()
	_, err := s.Claim(t.Context(), "worker", aLease, 0)
	wantErr(t, err, heimdall.ErrNoWork)
}

func orderFields(t *testing.T, s Store) {
	id := createWebSDRs(t, s, 1)[0]
	at := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	a := aRequest(id)
	a.Priority, a.Deadline, a.Origin, a.IdempotencyKey = -3, at, "schedule/7", "key"
	stored := create(t, s, a)
	if stored.Priority != -3 || !stored.Deadline.Equal(at) || stored.Origin != "schedule/7" {
		t.Errorf("it is stored as %+v", stored)
	}
	again, created, err := s.CreateAcquisition(t.Context(), a)
	ok(t, err)
	if created || again.TaskID != stored.TaskID {
		t.Errorf("its repeat is %+v", again)
	}
	for _, edit := range []func(*heimdall.Acquisition){
		func(a *heimdall.Acquisition) { a.Priority++ },
		func(a *heimdall.Acquisition) { a.Deadline = a.Deadline.Add(time.Second) },
		func(a *heimdall.Acquisition) { a.Origin = "" },
	} {
		other := a
		edit(&other)
		_, _, err := s.CreateAcquisition(t.Context(), other)
		wantErr(t, err, heimdall.ErrConflict)
	}
}

func originFilter(t *testing.T, s Store) {
	id := createWebSDRs(t, s, 1)[0]
	byHand := request(t, s, ofOrigin(""), id)
	one := request(t, s, ofOrigin("schedule/1"), id)
	two := request(t, s, ofOrigin("schedule/1"), id)
	for origin, want := range map[string][]string{"": {byHand}, "schedule/1": {two, one}, "schedule/2": nil} {
		list, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Origin: &origin, Limit: 10})
		ok(t, err)
		var got []string
		for _, a := range list {
			got = append(got, a.TaskID)
		}
		same(t, "acquisitions of "+origin, got, want)
	}
}

func unfinishedFirst(t *testing.T, s Store) {
	id := createWebSDRs(t, s, 1)[0]
	low := func(a *heimdall.Acquisition) { a.Priority = heimdall.MinPriority }
	one, two := request(t, s, low, id), request(t, s, low, id)
	for i, job := range wantClaims(t, s, one, two) { // the lease of the second runs out an hour before that of the first
		_, err := s.Extend(t.Context(), job.Lease, -time.Duration(i+1)*time.Hour)
		ok(t, err)
	}
	urgent := request(t, s, func(a *heimdall.Acquisition) { a.Priority = heimdall.MaxPriority }, id)
	wantClaims(t, s, two, one, urgent)
}

func priorityFirst(t *testing.T, s Store) {
	id := createWebSDRs(t, s, 1)[0]
	prioritized := func(p int) string {
		return request(t, s, func(a *heimdall.Acquisition) { a.Priority, a.Origin = p, fmt.Sprint("schedule/", p) }, id)
	}
	low, usual, high, higher := prioritized(-9), prioritized(0), prioritized(1), prioritized(9)
	wantClaims(t, s, higher, high, usual, low)
}

func originsTakeTurns(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	var schedule []string
	for range 50 {
		schedule = append(schedule, request(t, s, ofOrigin("schedule/1"), id))
	}
	one, two := request(t, s, ofOrigin(""), id), request(t, s, ofOrigin(""), id)
	for _, want := range []string{one, schedule[0], two, schedule[1], schedule[2]} { // nobody runs beside them: the host is one
		job := wantClaims(t, s, want)[0]
		finish(t, s, job, heimdall.Failed)
	}
}

func fewestRunning(t *testing.T, s Store) {
	id := createWebSDRs(t, s, 1)[0]
	var schedule []string
	for range 4 {
		schedule = append(schedule, request(t, s, ofOrigin("schedule/1"), id))
	}
	wantClaims(t, s, schedule[:3]...)
	one, two := request(t, s, ofOrigin(""), id), request(t, s, ofOrigin(""), id)
	wantClaims(t, s, one, two, schedule[3])
}

func overdueFails(t *testing.T, s Store) {
	id := createHosts(t, s, 2)
	a := aRequest(id...)
	a.Deadline = time.Now().Add(300 * time.Millisecond)
	a = create(t, s, a)
	patient := request(t, s, func(a *heimdall.Acquisition) { a.Deadline = time.Now().Add(time.Hour) }, id[0])
	for n := 0; n == 0; {
		due, err := s.UntilDue(t.Context(), time.Second)
		ok(t, err)
		ok(t, s.Wait(t.Context(), due))
		n, err = s.FailOverdue(t.Context())
		ok(t, err)
		if n > 1 {
			t.Errorf("%d are overdue, want 1", n)
		}
	}
	got, list, err := s.Acquisition(t.Context(), a.TaskID)
	ok(t, err)
	if got.State != heimdall.Failed || got.EndedAt.IsZero() || !strings.Contains(got.Reason, "deadline") || got.Claims != 0 {
		t.Errorf("overdue it is %+v", got)
	}
	for _, c := range list {
		if c.State != heimdall.Failed || c.EndedAt.IsZero() || c.FailureClass == "" || !strings.Contains(c.Reason, "deadline") || c.Attempts != 0 {
			t.Errorf("its capture is %+v", c)
		}
	}
	n, err := s.FailOverdue(t.Context())
	ok(t, err)
	if n != 0 {
		t.Errorf("%d are overdue again", n)
	}
	wantClaims(t, s, patient)
}

func begunIsNotOverdue(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	var a heimdall.Acquisition
	var job *acquire.Job
	for patience := 200 * time.Millisecond; job == nil; patience *= 2 { // a machine may be too busy to begin in time
		a = aRequest(ids...)
		a.Deadline = time.Now().Add(patience)
		a = create(t, s, a)
		var err error
		if job, err = s.Claim(t.Context(), "worker", aLease, 0); !errors.Is(err, heimdall.ErrNoWork) {
			ok(t, err)
		}
	}
	<-time.After(time.Until(a.Deadline) + time.Millisecond) // that it passes is what this is about
	ok(t, s.Release(t.Context(), job.Lease))
	n, err := s.FailOverdue(t.Context())
	ok(t, err)
	if n != 0 {
		t.Error("an acquisition that was begun is failed for its deadline")
	}
	wantClaims(t, s, a.TaskID)
}

func untilDue(t *testing.T, s Store) {
	due := func() time.Duration {
		t.Helper()
		d, err := s.UntilDue(t.Context(), 10*time.Hour)
		ok(t, err)
		return d
	}
	if d := due(); d != 10*time.Hour {
		t.Errorf("with nothing to do it is %v until something is", d)
	}
	id := createWebSDRs(t, s, 1)[0]
	create(t, s, aRequest(id))
	job, err := s.Claim(t.Context(), "worker", 2*time.Hour, 0)
	ok(t, err)
	if d := due(); d <= time.Hour || d > 2*time.Hour {
		t.Errorf("with a lease of 2 h it is %v", d)
	}
	request(t, s, func(a *heimdall.Acquisition) { a.Deadline = time.Now().Add(time.Hour) }, id)
	if d := due(); d <= 30*time.Minute || d > time.Hour {
		t.Errorf("with a deadline in 1 h it is %v", d)
	}
	_, err = s.Extend(t.Context(), job.Lease, 0)
	ok(t, err)
	if d := due(); d != 0 {
		t.Errorf("with a lease that has run out it is %v", d)
	}
}

func pendingCounted(t *testing.T, s Store) {
	count := func(want int) {
		t.Helper()
		n, err := s.CountPending(t.Context())
		ok(t, err)
		if n != want {
			t.Errorf("%d are pending, want %d", n, want)
		}
	}
	count(0)
	id := createWebSDRs(t, s, 1)[0]
	create(t, s, aRequest(id))
	create(t, s, aRequest(id))
	count(2)
	claim(t, s)
	count(1)
}
