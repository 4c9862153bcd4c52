package e2e_test

import (
	"database/sql"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// TestEveryNumberShownIsOneThatAQueryGives reads numbers off the pages as a person does, and asks the API and the
// database the same.
func TestEveryNumberShownIsOneThatAQueryGives(t *testing.T) {
	p := openTab(t, "")
	d := seededDashboard(t, "--probe-interval", "0") // so that nothing changes between the page and the query
	p.server = d.url
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.data, "heimdall.db")+"?mode=ro&_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, w := range d.websdrs(t) {
		if _, err := d.client.ProbeWebSDR(t.Context(), w.WebSDRID); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("overview", func(t *testing.T) { overviewIsTrue(t, p, d, db) })
	t.Run("trends by the hour", func(t *testing.T) { trendsAreTrue(t, p, d, db) })
	t.Run("trends of each measurement", func(t *testing.T) { singleTrendsAreTrue(t, p, d) })
	t.Run("a part of a chart is looked at more closely, and left again", func(t *testing.T) { brushZooms(t, p, d) })
	t.Run("how receivers fared, and coverage", func(t *testing.T) { coverageIsTrue(t, p, d) })
	t.Run("health of the WebSDRs", func(t *testing.T) { healthIsTrue(t, p, d, db) })
	t.Run("a receiver that is gone, and is let through again", func(t *testing.T) { goneReceiverIsShown(t, p, d) })
	t.Run("emitters", func(t *testing.T) { emittersAreTrue(t, p, d, db) })
	t.Run("schedules", func(t *testing.T) { schedulesAreTrue(t, p, d, db) })
	if wrong := p.complaints(false); len(wrong) > 0 {
		t.Errorf("the console says:\n%s", strings.Join(wrong, "\n"))
	}
}

// number reads a number as the pages write it: a real minus sign, thin spaces, perhaps an uncertainty or a unit after
// it. The half of its last digit is what it may be off by.
func number(t testing.TB, shown string) (v, half float64) {
	t.Helper()
	text := strings.ReplaceAll(strings.ReplaceAll(shown, "\u2009", ""), "\u2212", "-")
	text, _, _ = strings.Cut(strings.TrimSpace(text), " ")
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("%q is no number: %v", shown, err)
	}
	_, decimals, _ := strings.Cut(text, ".")
	return v, 0.5 * math.Pow10(-len(decimals))
}

// same complains unless the page shows want; nil is shown in words.
func same(t testing.TB, what, shown string, want *float64) {
	t.Helper()
	if want == nil {
		if shown != "no data" && shown != "\u2013" {
			t.Errorf("%s: the page shows %q, and there is none", what, shown)
		}
		return
	}
	if v, half := number(t, shown); math.Abs(v-*want) > half*(1+1e-9) {
		t.Errorf("%s: the page shows %q, the query gives %v", what, shown, *want)
	}
}

func counted(t testing.TB, what, shown string, want int64) {
	t.Helper()
	same(t, what, shown, new(float64(want)))
}

// ask gives the only number that a query of the database finds.
func ask(t testing.TB, db *sql.DB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// cells are the texts of cells of the rows that a selector finds, by the value of an attribute.
func (p *tab) cells(t testing.TB, rows, attribute string) map[string][]string {
	t.Helper()
	return evaluate[map[string][]string](t, p, fmt.Sprintf(`Object.fromEntries([...document.querySelectorAll(%s)].map((r) =>
		[%s.split(" ").map((a) => r.getAttribute(a)).join(" "), [...r.querySelectorAll("td")].map((c) => c.innerText.trim())]))`, quoted(rows), quoted(attribute)))
}

// cell is the first line of a cell with a name, in a row that a selector finds.
func (p *tab) cell(t testing.TB, row, name string) string {
	t.Helper()
	text := p.text(t, row+` [data-name="`+name+`"]`)
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

func (d *dashboard) websdrs(t testing.TB) []wire.ListedWebSDR {
	t.Helper()
	list, err := d.client.WebSDRs(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func overviewIsTrue(t *testing.T, p *tab, d *dashboard, db *sql.DB) {
	p.open(t, "/")
	day := time.Now().Add(-24 * time.Hour)
	page, err := d.client.Acquisitions(t.Context(), heimdall.AcquisitionFilter{From: day, Limit: 1000}, "")
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]int64{}
	for _, a := range page.Acquisitions {
		states[string(a.State)]++
	}
	shown := evaluate[map[string]string](t, p, `Object.fromEntries([...document.querySelectorAll("dl.big > div")].map((e) =>
		[e.querySelector(".state")?.className.replace("state ", "") ?? "all", e.querySelector("dd").innerText]))`)
	for _, state := range []string{"success", "partial", "failed", "cancelled"} {
		counted(t, state+" of the last day", shown[state], states[state])
		counted(t, state+" of the last day", shown[state], ask(t, db, "SELECT count(*) FROM acquisitions WHERE state = ? AND created_at >= ?", state, day.UnixMicro()))
	}
	counted(t, "acquisitions of the last day", shown["all"], int64(len(page.Acquisitions)))
	p.shows(t, "main", fmt.Sprintf("%d of %d", ask(t, db, "SELECT count(*) FROM websdrs WHERE is_active"), ask(t, db, "SELECT count(*) FROM websdrs")))
}

func healthIsTrue(t *testing.T, p *tab, d *dashboard, db *sql.DB) {
	p.open(t, "/websdrs")
	for _, w := range d.websdrs(t) {
		row := fmt.Sprintf(`tr[data-websdr="%d"]`, w.WebSDRID)
		if shown := p.cell(t, row, "state"); !strings.Contains(shown, string(w.Health.State)) {
			t.Errorf("%s is shown as %q, the API says %s", w.Name, shown, w.Health.State)
		}
		same(t, w.Name+" latency", p.cell(t, row, "latency_ms"), w.Health.LatencyMS)
		same(t, w.Name+" uptime", p.cell(t, row, "uptime_24h_percent"), w.Health.Uptime24hPercent)
	}
	p.open(t, "/websdrs/4") // the busy one
	s, err := d.client.WebSDRStatus(t.Context(), 4, time.Time{}, time.Time{}, 100, "")
	if err != nil || len(s.Uptimes) != 3 {
		t.Fatalf("%d uptimes, %v", len(s.Uptimes), err)
	}
	same(t, "latency", p.cell(t, "main", "latency_ms"), s.Health.LatencyMS)
	for _, u := range s.Uptimes {
		row := fmt.Sprintf(`tr[data-hours="%v"]`, u.Hours)
		same(t, "uptime", p.cell(t, row, "uptime_percent"), u.UptimePercent)
		counted(t, "attempts", p.cell(t, row, "attempts"), u.Attempts)
		counted(t, "attempts, of the database", p.cell(t, row, "attempts"), ask(t, db, "SELECT count(*) FROM websdr_status WHERE websdr_id = 4 AND source = 'capture'"))
		same(t, "attempts that worked", p.cell(t, row, "available_percent"), u.AvailablePercent)
	}
	p.shows(t, "main", "busy")
	p.until(t, "a probe right after another is refused", `(() => {
		const probe = [...document.querySelectorAll("button")].find((b) => b.innerText === "Probe now" && !b.disabled);
		const refused = document.querySelector(".problem")?.innerText.includes("again");
		if (!refused) probe?.click();
		return refused;
	})()`)
	p.complaints(true)
}

func schedulesAreTrue(t *testing.T, p *tab, d *dashboard, db *sql.DB) {
	p.open(t, "/schedules")
	list, err := d.client.Schedules(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%d schedules, %v", len(list), err)
	}
	for _, s := range list {
		row := fmt.Sprintf(`tr[data-schedule="%d"]`, s.ScheduleID)
		counted(t, s.Name+" runs", p.cell(t, row, "runs_count"), s.RunsCount)
		counted(t, s.Name+" runs, of the database", p.cell(t, row, "runs_count"), ask(t, db, "SELECT count(*) FROM schedule_runs WHERE schedule_id = ? AND task_id IS NOT NULL", s.ScheduleID))
		if shown := p.cell(t, row, "next_start_at"); s.IsActive && !strings.HasPrefix(shown, s.NextStartAt.Truncate(time.Second).Format("2006-01-02 15:04:05 UTC")) {
			t.Errorf("%s runs next at %s, the page shows %q", s.Name, s.NextStartAt, shown)
		}
	}
	forecast, err := d.client.ForecastSchedules(t.Context(), 24*time.Hour, 100)
	if err != nil {
		t.Fatal(err)
	}
	counted(t, "runs of the next day", p.cell(t, "main", "forecast_count"), forecast.Count)

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
	same(t, "lateness", p.cell(t, row, "lateness"), new(a.WindowStart.Sub(page.Runs[0].StartAt).Seconds()))
	p.until(t, "the run leads to its acquisition", fmt.Sprintf(`document.querySelector(%s)?.getAttribute("href") === %s`, quoted(row+" a"), quoted("/acquisitions/"+a.TaskID)))
}

// goneReceiverIsShown has a receiver fail so often that its breaker opens.
func goneReceiverIsShown(t *testing.T, p *tab, d *dashboard) {
	w, err := d.client.CreateWebSDR(t.Context(), wire.WebSDRInput{
		Name: "gone", Kind: "kiwisdr", URL: "http://" + freeAddress(t), Latitude: 45, Longitude: 8, RetryCount: new(2),
		FrequencyMinHz: 144e6, FrequencyMaxHz: 146e6, FrequencyOffsetHz: 116e6,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.acquire(t, "of one that is gone", "failed", w.WebSDRID)
	p.open(t, "/websdrs")
	row := fmt.Sprintf(`tr[data-websdr="%d"]`, w.WebSDRID)
	p.shows(t, row, "down")
	p.shows(t, row, "not contacted")
	p.open(t, fmt.Sprintf("/websdrs/%d", w.WebSDRID))
	p.shows(t, "main", "Failures in a row")
	p.shows(t, "main", "Why it was not well")
	p.press(t, "Let attempts pass")
	p.shows(t, "main", "may pass")
	s, err := d.client.WebSDRStatus(t.Context(), w.WebSDRID, time.Time{}, time.Time{}, 100, "")
	if err != nil || s.Health.Breaker != heimdall.BreakerClosed {
		t.Errorf("its breaker is %s (%v)", s.Health.Breaker, err)
	}
	p.open(t, "/map")
	p.until(t, "its pin says so", `[...document.querySelectorAll(".pin.down")].some((e) => e.getAttribute("aria-label") === "gone, kiwisdr, down")`)
}
