package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// An EventStore tells what happened: see package api.
type EventStore interface {
	Events(ctx context.Context, f heimdall.EventFilter) ([]heimdall.Event, error)
	EventSpan(ctx context.Context) (heimdall.EventSpan, error)
	EventsChanged() <-chan struct{}
	PruneEvents(ctx context.Context, before time.Time) (int64, error)
}

var events = []promise{
	{"every change is exactly one event, in the order in which it happened", eventPerChange},
	{"what is repeated, refused or rolled back is no event", noEventTwice},
	{"cancelling what waits ends its captures and then itself", eventsOfCancel},
	{"the event of a capture says how it ended, and how loud it was", eventSays},
	{"a reader that goes on after the last id misses nothing and sees nothing twice, whoever writes", eventsResume},
	{"events are chosen by acquisition, WebSDR and kind", eventsChosen},
	{"an event wakes everybody who waits for one", eventsWake},
	{"pruning takes old events, says up to where, and leaves what is still to be delivered", eventsPruned},
	{"every event up to the last of the span can be seen", eventSpan},
}

// eventCalls are the calls that every store answers, about events.
func eventCalls(s Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Events":      func(ctx context.Context) error { _, err := s.Events(ctx, heimdall.EventFilter{Limit: 1}); return err },
		"EventSpan":   func(ctx context.Context) error { _, err := s.EventSpan(ctx); return err },
		"PruneEvents": func(ctx context.Context) error { _, err := s.PruneEvents(ctx, aTime); return err },
	}
}

// eventsAfter is every event after an id, once all of them can be seen: on a database of many programs that may be a
// moment later.
func eventsAfter(t *testing.T, s Store, f heimdall.EventFilter, n int) []heimdall.Event {
	t.Helper()
	f.Limit = heimdall.MaxPage
	for deadline := time.Now().Add(soon); ; {
		changed := s.EventsChanged()
		list, err := s.Events(t.Context(), f)
		ok(t, err)
		if len(list) >= n || time.Now().After(deadline) {
			return list
		}
		select {
		case <-changed:
		case <-time.After(time.Millisecond):
		}
	}
}

// told are events in words.
func told(list []heimdall.Event) (words []string) {
	for _, e := range list {
		word := string(e.Kind)
		if e.WebSDRID != 0 {
			word += fmt.Sprint(" ", e.WebSDRID)
		}
		words = append(words, word+" "+string(e.State))
	}
	return words
}

func eventPerChange(t *testing.T, s Store) {
	job := claimed(t, s, 2)
	one, two := job.Captures[0].WebSDRID, job.Captures[1].WebSDRID
	finish(t, s, job, heimdall.Success, heimdall.Failed)
	list := eventsAfter(t, s, heimdall.EventFilter{}, 5)
	same(t, "events", told(list), []string{"acquisition.created pending", "acquisition.running running",
		fmt.Sprint("capture.ended ", one, " success"), fmt.Sprint("capture.ended ", two, " failed"), "acquisition.ended partial"})
	for i, e := range list {
		if e.TaskID != job.TaskID || e.At.IsZero() || i > 0 && (e.ID <= list[i-1].ID || e.At.Before(list[i-1].At)) {
			t.Errorf("event %d is %+v", i, e)
		}
	}
}

func noEventTwice(t *testing.T, s Store) {
	asked := aRequest(createWebSDRs(t, s, 1)...)
	asked.IdempotencyKey = "once"
	a := create(t, s, asked)
	_, created, err := s.CreateAcquisition(t.Context(), asked)
	ok(t, err)
	if created {
		t.Error("the repeat created another")
	}
	_, _, err = s.CreateAcquisition(t.Context(), aRequest(999))
	wantInvalid(t, err, "websdrs")
	job := running(t, s, claim(t, s))
	wantErr(t, s.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, ""), heimdall.ErrConflict)
	c, m := succeeded(job.Captures[0])
	wantErr(t, s.FinishCapture(t.Context(), acquire.Lease{TaskID: job.TaskID, Fence: 7}, c, m), heimdall.ErrLost)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := s.FinishCapture(t.Context(), job.Lease, c, m); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for range 2 {
		ok(t, s.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, ""))
	}
	_, err = s.CancelAcquisition(t.Context(), a.TaskID)
	wantErr(t, err, heimdall.ErrConflict)
	same(t, "events", told(eventsAfter(t, s, heimdall.EventFilter{}, 4)), []string{"acquisition.created pending", "acquisition.running running",
		fmt.Sprint("capture.ended ", c.WebSDRID, " success"), "acquisition.ended success"})
}

func eventsOfCancel(t *testing.T, s Store) {
	a := create(t, s, aRequest(createWebSDRs(t, s, 2)...))
	_, err := s.CancelAcquisition(t.Context(), a.TaskID)
	ok(t, err)
	list := eventsAfter(t, s, heimdall.EventFilter{}, 4)
	same(t, "events", told(list), []string{"acquisition.created pending", fmt.Sprint("capture.ended ", a.WebSDRIDs[0], " cancelled"),
		fmt.Sprint("capture.ended ", a.WebSDRIDs[1], " cancelled"), "acquisition.ended cancelled"})
	for _, e := range list[1:] {
		if e.Reason == "" {
			t.Errorf("it does not say why: %+v", e)
		}
	}
	running := claimed(t, s, 1)
	_, err = s.CancelAcquisition(t.Context(), running.TaskID) // is a wish, and ends nothing yet
	ok(t, err)
	same(t, "events of one that runs", told(eventsAfter(t, s, heimdall.EventFilter{TaskID: running.TaskID}, 2)),
		[]string{"acquisition.created pending", "acquisition.running running"})
}

func eventSays(t *testing.T, s Store) {
	job := claimed(t, s, 2)
	good, m := succeeded(job.Captures[0])
	ok(t, s.FinishCapture(t.Context(), job.Lease, good, m))
	bad := job.Captures[1]
	bad.State, bad.FailureClass, bad.Attempts = heimdall.Failed, heimdall.FailBusy, 3
	for len(bad.Reason) < 1000 {
		bad.Reason += "tutti gli slot sono occupati perché è sera; "
	}
	bad.Reason += "\xff"
	ok(t, s.FinishCapture(t.Context(), job.Lease, bad, nil))
	list := eventsAfter(t, s, heimdall.EventFilter{Kinds: []heimdall.EventKind{heimdall.CaptureEnded}}, 2)
	if len(list) != 2 {
		t.Fatalf("events are %+v", list)
	}
	same(t, "a success", list[0].EventPayload, heimdall.EventPayload{State: heimdall.Success, Reason: good.Reason, Attempts: good.Attempts,
		BytesReceived: good.BytesReceived, ElapsedSeconds: good.Elapsed.Seconds(), SNRdB: m.SNRdB})
	got := list[1]
	if got.FailureClass != heimdall.FailBusy || got.Attempts != 3 || got.SNRdB != nil || len(got.Reason) < 400 || len(got.Reason) > 510 {
		t.Errorf("a failure is %+v", got)
	}
}

// eventsResume has many write at once while one reads on and on.
func eventsResume(t *testing.T, s Store) {
	const writers, each, ofEach = 4, 3, 5 // events of an acquisition of two captures
	ids := createWebSDRs(t, s, 2)
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			for range each {
				if err := liveThrough(t.Context(), s, fmt.Sprint("worker ", i), ids); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var seen []heimdall.Event
	last := int64(0)
	for deadline := time.Now().Add(2 * soon); len(seen) < writers*each*ofEach && time.Now().Before(deadline); {
		changed := s.EventsChanged()
		page, err := s.Events(t.Context(), heimdall.EventFilter{After: last, Limit: 7})
		ok(t, err)
		for _, e := range page {
			if e.ID <= last {
				t.Fatalf("event %d comes after %d", e.ID, last)
			}
			seen, last = append(seen, e), e.ID
		}
		if len(page) == 0 {
			select {
			case <-changed:
			case <-time.After(time.Millisecond):
			}
		}
	}
	group.Wait()
	same(t, "what was read on the way, and all there is", seen, eventsAfter(t, s, heimdall.EventFilter{}, writers*each*ofEach))
	of := map[string][]string{}
	for _, e := range seen {
		of[e.TaskID] = append(of[e.TaskID], string(e.Kind))
	}
	for id, kinds := range of {
		same(t, "events of "+id, kinds, []string{"acquisition.created", "acquisition.running", "capture.ended", "capture.ended", "acquisition.ended"})
	}
}

// liveThrough creates an acquisition, and takes any through all that happens to one.
func liveThrough(ctx context.Context, s Store, worker string, ids []int64) error {
	if _, _, err := s.CreateAcquisition(ctx, aRequest(ids...)); err != nil {
		return err
	}
	job, err := s.Claim(ctx, worker, aLease, 0)
	if err != nil {
		return err
	}
	for i := range job.Captures {
		c := job.Captures[i]
		c.State, c.Phase = heimdall.Running, heimdall.PhaseRecording
		if err := s.SaveProgress(ctx, job.Lease, []heimdall.Capture{c}); err != nil {
			return err
		}
		c.State = heimdall.Failed
		if err := s.FinishCapture(ctx, job.Lease, c, nil); err != nil {
			return err
		}
	}
	return s.FinishAcquisition(ctx, job.Lease, heimdall.Failed, "")
}

func eventsChosen(t *testing.T, s Store) {
	a, b := claimed(t, s, 2), claimed(t, s, 1)
	finish(t, s, a, heimdall.Failed, heimdall.Failed)
	finish(t, s, b, heimdall.Failed)
	all := eventsAfter(t, s, heimdall.EventFilter{}, 9)
	ended := []heimdall.EventKind{heimdall.AcquisitionEnded, heimdall.CaptureEnded}
	for name, f := range map[string]heimdall.EventFilter{
		"acquisition": {TaskID: b.TaskID}, "WebSDR": {WebSDRID: a.Captures[1].WebSDRID}, "kinds": {Kinds: ended},
		"after": {After: all[3].ID}, "all of it": {TaskID: a.TaskID, WebSDRID: a.Captures[0].WebSDRID, Kinds: ended, After: all[0].ID},
		"no kind": {Kinds: []heimdall.EventKind{}}, "unknown": {TaskID: newID()}, "no id": {TaskID: "no id"},
	} {
		var want []heimdall.Event
		for _, e := range all {
			if e.ID > f.After && f.Passes(&e) {
				want = append(want, e)
			}
		}
		f.Limit = heimdall.MaxPage
		got, err := s.Events(t.Context(), f)
		ok(t, err)
		same(t, name, told(got), told(want))
	}
	_, err := s.Events(t.Context(), heimdall.EventFilter{})
	wantInvalid(t, err, "limit")
}

func eventsWake(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	var group sync.WaitGroup
	ready := make(chan struct{}, 3)
	for range 3 {
		changed := s.EventsChanged()
		group.Go(func() {
			ready <- struct{}{}
			select {
			case <-changed:
			case <-time.After(soon):
				t.Error("an event woke nobody")
			}
		})
	}
	for range 3 {
		<-ready
	}
	create(t, s, aRequest(ids...))
	group.Wait()
	select {
	case <-s.EventsChanged():
		t.Error("woken before the next event")
	default:
	}
}
