package api_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func TestPriorityDeadlineAndOriginAreShownAndOriginsAreToldApart(t *testing.T) {
	r := newRig(t)
	w := r.websdr("One")
	var asked wire.Acquisition
	r.post("/api/v1/acquisitions", fmt.Sprintf(`{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[%d],"priority":-3,"deadline":"2026-03-01T13:00:00Z"}`, w.ID)).want(202).into(&asked)
	if asked.Priority != -3 || asked.Deadline == nil || !asked.Deadline.Equal(noon.Add(time.Hour)) || asked.Origin != "" {
		t.Errorf("it is shown as %+v", asked)
	}
	scheduled, _, err := r.store.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 7_000_000, Duration: time.Second, WebSDRIDs: []int64{w.ID}, Origin: "schedule/7"})
	r.must(err)
	for query, want := range map[string][]string{"": {scheduled.TaskID, asked.TaskID}, "?origin=hand": {asked.TaskID}, "?origin=schedule/7": {scheduled.TaskID}, "?origin=nobody": {}} {
		var page wire.AcquisitionPage
		r.get("/api/v1/acquisitions" + query).want(200).into(&page)
		var got []string
		for _, a := range page.Acquisitions {
			got = append(got, a.TaskID)
		}
		if len(got) != len(want) || !strings.Contains(fmt.Sprint(got), strings.Join(want, " ")) && len(want) == 1 {
			t.Errorf("%q lists %v, want %v", query, got, want)
		}
	}
	r.post("/api/v1/acquisitions", fmt.Sprintf(`{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[%d],"priority":10}`, w.ID)).refused(422, "body.priority", "-9 to 9")
	r.post("/api/v1/acquisitions", fmt.Sprintf(`{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[%d],"deadline":"2026-03-01T11:00:00Z"}`, w.ID)).refused(422, "body.deadline", "past")
	// Only the system says whose turn an acquisition takes.
	for query, want := range map[string]int{"schedule_id=7": 1, "schedule_id=70": 0, "schedule_id=1&schedule_id=7": 1} {
		var list wire.AcquisitionPage
		var captures wire.CapturePage
		r.get("/api/v1/acquisitions?" + query).want(200).into(&list)
		r.get("/api/v1/captures?" + query).want(200).into(&captures)
		if len(list.Acquisitions) != want || len(captures.Captures) != want {
			t.Errorf("?%s finds %d acquisitions and %d captures, want %d", query, len(list.Acquisitions), len(captures.Captures), want)
		}
	}
	r.post("/api/v1/acquisitions", fmt.Sprintf(`{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[%d],"origin":"schedule/7"}`, w.ID)).want(422)
}

func TestAFullQueueIsRefusedWithWhenToComeBack(t *testing.T) {
	r := newRig(t, func(c *api.Config) { c.QueueLimit = 2 })
	w := r.websdr("One")
	r.acquisition(w.ID)
	r.acquisition(w.ID)
	body := fmt.Sprintf(`{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[%d]}`, w.ID)
	a := r.post("/api/v1/acquisitions", body)
	a.refused(429, "", "HEIMDALL_QUEUE_LIMIT")
	if a.header.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
	r.claim()
	r.post("/api/v1/acquisitions", body).want(202)
}

func TestAFullDiskIsRefusedWithWhatToDo(t *testing.T) {
	full := errors.New("the disk with the spool has 3 MB free: free some")
	r := newRig(t, func(c *api.Config) { c.Room = func() error { return full } })
	w := r.websdr("One")
	body := fmt.Sprintf(`{"frequency_mhz":145.5,"duration_seconds":10,"websdrs":[%d]}`, w.ID)
	a := r.post("/api/v1/acquisitions", body)
	a.refused(507, "", "free some")
	if a.header.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
	full = nil
	r.post("/api/v1/acquisitions", body).want(202)
}

func TestContactIsSwitchedForEverybody(t *testing.T) {
	r := newRig(t)
	var c wire.Contact
	r.get("/api/v1/contact").want(200).into(&c)
	if !c.Allowed || c.ChangedAt != nil {
		t.Errorf("at first it is %+v", c)
	}
	r.do("PUT", "/api/v1/contact", `{"allowed":false}`).refused(422, "body.reason", "why")
	r.do("PUT", "/api/v1/contact", `{"allowed":false,"reason":"an owner complained","by":"anna"}`).want(200)
	var off wire.Contact
	r.get("/api/v1/contact").want(200).into(&off)
	if off.Allowed || off.Reason != "an owner complained" || off.By != "anna" || off.ChangedAt == nil || !off.ChangedAt.Equal(noon) {
		t.Errorf("switched off it is %+v", off)
	}
	r.acquisition(r.websdr("One").ID) // it waits
	if _, err := r.store.Claim(t.Context(), "worker", time.Minute, 0); !errors.Is(err, heimdall.ErrNoWork) {
		t.Errorf("it is claimed: %v", err)
	}
	r.do("PUT", "/api/v1/contact", `{"allowed":true}`).want(200)
	r.claim()
}

func TestWorkersAreListedAndTheMissingMarked(t *testing.T) {
	r := newRig(t)
	r.must(r.store.SeeWorker(t.Context(), heimdall.WorkerStatus{Name: "gone/1", Host: "gone", Version: "1", StartedAt: noon, Slots: 4, Running: 4}))
	r.now = noon.Add(time.Hour)
	r.must(r.store.SeeWorker(t.Context(), heimdall.WorkerStatus{Name: "there/2", Host: "there", Version: "1", StartedAt: noon, Slots: 16, Running: 1}))
	var list wire.WorkerList
	r.get("/api/v1/workers").want(200).into(&list)
	if len(list.Workers) != 2 || !list.Workers[0].Missing || list.Workers[1].Missing || list.Workers[1].Running != 1 {
		t.Errorf("the workers are %+v", list.Workers)
	}
	r.now = noon.Add(heimdall.WorkerForgotten + time.Minute)
	r.get("/api/v1/workers").want(200).into(&list)
	if len(list.Workers) != 1 || list.Workers[0].Name != "there/2" {
		t.Errorf("a day later the workers are %+v", list.Workers)
	}
}

func TestAReceiverThatTurnedUsAwayIsShownAndForgiven(t *testing.T) {
	r := newRig(t)
	w := r.websdr("One", func(w *heimdall.WebSDR) {
		w.Kind, w.URL, w.DailyBudget = "kiwisdr", "http://kiwi.example:8073", time.Hour
	})
	r.must(r.store.BlockReceiver(t.Context(), w.ID, heimdall.FailQuota, "come back tomorrow", 24*time.Hour))
	r.must(r.store.CountUse(t.Context(), w.Host(), noon, 90*time.Second))
	var list wire.WebSDRList
	r.get("/api/v1/websdrs").want(200).into(&list)
	var one wire.WebSDR
	a := r.get(fmt.Sprintf("/api/v1/websdrs/%d", w.ID)).want(200)
	a.into(&one)
	for _, got := range []wire.WebSDR{list.WebSDRs[0].WebSDR, one} {
		if got.BlockedUntil == nil || !got.BlockedUntil.Equal(noon.AddDate(0, 0, 1)) || got.BlockedClass != "quota" || got.BlockedReason != "come back tomorrow" ||
			got.UsedTodaySeconds != 90 || got.DailyBudgetSeconds != 3600 {
			t.Errorf("it is shown as %+v", got)
		}
	}
	// What is shown may be sent back.
	r.do("PUT", fmt.Sprintf("/api/v1/websdrs/%d", w.ID), a.body).want(200)
	var forgiven wire.WebSDR
	r.post(fmt.Sprintf("/api/v1/websdrs/%d/forgive", w.ID), "").want(200).into(&forgiven)
	if forgiven.BlockedUntil != nil || forgiven.BlockedClass != "" || forgiven.UsedTodaySeconds != 90 || forgiven.DailyBudgetSeconds != 3600 {
		t.Errorf("forgiven it is %+v", forgiven)
	}
	r.post("/api/v1/websdrs/999/forgive", "").want(404)
}
