package e2e_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func healthIsTrue(t *testing.T, p *tab, d *dashboard, db rows) {
	p.open(t, "/websdrs")
	for _, w := range d.websdrs(t) {
		row := fmt.Sprintf(`tr[data-websdr="%d"]`, w.WebSDRID)
		if shown := p.cell(t, row, "state"); !strings.Contains(shown, string(w.Health.State)) {
			t.Errorf("%s is shown as %q, the API says %s", w.Name, shown, w.Health.State)
		}
		same(t, w.Name+" latency", p.cell(t, row, "latency_ms"), w.Health.LatencyMS)
		same(t, w.Name+" uptime", p.cell(t, row, "uptime_24h_percent"), w.Health.Uptime24hPercent)
	}
	before := d.uptimes(t, 4)
	p.open(t, "/websdrs/4") // the busy one
	s, err := d.client.WebSDRStatus(t.Context(), 4, time.Time{}, time.Time{}, 100, "")
	if err != nil || len(s.Uptimes) != 3 {
		t.Fatalf("%d uptimes, %v", len(s.Uptimes), err)
	}
	same(t, "latency", p.cell(t, "main", "latency_ms"), s.Health.LatencyMS)
	for i, u := range s.Uptimes {
		row := fmt.Sprintf(`tr[data-hours="%v"]`, u.Hours)
		same(t, "uptime", p.cell(t, row, "uptime_percent"), u.UptimePercent)
		known := p.cell(t, row, "known_percent")
		if v, half := number(t, known); v < before[i].KnownPercent-half*(1+1e-9) || v > u.KnownPercent+half*(1+1e-9) { // it grows with time
			t.Errorf("known time: the page shows %q, the query gave %v before and %v after", known, before[i].KnownPercent, u.KnownPercent)
		}
		counted(t, "attempts", p.cell(t, row, "attempts"), u.Attempts)
		counted(t, "attempts, of the database", p.cell(t, row, "attempts"), db.count(t, "SELECT count(*) FROM websdr_status WHERE websdr_id = 4 AND source = 'capture'"))
		same(t, "attempts that worked", p.cell(t, row, "available_percent"), u.AvailablePercent)
	}
	p.shows(t, "main", "busy")
	p.historyIsTrue(t, d, db, 4)
	p.until(t, "a probe right after another is refused", `(() => {
		const probe = [...document.querySelectorAll("button")].find((b) => b.innerText === "Probe now" && !b.disabled);
		const refused = document.querySelector(".problem")?.innerText.includes("again");
		if (!refused) probe?.click();
		return refused;
	})()`)
	p.complaints(true)
}

// uptimes are those of a WebSDR until now.
func (d *dashboard) uptimes(t testing.TB, id int64) []wire.Uptime {
	t.Helper()
	s, err := d.client.WebSDRStatus(t.Context(), id, time.Time{}, time.Time{}, 1, "")
	if err != nil || len(s.Uptimes) != 3 {
		t.Fatalf("%d uptimes, %v", len(s.Uptimes), err)
	}
	return s.Uptimes
}

// historyIsTrue compares the strip and the reasons on the page of a WebSDR, of a day, with the API and the database.
func (p *tab) historyIsTrue(t *testing.T, d *dashboard, db rows, id int64) {
	t.Helper()
	p.until(t, "the strip is drawn", `document.querySelector(".strip span") !== null`)
	shown := evaluate[[][]string](t, p, `[...document.querySelectorAll(".strip span")].map((e) => [e.getAttribute("data-from"), e.title.split(": ")[1], e.className])`)
	from, err := time.Parse(time.RFC3339Nano, shown[0][0])
	if err != nil {
		t.Fatal(err)
	}
	h, err := d.client.WebSDRHistory(t.Context(), id, from, from.Add(24*time.Hour), 48)
	if err != nil || len(h.Parts) != len(shown) {
		t.Fatalf("%d parts are shown, the API has %d, %v", len(shown), len(h.Parts), err)
	}
	seen := int64(0)
	for i, part := range h.Parts {
		if want := fmt.Sprintf("%d up, %d down", part.Up, part.Down); shown[i][1] != want {
			t.Errorf("part %d of the history is shown as %q, the API says %s", i, shown[i][1], want)
		}
		const within = "SELECT count(*) FROM websdr_status WHERE websdr_id = ? AND at >= ? AND at < ? AND "
		up, down := db.count(t, within+"is_up", id, part.From, part.To), db.count(t, within+"NOT is_up", id, part.From, part.To)
		if up != part.Up || down != part.Down {
			t.Errorf("part %d of the history: the API says %d up and %d down, the database %d and %d", i, part.Up, part.Down, up, down)
		}
		class := map[[2]bool]string{{true, true}: "mixed", {true, false}: "up", {false, true}: "down", {false, false}: "none"}[[2]bool{up > 0, down > 0}]
		if shown[i][2] != class {
			t.Errorf("part %d of the history is shown as %s, want %s", i, shown[i][2], class)
		}
		seen += up + down
	}
	if seen == 0 {
		t.Error("the history says nothing")
	}
	for _, f := range h.Failures {
		times := p.cell(t, fmt.Sprintf(`tr[data-class="%s"]`, f.FailureClass), "times")
		counted(t, "times of "+string(f.FailureClass), times, f.Times)
		counted(t, "times of "+string(f.FailureClass)+", of the database", times,
			db.count(t, "SELECT count(*) FROM websdr_status WHERE websdr_id = ? AND at >= ? AND NOT ok AND failure_class = ?", id, from, string(f.FailureClass)))
	}
}

// clockIsTrue compares what a page says of a WebSDR's clock with the API, and with what follows from the rows.
func clockIsTrue(t *testing.T, p *tab, d *dashboard, db rows) {
	p.open(t, "/websdrs/1")
	to := time.Now().UTC().Truncate(time.Hour).Add(time.Hour)
	f := heimdall.AnalyticsFilter{From: to.AddDate(0, 0, -30), To: to, WebSDRIDs: []int64{1}}
	s, err := d.client.ClockStatistics(t.Context(), f, "")
	if err != nil || len(s.Clocks) != 1 {
		t.Fatalf("%d clocks, %v", len(s.Clocks), err)
	}
	c := s.Clocks[0]
	const row = `tr[data-frequency="145.5"]`
	counted(t, "carriers", p.cell(t, row, "offset_count"), c.OffsetCount)
	for name, want := range map[string]*float64{
		"offset_mean_ppm": c.OffsetMeanPPM, "offset_std_ppm": c.OffsetStdPPM, "others_median_ppm": c.OthersMedianPPM,
		"own_ppm": c.OwnPPM, "slope_ppm_per_day": c.SlopePPMPerDay,
	} {
		same(t, name, p.cell(t, row, name), want)
	}
	if _, sigma, _ := strings.Cut(p.cell(t, row, "own_ppm"), "\u00b1 "); sigma == "" {
		t.Error("its own share stands without its sigma")
	} else {
		same(t, "sigma of its own share", sigma, c.OwnSigmaPPM)
	}

	means := map[int64]float64{}
	for _, w := range d.websdrs(t) {
		var mean *float64
		db.one(t, []any{&mean}, `SELECT AVG(frequency_offset_hz) FROM measurements
			WHERE websdr_id = ? AND frequency_method = 'carrier' AND frequency_hz = 145500000 AND timestamp_utc >= ? AND timestamp_utc < ?`, w.WebSDRID, f.From, f.To)
		if mean != nil {
			means[w.WebSDRID] = *mean / 145.5
		}
	}
	var others []float64
	for id, mean := range means {
		if id != 1 {
			others = append(others, mean)
		}
	}
	slices.Sort(others)
	n := len(others)
	own := means[1] - (others[(n-1)/2]+others[n/2])/2
	if n < 3 || math.Abs(own-*c.OwnPPM) > 1e-9 {
		t.Errorf("of %d others, the rows make it %v ppm off, the API says %v", n, own, *c.OwnPPM)
	}
}

// goneReceiverIsShown has a receiver fail so often that its breaker opens.
func goneReceiverIsShown(t *testing.T, p *tab, d *dashboard, db rows) {
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
	p.historyIsTrue(t, d, db, w.WebSDRID)
	p.press(t, "Let attempts pass")
	p.shows(t, "main", "may pass")
	s, err := d.client.WebSDRStatus(t.Context(), w.WebSDRID, time.Time{}, time.Time{}, 100, "")
	if err != nil || s.Health.Breaker != heimdall.BreakerClosed {
		t.Errorf("its breaker is %s (%v)", s.Health.Breaker, err)
	}
	p.open(t, "/map")
	p.until(t, "its pin says so", `[...document.querySelectorAll(".pin.down")].some((e) => e.getAttribute("aria-label") === "gone, kiwisdr, down")`)
}
