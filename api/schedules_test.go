package api_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/schedule"
)

const schedules = "/api/v1/schedules"

// body is a schedule of 10 s at 7.074 MHz, with more fields.
func body(more string) string {
	return `{"name":"beacon","frequency_mhz":7.074,"duration_seconds":10,` + more + `}`
}

func (r *rig) schedule(more string) wire.Schedule {
	r.Helper()
	var s wire.Schedule
	r.post(schedules, body(more)).want(201).into(&s)
	return s
}

const everyTenMinutes = `"recurrence":{"every_seconds":600}`

func TestAScheduleIsKeptAsItWasWritten(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	a := r.post(schedules, body(`"websdrs":[1],"label":"L","priority":-2,"zone":"Europe/Rome","jitter_seconds":2.5,"max_runs":5,"misfire":"latest",
		"grace_seconds":90,"overlap":"skip","start_at":"2026-03-02T00:00:00Z","end_at":"2026-04-02T00:00:00Z","sample_rate_khz":12,
		"windows":[{"days":["mon"],"from":"06:00","to":"18:00"}],"recurrence":{"cron":"0 7 * * *"}`)).want(201)
	var s wire.Schedule
	a.into(&s)
	if s.NextDueAt == nil || !s.NextDueAt.Equal(time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)) || !s.IsActive || a.header.Get("Location") != schedules+"/1" {
		t.Errorf("created as %+v at %s", s, a.header.Get("Location"))
	}
	var again wire.Schedule
	b := r.get(schedules + "/1").want(200)
	b.into(&again)
	if diff := cmp.Diff(s, again); diff != "" || a.header.Get("ETag") != b.header.Get("ETag") {
		t.Errorf("read it differs (-created +read):\n%s", diff)
	}
	text, err := json.Marshal(s) // as it was shown it may be sent back
	r.must(err)
	r.do("PUT", schedules+"/1", string(text), "If-Match", a.header.Get("ETag")).want(200).into(&again)
	s.UpdatedAt = again.UpdatedAt
	if diff := cmp.Diff(s, again); diff != "" {
		t.Errorf("sent back it differs:\n%s", diff)
	}
	var list wire.ScheduleList
	r.get(schedules).want(200).into(&list)
	if len(list.Schedules) != 1 {
		t.Errorf("%d schedules", len(list.Schedules))
	}
	r.post(schedules, body(everyTenMinutes)).refused(409, "", "beacon")
	r.do("DELETE", schedules+"/1", "", "If-Match", `"old"`).refused(412, "", "schedule 1")
	r.do("DELETE", schedules+"/1", "").want(204)
	r.get(schedules+"/1").refused(404, "", "schedule 1")
}

func TestAScheduleThatCannotWorkIsRefusedWithAllThatIsWrong(t *testing.T) {
	r := newRig(t)
	r.websdr("VHF", func(w *heimdall.WebSDR) { w.FrequencyMinHz, w.FrequencyMaxHz = 100e6, 200e6 })
	for _, c := range []struct{ more, location, message string }{
		{`"recurrence":{}`, "body.recurrence", "exactly one"},
		{`"recurrence":{"every_seconds":0}`, "body.recurrence.every_seconds", "1 to"},
		{`"recurrence":{"cron":"* * *"}`, "body.recurrence.cron", "understood"},
		{`"recurrence":{"rrule":"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}`, "body.recurrence.rrule", "never due"},
		{`"recurrence":{"sun":"sunrise"}`, "body.recurrence.latitude", "degrees"},
		{`"recurrence":{"sun":"sunrise","websdr_id":9}`, "body.recurrence.websdr_id", "unknown"},
		{everyTenMinutes + `,"zone":"Mars/Olympus"`, "body.zone", "Mars/Olympus"},
		{everyTenMinutes + `,"websdrs":[7]`, "body.websdrs", "7"},
		{everyTenMinutes + `,"websdrs":[1]`, "body.frequency_mhz", "cannot be tuned"},
		{everyTenMinutes + `,"max_runs":0`, "body.max_runs", "above 0"},
		{everyTenMinutes + `,"windows":[{"from":"6","to":"7"}]`, "body.windows", "06:00"},
	} {
		r.post(schedules, body(c.more)).refused(422, c.location, c.message)
		r.post(schedules+"/preview", body(c.more)).refused(422, c.location, c.message)
	}
}

func TestAPreviewStoresNothingAndSaysWhatWillHappen(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	more := `"zone":"Europe/Rome","jitter_seconds":60,"windows":[{"from":"13:00","to":"13:30"}],"recurrence":{"every_seconds":600}`
	var preview, next wire.Upcoming
	r.post(schedules+"/preview?count=4", body(more)).want(200).into(&preview)
	var list wire.ScheduleList
	r.get(schedules).want(200).into(&list)
	if len(list.Schedules) != 0 || len(preview.Runs) != 4 {
		t.Fatalf("%d schedules, preview %+v", len(list.Schedules), preview)
	}
	s := r.schedule(more)
	r.get(fmt.Sprintf("%s/%d/next?count=4", schedules, s.ScheduleID)).want(200).into(&next)
	for i := range preview.Runs {
		preview.Runs[i].ScheduleID = s.ScheduleID
	}
	preview.Runs[0].LeftOut = next.Runs[0].LeftOut // counted from now, and from the run itself
	if diff := cmp.Diff(preview, next); diff != "" {
		t.Errorf("the preview and what is planned differ:\n%s", diff)
	}
	// It is 13:00 in Rome: runs at 13:10 and 13:20, then tomorrow.
	var got []string
	for _, u := range next.Runs {
		got = append(got, fmt.Sprint(u.LocalTime, " ", *u.Window, " ", u.LeftOut))
	}
	want := []string{"2026-03-01T13:10:00+01:00 13:00-13:30 0", "2026-03-01T13:20:00+01:00 13:00-13:30 0",
		"2026-03-02T13:00:00+01:00 13:00-13:30 141", "2026-03-02T13:10:00+01:00 13:00-13:30 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

func TestTheSunOfAWebSDRIsThatOfItsPlace(t *testing.T) {
	r := newRig(t)
	w := r.websdr("One")
	s := r.schedule(`"recurrence":{"sun":"sunset","offset_seconds":-1800,"websdr_id":1}`)
	if *s.Recurrence.Latitude != w.LatitudeDeg || *s.Recurrence.Longitude != w.LongitudeDeg {
		t.Errorf("recurrence: %+v", s.Recurrence)
	}
	sunset, _ := schedule.SunTime(heimdall.Sunset, noon, w.LatitudeDeg, w.LongitudeDeg)
	if want := sunset.Add(-30 * time.Minute); !s.NextDueAt.Equal(want) {
		t.Errorf("the next run is due at %v, want %v", s.NextDueAt, want)
	}
}

func TestAPatchChangesOnlyWhatItNames(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	s := r.schedule(`"recurrence":{"every_seconds":600},"label":"L","max_runs":5`)
	at := fmt.Sprintf("%s/%d", schedules, s.ScheduleID)
	patch := func(text string) answer {
		return r.do("PATCH", at, text, "Content-Type", "application/merge-patch+json")
	}
	var got wire.Schedule
	patch(`{"label":null}`).want(200).into(&got)
	if got.Label != "" || *got.MaxRuns != 5 || !got.NextDueAt.Equal(*s.NextDueAt) {
		t.Errorf("patched: %+v", got)
	}
	patch(`{"recurrence":{"cron":"0 18 * * *"}}`).refused(422, "body.recurrence", "exactly one")
	patch(`{"recurrence":{"cron":"0 18 * * *","every_seconds":null},"max_runs":null,"misfire":null}`).want(200)
	got = wire.Schedule{}
	r.get(at).want(200).into(&got)
	if got.Recurrence.Cron == "" || got.Recurrence.EverySeconds != nil || got.MaxRuns != nil || got.NextDueAt.Hour() != 18 {
		t.Errorf("patched: %+v", got)
	}
	patch(`{"nonsense":1}`).refused(422, "body.nonsense", "unexpected")
	r.do("PATCH", at, `{}`, "Content-Type", "text/plain").want(415)
	r.do("PATCH", at, `{"label":"x"}`, "If-Match", `"old"`, "Content-Type", "application/merge-patch+json").want(412)
}

func TestAPauseIsSeenAmongTheRuns(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	s := r.schedule(everyTenMinutes)
	at := fmt.Sprintf("%s/%d", schedules, s.ScheduleID)
	var got wire.Schedule
	r.post(at+"/pause", "").want(200).into(&got)
	r.post(at+"/pause", "").want(200)
	if got.IsActive {
		t.Errorf("paused: %+v", got)
	}
	r.now = noon.Add(time.Hour + time.Minute)
	r.post(at+"/resume", "").want(200).into(&got)
	if !got.IsActive || !got.NextDueAt.Equal(noon.Add(70*time.Minute)) {
		t.Errorf("resumed: %+v", got)
	}
	var page wire.ScheduleRunPage
	r.get(at + "/runs").want(200).into(&page)
	if len(page.Runs) != 1 || *page.Runs[0].Skipped != "paused" || page.Runs[0].Count != 6 || !page.Runs[0].LastDueAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("runs: %+v", page.Runs)
	}
}

func TestAScheduleRunsByHandAlsoWhenItIsPaused(t *testing.T) {
	r := newRig(t)
	s := r.schedule(everyTenMinutes + `,"is_active":false,"overlap":null,"websdrs":null,"windows":null`)
	at := fmt.Sprintf("%s/%d", schedules, s.ScheduleID)
	var run wire.ScheduleRun
	r.post(at+"/run", "").want(202).into(&run)
	if run.TaskID != nil || *run.Skipped != "websdrs" {
		t.Errorf("without any WebSDR: %+v", run)
	}
	r.websdr("One")
	for i := range 3 {
		r.now = noon.Add(time.Duration(i+1) * time.Second)
		r.post(at+"/run", "").want(202).into(&run)
		var a wire.Acquisition
		r.get("/api/v1/acquisitions/" + *run.TaskID).want(200).into(&a)
		if a.Label != "beacon" || a.StartTime != nil || !run.ByHand {
			t.Errorf("run %+v, acquisition %+v", run, a)
		}
	}
	var times []string
	cursor := ""
	for {
		var page wire.ScheduleRunPage
		r.get(at + "/runs?limit=2" + cursor).want(200).into(&page)
		for _, run := range page.Runs {
			times = append(times, run.DueAt.Format("05"))
		}
		if page.NextCursor == nil {
			break
		}
		cursor = "&cursor=" + *page.NextCursor
	}
	if diff := cmp.Diff([]string{"03", "02", "01", "00"}, times); diff != "" {
		t.Errorf("runs:\n%s", diff)
	}
	var skipped wire.ScheduleRunPage
	r.get(at + "/runs?skipped=true").want(200).into(&skipped)
	if len(skipped.Runs) != 1 {
		t.Errorf("skipped: %+v", skipped)
	}
	r.get(at+"/runs?cursor=x").refused(422, "query.cursor", "next_cursor")
	r.post(schedules+"/99/run", "").want(404)
	r.get(schedules + "/99/runs").want(404)
	r.get(schedules + "/99/next").want(404)
}

func TestAForecastSaysHowLoadedReceiversWillBe(t *testing.T) {
	r := newRig(t)
	r.websdr("One")
	r.schedule(everyTenMinutes)
	var f wire.Forecast
	r.get(schedules + "/forecast?hours=48&limit=2").want(200).into(&f)
	want := []wire.HostLoad{{Host: "one", WebSDRs: []int64{1}, Runs: 288, SecondsPerDay: 1440, TimeShare: 1.0 / 60}}
	if diff := cmp.Diff(want, f.Hosts); diff != "" || f.Count != 288 || len(f.Runs) != 2 || f.Runs[0].Name != "beacon" {
		t.Errorf("forecast %+v\n%s", f, diff)
	}
}
