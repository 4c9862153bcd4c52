package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

var captures = []promise{
	{"progress is saved, and captures that have ended stay as they are", progressSaved},
	{"progress that is no progress is refused", progressRefused},
	{"finishing writes capture and measurement together, every field as it was", finishTogether},
	{"finishing that is refused or cut off writes neither", finishNeither},
	{"finishing twice changes nothing", finishTwice},
	{"finishing at once from many goroutines stores one measurement", finishAtOnce},
	{"a failed capture keeps its reason and has no measurement", failedCapture},
	{"a success needs a recording and the measurement of that recording, anything else has neither", successNeeds},
	{"a pending capture fails or is cancelled, but succeeds only after it ran", legalMoves},
	{"an unknown capture is ErrNotFound", unknownCapture},
	{"lists are newest first, then by WebSDR, and pages do not skip or repeat", pageCaptures},
	{"lists are filtered by acquisition, WebSDR, state, failure and time", filterCaptures},
	{"recordings are listed once each in order of their keys", listRecordings},
}

func progressSaved(t *testing.T, s Store) {
	job := claimed(t, s, 2)
	ended, moving := job.Captures[0], job.Captures[1]
	ended.State, ended.Reason, ended.EndedAt = heimdall.Failed, "all slots taken", aTime.Truncate(time.Microsecond)
	ok(t, s.FinishCapture(t.Context(), job.Lease, ended, nil))
	ended, err := s.Capture(t.Context(), ended.TaskID, ended.WebSDRID)
	ok(t, err)

	late := ended
	late.State, late.Phase, late.Reason = heimdall.Running, heimdall.PhaseConnecting, "trying again"
	moving.State, moving.Phase, moving.Attempts = heimdall.Pending, heimdall.PhaseWaiting, 2
	moving.NextAttemptAt = aTime.Truncate(time.Microsecond)
	moving.FailureClass, moving.Reason = heimdall.FailBusy, "all 4 channels are taken"
	moving.BytesReceived, moving.Elapsed, moving.StartedAt = 1<<40, 1500*time.Millisecond+1, moving.NextAttemptAt
	for range 2 {
		ok(t, s.SaveProgress(t.Context(), job.Lease, []heimdall.Capture{late, moving}))
		_, list, err := s.Acquisition(t.Context(), job.TaskID)
		ok(t, err)
		same(t, "captures", list, []heimdall.Capture{ended, moving})
	}
	started := moving.StartedAt
	moving.StartedAt = time.Time{} // not told again: it stays
	ok(t, s.SaveProgress(t.Context(), job.Lease, []heimdall.Capture{moving}))
	got, err := s.Capture(t.Context(), moving.TaskID, moving.WebSDRID)
	ok(t, err)
	same(t, "start after more progress", got.StartedAt, started)
	moving.State = heimdall.Cancelled
	ok(t, s.FinishCapture(t.Context(), job.Lease, moving, nil))
	got, err = s.Capture(t.Context(), moving.TaskID, moving.WebSDRID)
	ok(t, err)
	same(t, "start after the end", got.StartedAt, started)
}

func progressRefused(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	save := func(c heimdall.Capture) error {
		return s.SaveProgress(t.Context(), job.Lease, []heimdall.Capture{job.Captures[0], c})
	}
	c := job.Captures[0]
	for _, state := range []heimdall.State{heimdall.Success, heimdall.Failed, heimdall.Cancelled, heimdall.Partial, ""} {
		c.State = state
		wantInvalid(t, save(c), "state")
	}
	c = job.Captures[0]
	c.TaskID = newID()
	wantInvalid(t, save(c), "task_id")
	c = job.Captures[0]
	c.WebSDRID = 999
	wantErr(t, save(c), heimdall.ErrNotFound)
}

func legalMoves(t *testing.T, s Store) {
	create(t, s, aRequest(createWebSDRs(t, s, 3)...))
	job := claim(t, s)
	c, m := succeeded(job.Captures[0])
	wantErr(t, s.FinishCapture(t.Context(), job.Lease, c, m), heimdall.ErrConflict)
	unchanged(t, s, job.Captures[0])
	for i, state := range []heimdall.State{heimdall.Failed, heimdall.Cancelled} {
		c := job.Captures[i+1]
		c.State = state
		ok(t, s.FinishCapture(t.Context(), job.Lease, c, nil))
	}
}

func unknownCapture(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	_, err := s.Capture(t.Context(), job.TaskID, 999)
	wantErr(t, err, heimdall.ErrNotFound)
	_, err = s.Capture(t.Context(), newID(), job.Captures[0].WebSDRID)
	wantErr(t, err, heimdall.ErrNotFound)
	c := job.Captures[0]
	c.WebSDRID, c.State = 999, heimdall.Failed
	wantErr(t, s.FinishCapture(t.Context(), job.Lease, c, nil), heimdall.ErrNotFound)
}

func pageCaptures(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 4)
	var want []string
	for range 3 {
		a := create(t, s, aRequest(ids...))
		for i := range ids {
			want = append(want, key(heimdall.Capture{TaskID: a.TaskID, WebSDRID: ids[len(ids)-1-i]}))
		}
	}
	slices.Reverse(want)
	for _, limit := range []int{1, 3, 4, 5} {
		var got []string
		f := heimdall.CaptureFilter{Limit: limit, States: []heimdall.State{heimdall.Pending}}
		for {
			page, err := s.Captures(t.Context(), f)
			ok(t, err)
			for _, c := range page {
				got = append(got, key(c))
			}
			if len(page) < limit {
				break
			}
			last := page[len(page)-1]
			f.AfterTaskID, f.AfterWebSDRID = last.TaskID, last.WebSDRID
		}
		same(t, fmt.Sprintf("pages of %d", limit), got, want)
	}
}

func key(c heimdall.Capture) string { return fmt.Sprintf("%s/%d", c.TaskID, c.WebSDRID) }

func filterCaptures(t *testing.T, s Store) {
	job := claimed(t, s, 3)
	busy, down, success := job.Captures[0], job.Captures[1], job.Captures[2]
	start := aTime.Truncate(time.Microsecond)
	busy.State, busy.FailureClass, busy.StartedAt = heimdall.Failed, heimdall.FailBusy, start
	down.State, down.FailureClass, down.StartedAt = heimdall.Failed, heimdall.FailDown, start.Add(time.Second)
	ok(t, s.FinishCapture(t.Context(), job.Lease, busy, nil))
	ok(t, s.FinishCapture(t.Context(), job.Lease, down, nil))
	success, m := succeeded(success)
	success.StartedAt = start.Add(2 * time.Second)
	ok(t, s.FinishCapture(t.Context(), job.Lease, success, m))
	other := create(t, s, aRequest(busy.WebSDRID))
	waiting := heimdall.Capture{TaskID: other.TaskID, WebSDRID: busy.WebSDRID}

	for _, q := range []struct {
		what   string
		filter heimdall.CaptureFilter
		want   []heimdall.Capture
	}{
		{"all", heimdall.CaptureFilter{}, []heimdall.Capture{waiting, busy, down, success}},
		{"acquisition", heimdall.CaptureFilter{TaskID: job.TaskID}, []heimdall.Capture{busy, down, success}},
		{"WebSDR", heimdall.CaptureFilter{WebSDRID: busy.WebSDRID}, []heimdall.Capture{waiting, busy}},
		{"state", heimdall.CaptureFilter{States: []heimdall.State{heimdall.Failed}}, []heimdall.Capture{busy, down}},
		{"states", heimdall.CaptureFilter{States: []heimdall.State{heimdall.Success, heimdall.Pending}}, []heimdall.Capture{waiting, success}},
		{"no states", heimdall.CaptureFilter{States: []heimdall.State{}}, nil},
		{"failure", heimdall.CaptureFilter{FailureClass: heimdall.FailDown}, []heimdall.Capture{down}},
		{"from", heimdall.CaptureFilter{From: down.StartedAt}, []heimdall.Capture{down, success}},
		{"to", heimdall.CaptureFilter{To: down.StartedAt}, []heimdall.Capture{busy}},
		{"from and to", heimdall.CaptureFilter{From: busy.StartedAt, To: success.StartedAt}, []heimdall.Capture{busy, down}},
	} {
		q.filter.Limit = 10
		list, err := s.Captures(t.Context(), q.filter)
		ok(t, err)
		var got, want []string
		for _, c := range list {
			got = append(got, key(c))
		}
		for _, c := range q.want {
			want = append(want, key(c))
		}
		same(t, q.what, got, want)
	}
}

func listRecordings(t *testing.T, s Store) {
	var want []string
	var jobs []*acquire.Job
	for range 3 {
		jobs = append(jobs, claimed(t, s, 2))
	}
	for _, job := range jobs {
		finish(t, s, job, heimdall.Failed, heimdall.Success)
		want = append(want, job.Captures[1].Recording.S3Path)
	}
	claimed(t, s, 1)
	slices.Sort(want)
	var got []string
	for c, err := range s.RecordingKeys(t.Context()) {
		ok(t, err)
		got = append(got, c.Recording.S3Path)
	}
	same(t, "keys", got, want)
	for range s.RecordingKeys(t.Context()) {
		break // a reader that has seen enough
	}
}
