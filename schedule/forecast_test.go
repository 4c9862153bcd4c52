package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/schedule"
)

func TestAForecastSaysWhichWindowAdmitsARunAndHowManyNoneDid(t *testing.T) {
	p := compile(t, func(s *heimdall.Schedule) {
		s.Recurrence.Every, s.MaxRuns, s.RunsCount = time.Hour, 9, 6
		s.Windows = []heimdall.Window{{From: "06:00", To: "07:00"}, {From: "12:00", To: "13:00"}}
	})
	var got []string
	for _, u := range p.Upcoming(at(t, "2026-03-01T10:30:00Z"), 10) {
		got = append(got, fmt.Sprint(u.DueAt.Format("02 15:04 "), u.Window, " ", u.LeftOut))
	}
	wantRuns(t, got, "01 12:00 12:00-13:00 1", "02 06:00 06:00-07:00 17", "02 12:00 12:00-13:00 5")
}

func TestAForecastMergesSchedulesAndReckonsTheLoadOfHosts(t *testing.T) {
	known := []heimdall.WebSDR{
		{ID: 1, Kind: "kiwisdr", URL: "http://busy.example:8073", Active: true},
		{ID: 2, Kind: "kiwisdr", URL: "http://busy.example:8074", Active: true},
		{ID: 3, Kind: "kiwisdr", URL: "http://idle.example:8073", Active: true},
		{ID: 4, Kind: "rtl_tcp", URL: "tcp://vhf.example:1234", Active: true, FrequencyMinHz: 100e6, FrequencyMaxHz: 200e6},
	}
	from := at(t, "2026-03-01T00:00:00Z")
	one := a(func(s *heimdall.Schedule) { s.ID, s.Recurrence.Every, s.NextDueAt = 1, time.Second, from })
	two := a(func(s *heimdall.Schedule) {
		s.ID, s.Recurrence.Cron, s.NextDueAt, s.WebSDRIDs = 2, "0 */12 * * *", from, []int64{2}
	})
	paused := a(func(s *heimdall.Schedule) {
		s.ID, s.Active, s.Recurrence.Every, s.NextDueAt = 3, false, time.Second, from
	})
	f := schedule.Foresee([]heimdall.Schedule{one, two, paused}, known, from, from.Add(12*time.Hour), 3)
	if f.Count != 12*3600+1 {
		t.Errorf("%d runs", f.Count)
	}
	var got []string
	for _, u := range f.Runs {
		got = append(got, fmt.Sprint(u.ScheduleID, u.DueAt.Format(" 15:04:05")))
	}
	wantRuns(t, got, "1 00:00:00", "2 00:00:00", "1 00:00:01")
	want := []schedule.HostLoad{
		{Host: "busy.example", WebSDRIDs: []int64{1, 2}, Runs: 2*12*3600 + 1, SecondsPerDay: 2 * (2*12*3600 + 1) * 10},
		{Host: "idle.example", WebSDRIDs: []int64{3}, Runs: 12 * 3600, SecondsPerDay: 2 * 12 * 3600 * 10},
	}
	if diff := cmp.Diff(want, f.Hosts); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
}
