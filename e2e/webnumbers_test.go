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

func trendsAreTrue(t *testing.T, p *tab, d *dashboard, db *sql.DB) {
	to := d.since.Truncate(time.Hour).Add(time.Hour)
	f := heimdall.AnalyticsFilter{From: to.Add(-4 * 24 * time.Hour), To: to, WebSDRIDs: []int64{1, 3}}
	p.open(t, fmt.Sprintf("/trends?websdr_id=1&websdr_id=3&step=1h&from=%s&to=%s", f.From.Format(minutes), f.To.Format(minutes)))
	p.showNumbers(t)
	snr, err := d.client.SNRStatistics(t.Context(), f, heimdall.Hourly)
	if err != nil {
		t.Fatal(err)
	}
	rows := p.cells(t, `[data-name="snr"]`, "data-websdr data-at")
	if len(rows) != len(snr.Points) || len(rows) < 100 {
		t.Fatalf("%d steps are shown, the API has %d", len(rows), len(snr.Points))
	}
	for _, point := range snr.Points {
		at := fmt.Sprintf("%d %s", point.WebSDRID, point.Start.Format(time.RFC3339))
		c := rows[at]
		if len(c) != 6 {
			t.Fatalf("step %s is shown as %q", at, c)
		}
		same(t, at+" mean", c[1], point.SNRMeanDB)
		same(t, at+" standard deviation", c[2], point.SNRStdDB)
		same(t, at+" least", c[3], point.SNRMinDB)
		same(t, at+" greatest", c[4], point.SNRMaxDB)
		counted(t, at+" measurements", c[5], point.SNRCount)
		var mean *float64
		var n int64
		const query = "SELECT AVG(snr_db), COUNT(snr_db) FROM measurements WHERE websdr_id = ? AND timestamp_utc >= ? AND timestamp_utc < ?"
		if err := db.QueryRowContext(t.Context(), query, point.WebSDRID, point.Start.UnixMicro(), point.Start.Add(time.Hour).UnixMicro()).Scan(&mean, &n); err != nil {
			t.Fatal(err)
		}
		same(t, at+" mean, of the database", c[1], mean)
		counted(t, at+" measurements, of the database", c[5], n)
	}
	drift, err := d.client.DriftStatistics(t.Context(), f, heimdall.Hourly)
	if err != nil {
		t.Fatal(err)
	}
	rows = p.cells(t, `[data-name="offset"]`, "data-websdr data-at")
	for _, s := range drift.Series {
		for _, point := range s.Points {
			at := fmt.Sprintf("%d %s", s.WebSDRID, point.Start.Format(time.RFC3339))
			if c := rows[at]; len(c) != 6 {
				t.Errorf("offset of %s is shown as %q", at, c)
			} else {
				same(t, at+" mean offset", c[1], point.OffsetMeanHz)
				counted(t, at+" measurements with a carrier", c[5], point.OffsetCount)
			}
		}
	}
}

// showNumbers opens the tables below all charts.
func (p *tab) showNumbers(t testing.TB) {
	t.Helper()
	p.until(t, "the charts are drawn", `document.querySelectorAll("figure.trend canvas").length === 3`)
	evaluate[bool](t, p, `([...document.querySelectorAll("figure details")].forEach((e) => { e.open = true }), true)`)
	p.until(t, "the numbers are shown", `document.querySelectorAll("figure details tbody").length === 3`)
}

func singleTrendsAreTrue(t *testing.T, p *tab, d *dashboard) {
	f := heimdall.MeasurementFilter{WebSDRIDs: []int64{1, 2, 3}, From: d.since, To: d.since.Add(3 * time.Minute), Limit: 1000}
	p.open(t, fmt.Sprintf("/trends?websdr_id=1&websdr_id=2&websdr_id=3&from=%s&to=%s", f.From.Format(minutes), f.To.Format(minutes)))
	p.showNumbers(t)
	page, err := d.client.Measurements(t.Context(), f, "")
	if err != nil || len(page.Measurements) < 6 {
		t.Fatalf("%d measurements, %v", len(page.Measurements), err)
	}
	snr, noise := p.cells(t, `[data-name="snr"]`, "data-websdr data-at"), p.cells(t, `[data-name="noise"]`, "data-websdr data-at")
	if len(snr) != len(page.Measurements) {
		t.Errorf("%d are shown, want %d", len(snr), len(page.Measurements))
	}
	for _, m := range page.Measurements {
		at := fmt.Sprintf("%d %s", m.WebSDRID, m.TimestampUTC.Format(time.RFC3339Nano))
		if len(snr[at]) != 2 || len(noise[at]) != 2 {
			t.Fatalf("%s is shown as %q and %q", at, snr[at], noise[at])
		}
		same(t, at+" SNR", snr[at][1], m.SNRdB)
		same(t, at+" noise", noise[at][1], m.NoiseDBFSHz)
	}
}

// brushZooms drags over the middle of a chart of a week.
func brushZooms(t *testing.T, p *tab, d *dashboard) {
	p.open(t, "/trends?websdr_id=1")
	p.until(t, "the charts are drawn", `document.querySelectorAll("figure.trend canvas").length === 3`)
	box := evaluate[[]float64](t, p, `((over) => {
		over.scrollIntoView({block: "center"});
		const box = over.getBoundingClientRect();
		return [box.left, box.top + box.height / 2, box.width];
	})(document.querySelector(".u-over"))`)
	p.drag(t, box[0]+.8*box[2], box[0]+.9*box[2], box[1])
	p.until(t, "the address holds the range", `new URLSearchParams(location.search).has("from") && new URLSearchParams(location.search).has("to")`)
	p.settle(t)
	width := evaluate[float64](t, p, `((q) => (Date.parse(q.get("to") + "Z") - Date.parse(q.get("from") + "Z")) / 3600000)(new URLSearchParams(location.search))`)
	if width < 15 || width > 19 { // a tenth of a week
		t.Errorf("a tenth of the chart became %v hours", width)
	}
	if id := evaluate[string](t, p, `new URLSearchParams(location.search).get("websdr_id")`); id != "1" {
		t.Errorf("the WebSDR chosen became %q", id)
	}
	evaluate[bool](t, p, `(history.back(), true)`)
	p.until(t, "the way back leaves it", `location.search === "?websdr_id=1"`)
	p.settle(t)
	p.press(t, "Reset")
	p.until(t, "all is as at first", `location.search === ""`)
	p.settle(t)
}

func coverageIsTrue(t *testing.T, p *tab, d *dashboard) {
	to := d.since.Truncate(time.Hour).Add(time.Hour)
	f := heimdall.AnalyticsFilter{From: to.Add(-7 * 24 * time.Hour), To: to}
	p.open(t, fmt.Sprintf("/trends/coverage?from=%s&to=%s", f.From.Format(minutes), f.To.Format(minutes)))
	fared, err := d.client.WebSDRStatistics(t.Context(), f)
	if err != nil || len(fared.WebSDRs) != 7 {
		t.Fatalf("%d WebSDRs, %v", len(fared.WebSDRs), err)
	}
	for _, w := range fared.WebSDRs {
		row := fmt.Sprintf(`tr[data-websdr="%d"]`, w.WebSDRID)
		counted(t, "captures", p.cell(t, row, "captures"), w.Captures)
		same(t, "share that worked", p.cell(t, row, "success_share"), percent(w.SuccessShare))
		same(t, "share detected", p.cell(t, row, "detected_share"), percent(w.DetectedShare))
		same(t, "mean SNR", p.cell(t, row, "snr_mean_db"), w.SNRMeanDB)
		same(t, "mean offset", p.cell(t, row, "offset_mean_hz"), w.OffsetMeanHz)
	}
	covered, err := d.client.CoverageStatistics(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range covered.Days {
		cell := p.text(t, fmt.Sprintf(`td[data-websdr="%d"][data-day="%s"]`, day.WebSDRID, day.Start.Format(time.DateOnly)))
		if want := fmt.Sprintf("%d of %d", day.Successes, day.Captures); !strings.HasSuffix(cell, want) {
			t.Errorf("WebSDR %d on %s: the page shows %q, want %s", day.WebSDRID, day.Start, cell, want)
		}
	}
	occupancy, err := d.client.OccupancyStatistics(t.Context(), f, "")
	if err != nil || len(occupancy.Channels) != 1 {
		t.Fatalf("%d channels, %v", len(occupancy.Channels), err)
	}
	c := occupancy.Channels[0]
	counted(t, "measurements of the channel", p.cell(t, `tr[data-frequency="145.5"]`, "measurements"), c.Measurements)
	same(t, "occupancy", p.cell(t, `tr[data-frequency="145.5"]`, "occupied_share"), percent(c.OccupiedShare))
}

func percent(share *float64) *float64 {
	if share == nil {
		return nil
	}
	return new(100 * *share)
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
