package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestRetentionSaysItsRulesItsSumsAndItsLastRun(t *testing.T) {
	r := newRig(t)
	id := r.websdr("one").ID
	held := r.measured(id)
	r.post("/api/v1/acquisitions/"+held.TaskID+"/hold", `{"by":"IZ1ABC","reason":"evidence"}`).want(200)
	r.now = r.now.AddDate(0, 0, 40)
	r.measured(id)
	got := func() (w wire.Retention) { r.get("/api/v1/retention").want(200).into(&w); return w }
	want := wire.Retention{
		Rules:         wire.RetentionRules{Days: new(30.0), QuotaBytes: new(int64(1000)), FreeBytesAsked: new(int64(10))},
		RecordedBytes: 32, HeldBytes: 16, FreeBytes: new(int64(100)),
	}
	if diff := cmp.Diff(want, got()); diff != "" {
		t.Errorf("before a run (-want +got):\n%s", diff)
	}
	r.post("/api/v1/acquisitions/"+held.TaskID+"/hold", `{"by":"IZ1ABC","reason":"evidence"}`).want(200)
	r.do("DELETE", "/api/v1/acquisitions/"+held.TaskID+"/hold", "").want(200)

	var plan, done wire.RetentionOutcome
	r.get("/api/v1/retention/plan").want(200).into(&plan)
	r.get("/api/v1/acquisitions/" + held.TaskID).want(200)
	r.post("/api/v1/retention/run", "").want(200).into(&done)
	r.get("/api/v1/acquisitions/" + held.TaskID).want(404)
	if diff := cmp.Diff(plan, done); diff != "" {
		t.Errorf("what was planned and what was done differ (-plan +done):\n%s", diff)
	}
	if len(done.Rules) != 1 || done.Rules[0].Rule != "age" || done.Acquisitions != 1 || done.Rows != 3 || done.Rules[0].OldestEnd == nil {
		t.Errorf("it did %+v", done)
	}
	want.RecordedBytes, want.HeldBytes = 16, 0
	want.LastRun = &wire.RetentionRun{BeganAt: r.now, EndedAt: r.now, Outcome: done}
	if diff := cmp.Diff(want, got()); diff != "" {
		t.Errorf("after a run (-want +got):\n%s", diff)
	}
}

func TestWhatIsHeldIsShownAndDeletedByNobody(t *testing.T) {
	r := newRig(t)
	id := r.websdr("one").ID
	a := r.measured(id)
	at := "/api/v1/acquisitions/" + a.TaskID
	r.post(at+"/hold", `{"by":"","reason":"x"}`).want(422)
	var held wire.Acquisition
	r.post(at+"/hold", `{"by":"IZ1ABC","reason":"evidence"}`).want(200).into(&held)
	if diff := cmp.Diff(&wire.Hold{By: "IZ1ABC", Reason: "evidence", At: r.now}, held.Hold); diff != "" {
		t.Errorf("the hold (-want +got):\n%s", diff)
	}
	var page wire.AcquisitionPage
	r.get("/api/v1/acquisitions").want(200).into(&page)
	if diff := cmp.Diff(held.Hold, page.Acquisitions[0].Hold); diff != "" {
		t.Errorf("the hold in the list (-want +got):\n%s", diff)
	}
	r.post(at+"/hold", `{"by":"IK2XYZ","reason":"mine"}`).refused(409, "", "IZ1ABC")
	r.do("DELETE", at, "").refused(409, "", "held by IZ1ABC since 2026-03-01T12:00:00Z: evidence")
	r.get(at).want(200)
	r.do("DELETE", at+"/hold", "").want(200).into(&held)
	r.do("DELETE", at+"/hold", "").want(200)
	r.do("DELETE", at, "").want(200)
	r.get(at).want(404)
	for _, target := range []string{at, at + "/hold"} {
		r.do("DELETE", target, "").want(404)
	}
	r.post(at+"/hold", `{"by":"IZ1ABC","reason":"evidence"}`).want(404)
}

func TestDeletionsAreInTheJournalNewestFirst(t *testing.T) {
	r := newRig(t)
	id := r.websdr("one").ID
	open := r.acquisition(id)
	r.do("DELETE", "/api/v1/acquisitions/"+open.TaskID, "").refused(409, "", "cancel it first")
	r.post("/api/v1/acquisitions/"+open.TaskID+"/cancel", "").want(202)
	var want []wire.Deletion
	for n := range 3 {
		a := r.measured(id)
		r.now = r.now.Add(time.Minute)
		var d wire.Deleted
		r.do("DELETE", fmt.Sprintf("/api/v1/acquisitions/%s?reason=number%%20%d", a.TaskID, n), "").want(200).into(&d)
		if d.Acquisitions != 1 || d.Rows != 3 {
			t.Errorf("it deleted %+v", d)
		}
		want = append([]wire.Deletion{{TaskID: a.TaskID, Reason: fmt.Sprint("number ", n), EndedAt: r.now.Add(-time.Minute), Rows: 3, PlannedAt: r.now, DoneAt: new(r.now)}}, want...)
	}
	var got []wire.Deletion
	for cursor := ""; ; {
		var page wire.DeletionPage
		r.get("/api/v1/deletions?limit=2" + cursor).want(200).into(&page)
		got = append(got, page.Deletions...)
		if page.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + *page.NextCursor
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the journal (-want +got):\n%s", diff)
	}
	r.get("/api/v1/deletions?cursor=YTF8eA").want(422)
}

func TestAServerThatDeletesNothingSaysSo(t *testing.T) {
	r := newRig(t, func(c *api.Config) { c.Retention = nil })
	r.get("/api/v1/retention").refused(409, "", "deletes nothing")
	r.get("/api/v1/retention/plan").want(409)
	r.post("/api/v1/retention/run", "").want(409)
}
