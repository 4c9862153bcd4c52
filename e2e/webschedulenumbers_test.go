package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func schedulesAreTrue(t *testing.T, p *tab, d *dashboard, db rows) {
	p.open(t, "/schedules")
	list, err := d.client.Schedules(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%d schedules, %v", len(list), err)
	}
	for _, s := range list {
		row := fmt.Sprintf(`tr[data-schedule="%d"]`, s.ScheduleID)
		counted(t, s.Name+" runs", p.cell(t, row, "runs_count"), s.RunsCount)
		counted(t, s.Name+" runs, of the database", p.cell(t, row, "runs_count"), db.count(t, "SELECT count(*) FROM schedule_runs WHERE schedule_id = ? AND task_id IS NOT NULL", s.ScheduleID))
		if shown := p.cell(t, row, "next_start_at"); s.IsActive && !strings.HasPrefix(shown, s.NextStartAt.Truncate(time.Second).Format("2006-01-02 15:04:05 UTC")) {
			t.Errorf("%s runs next at %s, the page shows %q", s.Name, s.NextStartAt, shown)
		}
	}
	forecast, err := d.client.ForecastSchedules(t.Context(), 24*time.Hour, 100)
	if err != nil {
		t.Fatal(err)
	}
	counted(t, "runs of the next day", p.cell(t, "main", "forecast_count"), forecast.Count)
	for _, h := range forecast.Hosts {
		row := fmt.Sprintf(`tr[data-host="%s"]`, h.Host)
		counted(t, h.Host+" recordings", p.cell(t, row, "runs"), h.Runs)
		scaled(t, h.Host+" recording a day", p.cell(t, row, "seconds_per_day"), h.SecondsPerDay, lengths)
		same(t, h.Host+" share of the day", p.cell(t, row, "time_share"), new(100*h.SecondsPerDay/86_400))
		same(t, h.Host+" share of the day, of the API", p.cell(t, row, "time_share"), new(100*h.TimeShare))
	}

	p.open(t, "/schedules/1")
	next, err := d.client.NextScheduleRuns(t.Context(), 1, 10)
	if err != nil || len(next) != 10 {
		t.Fatalf("%d runs, %v", len(next), err)
	}
	due := evaluate[[]string](t, p, `[...document.querySelectorAll("table")[0].querySelectorAll("tr[data-due]")].map((r) => r.getAttribute("data-due"))`)
	for i, r := range next {
		if i >= len(due) || due[i] != r.DueAt.Format(time.RFC3339) {
			t.Fatalf("the page shows %q, next are %v", due, next)
		}
	}
	for _, r := range next {
		row := fmt.Sprintf(`tr[data-due="%s"]`, r.DueAt.Format(time.RFC3339))
		scaled(t, "jitter", p.cell(t, row, "jitter_seconds"), r.StartAt.Sub(r.DueAt).Seconds(), lengths)
	}
	counted(t, "runs so far", p.cell(t, "main", "runs_count"), list[0].RunsCount)
	page, err := d.client.ScheduleRuns(t.Context(), heimdall.ScheduleRunFilter{ScheduleID: 1, Limit: 10}, "")
	if err != nil || len(page.Runs) != 1 || page.Runs[0].TaskID == nil {
		t.Fatalf("runs: %+v, %v", page.Runs, err)
	}
	a, err := d.client.Acquisition(t.Context(), *page.Runs[0].TaskID)
	if err != nil {
		t.Fatal(err)
	}
	row := fmt.Sprintf(`tr[data-due="%s"]`, page.Runs[0].DueAt.Format(time.RFC3339))
	p.shows(t, row, string(a.State))
	scaled(t, "lateness", p.cell(t, row, "lateness"), a.WindowStart.Sub(page.Runs[0].StartAt).Seconds(), lengths)
	p.until(t, "the run leads to its acquisition", fmt.Sprintf(`document.querySelector(%s)?.getAttribute("href") === %s`, quoted(row+" a"), quoted("/acquisitions/"+a.TaskID)))

	p.open(t, "/schedules/2") // which has jitter
	jittered, err := d.client.NextScheduleRuns(t.Context(), 2, 10)
	if err != nil || len(jittered) != 10 {
		t.Fatalf("%d runs, %v", len(jittered), err)
	}
	for _, r := range jittered {
		row := fmt.Sprintf(`tr[data-due="%s"]`, r.DueAt.Format(time.RFC3339Nano))
		scaled(t, "jitter", p.cell(t, row, "jitter_seconds"), r.StartAt.Sub(r.DueAt).Seconds(), lengths)
	}
}
