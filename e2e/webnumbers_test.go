package e2e_test

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// TestEveryNumberShownIsOneThatAQueryGives reads numbers off the pages as a person does, and asks the API and the
// database the same.
func TestEveryNumberShownIsOneThatAQueryGives(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		p := openTab(t, "")
		d := seededDashboard(t, "--probe-interval", "0") // so that nothing changes between the page and the query
		pagesAreTrue(t, p, d, openRows(t, "sqlite", "file:"+filepath.Join(d.data, "heimdall.db")+"?mode=ro&_busy_timeout=10000"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		p := openTab(t, "")
		url := pgtest.Plain(t).Database(t)
		onPostgres(t, url)
		d := seededDashboard(t, "--probe-interval", "0")
		pagesAreTrue(t, p, d, openRows(t, "pgx", url))
	})
}

func pagesAreTrue(t *testing.T, p *tab, d *dashboard, db rows) {
	p.server = d.url
	for _, w := range d.websdrs(t) {
		if _, err := d.client.ProbeWebSDR(t.Context(), w.WebSDRID); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("overview", func(t *testing.T) { overviewIsTrue(t, p, d, db) })
	t.Run("trends by the hour", func(t *testing.T) { trendsAreTrue(t, p, d, db) })
	t.Run("trends of each measurement", func(t *testing.T) { singleTrendsAreTrue(t, p, d) })
	t.Run("a part of a chart is looked at more closely, and left again", func(t *testing.T) { brushZooms(t, p, d) })
	t.Run("of a large fleet, those that measured most are shown", func(t *testing.T) { busiestAreShown(t, p, d) })
	t.Run("how receivers fared, and coverage", func(t *testing.T) { coverageIsTrue(t, p, d, db) })
	t.Run("health of the WebSDRs", func(t *testing.T) { healthIsTrue(t, p, d, db) })
	t.Run("the clock of a WebSDR", func(t *testing.T) { clockIsTrue(t, p, d, db) })
	t.Run("a receiver that is gone, and is let through again", func(t *testing.T) { goneReceiverIsShown(t, p, d, db) })
	t.Run("emitters", func(t *testing.T) { emittersAreTrue(t, p, d, db) })
	t.Run("schedules", func(t *testing.T) { schedulesAreTrue(t, p, d, db) })
	t.Run("a new acquisition", func(t *testing.T) { estimateIsTrue(t, p, d, db) })
	t.Run("system", func(t *testing.T) { systemIsTrue(t, p, d, db) })
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

// scaled complains unless the page shows want in one of its units, by what one of them is.
func scaled(t testing.TB, what, shown string, want float64, units map[string]float64) {
	t.Helper()
	text, unit, _ := strings.Cut(shown, " ")
	size, known := units[unit]
	if !known {
		t.Errorf("%s: the page shows %q, in no unit", what, shown)
		return
	}
	if v, half := number(t, text); math.Abs(v*size-want) > half*size*(1+1e-9) {
		t.Errorf("%s: the page shows %q, the query gives %v", what, shown, want)
	}
}

var (
	sizes   = map[string]float64{"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
	lengths = map[string]float64{"\u00b5s": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600}
)

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

func overviewIsTrue(t *testing.T, p *tab, d *dashboard, db rows) {
	p.open(t, "/")
	day := time.Now().Add(-24 * time.Hour)
	sessions, err := d.client.SessionStatistics(t.Context(), heimdall.AnalyticsFilter{From: day})
	if err != nil {
		t.Fatal(err)
	}
	shown := evaluate[map[string]string](t, p, `Object.fromEntries([...document.querySelectorAll("dl.big > div")].map((e) =>
		[e.querySelector(".state")?.className.replace("state ", "") ?? "all", e.querySelector("dd").innerText]))`)
	for _, state := range []string{"success", "partial", "failed", "cancelled"} {
		counted(t, state+" of the last day", shown[state], sessions.AcquisitionsByState[state])
		counted(t, state+" of the last day, of the database", shown[state], db.count(t, "SELECT count(*) FROM acquisitions WHERE state = ? AND created_at >= ?", state, day))
	}
	counted(t, "acquisitions of the last day", shown["all"], sessions.Acquisitions)
	counted(t, "acquisitions of the last day, of the database", shown["all"], db.count(t, "SELECT count(*) FROM acquisitions WHERE created_at >= ?", day))
	failed := evaluate[int64](t, p, `[...document.querySelectorAll("section")].find((s) => s.innerText.startsWith("What failed")).querySelectorAll("tbody tr").length`)
	if want := db.count(t, "SELECT count(*) FROM captures WHERE state = 'failed' AND ended_at >= ?", day); failed != want || sessions.Failed != want {
		t.Errorf("%d failures are listed, the API counts %d, the database %d", failed, sessions.Failed, want)
	}

	active := db.count(t, "SELECT count(*) FROM websdrs WHERE is_active")
	if want := fmt.Sprintf("%d of %d", active, db.count(t, "SELECT count(*) FROM websdrs")); p.cell(t, "main", "active") != want {
		t.Errorf("%q are active, want %s", p.cell(t, "main", "active"), want)
	}
	for _, state := range []string{"up", "down", "unknown"} {
		n := db.count(t, "SELECT count(*) FROM websdr_health JOIN websdrs USING (websdr_id) WHERE is_active AND state = ?", state)
		counted(t, "receivers "+state, p.cell(t, "main", "receivers_"+state), n)
	}
	if kind := fmt.Sprintf("%d kiwisdr", db.count(t, "SELECT count(*) FROM websdrs WHERE kind = 'kiwisdr'")); !strings.Contains(p.cell(t, "main", "kinds"), kind) {
		t.Errorf("kinds are %q, want %s among them", p.cell(t, "main", "kinds"), kind)
	}
	storageIsTrue(t, p, d, db)
}

// storageIsTrue compares what two pages say of the room that is taken.
func storageIsTrue(t *testing.T, p *tab, d *dashboard, db rows) {
	t.Helper()
	retention, err := d.client.Retention(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	scaled(t, "recordings", p.cell(t, "main", "recorded_bytes"), float64(retention.RecordedBytes), sizes)
	scaled(t, "recordings, of the database", p.cell(t, "main", "recorded_bytes"), float64(db.count(t, "SELECT COALESCE(sum(bytes), 0) FROM captures")), sizes)
	system, err := d.client.System(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	about(t, "size of the database", p.cell(t, "main", "database_bytes"), float64(system.Database.Bytes))
	about(t, "free room", p.cell(t, "main", "free_bytes"), float64(*retention.FreeBytes))
}

// about is scaled of bytes that come and go while the page is read.
func about(t testing.TB, what, shown string, want float64) {
	t.Helper()
	text, unit, _ := strings.Cut(shown, " ")
	if v, _ := number(t, text); math.Abs(v*sizes[unit]-want) > 0.05*want {
		t.Errorf("%s: the page shows %q, the query gives %v", what, shown, want)
	}
}

func estimateIsTrue(t *testing.T, p *tab, d *dashboard, db rows) {
	p.open(t, "/acquisitions/new?frequency_mhz=145.5&websdr_id=1&websdr_id=3&websdr_id=4") // the last is busy, and has recorded nothing
	p.fill(t, "Duration (s)", "12.5")
	p.fill(t, "Sample rate (kHz)", "48")
	estimate, err := d.client.EstimateAcquisition(t.Context(), []int64{1, 3, 4}, 12.5, 48)
	if err != nil || estimate.Known != 2 || estimate.Unknown != 1 {
		t.Fatalf("the estimate is %+v, %v", estimate, err)
	}
	p.until(t, "what was typed last is asked about", `performance.getEntriesByType("resource").some((e) =>
		["/estimate?", "duration_seconds=12.5", "sample_rate_khz=48"].every((part) => e.name.includes(part)))`)
	p.shows(t, `[data-name="estimate"]`, "1 more receiver will add is not known")
	shown := func() string {
		text, _, _ := strings.Cut(strings.TrimPrefix(p.cell(t, "main", "estimate"), "About "), " will be stored")
		return text
	}
	scaled(t, "estimate", shown(), float64(estimate.Bytes), sizes)
	var want float64
	for _, id := range []int64{1, 3} {
		var perSample float64
		db.one(t, []any{&perSample}, "SELECT 1.0 * bytes / samples_count FROM captures WHERE websdr_id = ? AND bytes IS NOT NULL ORDER BY task_id DESC LIMIT 1", id)
		want += perSample * 48_000 * 12.5
	}
	scaled(t, "estimate, of the database", shown(), want, sizes)
}

func systemIsTrue(t *testing.T, p *tab, d *dashboard, db rows) {
	gone := d.acquire(t, "to be deleted", "success", 3)
	if _, err := d.client.DeleteAcquisition(t.Context(), gone, "by the test"); err != nil {
		t.Fatal(err)
	}
	p.open(t, "/system")
	system, err := d.client.System(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	retention, err := d.client.Retention(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int64{
		"schema_version": system.Database.SchemaVersion, "pending": system.Queue.Pending, "running": system.Queue.Running,
	} {
		counted(t, name, p.cell(t, "main", name), want)
	}
	for _, state := range []string{"pending", "running"} {
		counted(t, state+", of the database", p.cell(t, "main", state), db.count(t, "SELECT count(*) FROM acquisitions WHERE state = ?", state))
	}
	if shown := p.cell(t, "main", "algorithm_version"); shown != system.AlgorithmVersion {
		t.Errorf("the algorithms are of version %s, the page shows %q", system.AlgorithmVersion, shown)
	}
	scaled(t, "held", p.cell(t, "main", "held_bytes"), float64(retention.HeldBytes), sizes)
	scaled(t, "being deleted", p.cell(t, "main", "planned_bytes"), float64(retention.PlannedBytes), sizes)
	same(t, "days that are kept", p.cell(t, "main", "days"), retention.Rules.Days)
	storageIsTrue(t, p, d, db)

	journal, err := d.client.Deletions(t.Context(), 20, "")
	if err != nil || len(journal.Deletions) == 0 {
		t.Fatalf("%d deletions, %v", len(journal.Deletions), err)
	}
	for _, deletion := range journal.Deletions {
		row := fmt.Sprintf(`tr[data-task="%s"]`, deletion.TaskID)
		counted(t, "objects deleted", p.cell(t, row, "objects"), deletion.Objects)
		scaled(t, "bytes deleted", p.cell(t, row, "bytes"), float64(deletion.Bytes), sizes)
		counted(t, "objects deleted, of the database", p.cell(t, row, "objects"), db.count(t, "SELECT objects FROM deletions WHERE task_id = ?", deletion.TaskID))
	}
}
