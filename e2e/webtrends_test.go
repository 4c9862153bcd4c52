package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

func trendsAreTrue(t *testing.T, p *tab, d *dashboard, db rows) {
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
		db.one(t, []any{&mean, &n}, query, point.WebSDRID, point.Start, point.Start.Add(time.Hour))
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
				same(t, at+" standard deviation of the offset", c[2], point.OffsetStdHz)
				counted(t, at+" measurements with a carrier", c[5], point.OffsetCount)
			}
		}
	}
	noiseIsTrue(t, p, d, db, f)
	for name, steps := range map[string]int64{"snr": total(snr.Points, func(p wire.SNRPoint) int64 { return p.SNRCount }), "offset": db.count(t,
		"SELECT count(frequency_offset_hz) FROM measurements WHERE frequency_method = 'carrier' AND websdr_id IN (1, 3) AND timestamp_utc >= ? AND timestamp_utc < ?", f.From, f.To)} {
		made, _, _ := strings.Cut(strings.TrimPrefix(p.text(t, `[data-chart="`+name+`"] .after .muted`), "Made of "), " ")
		counted(t, name+" is made of", made, steps)
	}
}

func total[T any](list []T, of func(T) int64) (n int64) {
	for _, one := range list {
		n += of(one)
	}
	return n
}

// noiseIsTrue compares the steps of the noise on an open page of trends, by the hour.
func noiseIsTrue(t *testing.T, p *tab, d *dashboard, db rows, f heimdall.AnalyticsFilter) {
	t.Helper()
	noise, err := d.client.NoiseStatistics(t.Context(), f, heimdall.Hourly)
	if err != nil {
		t.Fatal(err)
	}
	rows := p.cells(t, `[data-name="noise"]`, "data-websdr data-at")
	if len(rows) != len(noise.Points) || len(rows) < 100 {
		t.Fatalf("%d steps are shown, the API has %d", len(rows), len(noise.Points))
	}
	for _, point := range noise.Points {
		at := fmt.Sprintf("%d %s", point.WebSDRID, point.Start.Format(time.RFC3339))
		c := rows[at]
		if len(c) != 6 {
			t.Fatalf("step %s is shown as %q", at, c)
		}
		same(t, at+" mean noise", c[1], point.NoiseMeanDBFSHz)
		same(t, at+" standard deviation of the noise", c[2], point.NoiseStdDB)
		same(t, at+" least noise", c[3], point.NoiseMinDBFSHz)
		same(t, at+" greatest noise", c[4], point.NoiseMaxDBFSHz)
		counted(t, at+" measurements with noise", c[5], point.NoiseCount)
		var mean, low, high *float64
		var n int64
		const query = "SELECT AVG(noise_dbfs_hz), MIN(noise_dbfs_hz), MAX(noise_dbfs_hz), COUNT(noise_dbfs_hz) FROM measurements WHERE websdr_id = ? AND timestamp_utc >= ? AND timestamp_utc < ?"
		db.one(t, []any{&mean, &low, &high, &n}, query, point.WebSDRID, point.Start, point.Start.Add(time.Hour))
		same(t, at+" mean noise, of the database", c[1], mean)
		same(t, at+" least noise, of the database", c[3], low)
		same(t, at+" greatest noise, of the database", c[4], high)
		counted(t, at+" measurements with noise, of the database", c[5], n)
	}
}

// showNumbers opens the tables below all charts.
func (p *tab) showNumbers(t testing.TB) {
	t.Helper()
	p.until(t, "the charts are drawn", `document.querySelectorAll("figure.trend canvas").length === 3`)
	evaluate[bool](t, p, `([...document.querySelectorAll("figure.trend details")].forEach((e) => { e.open = true }), true)`)
	p.until(t, "the numbers are shown", `document.querySelectorAll("figure.trend details tbody").length === 3`)
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

func coverageIsTrue(t *testing.T, p *tab, d *dashboard, db rows) {
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
		scaled(t, "recorded", p.cell(t, row, "recorded_s"), w.RecordedS, lengths)
		for class, n := range w.Failures {
			if shown := p.cell(t, row, "failed"); !strings.Contains(shown, fmt.Sprintf("%d %s", n, class)) {
				t.Errorf("WebSDR %d failed %d times of class %s, the page shows %q", w.WebSDRID, n, class, shown)
			}
		}
		const measured = "FROM measurements WHERE websdr_id = ? AND timestamp_utc >= ? AND timestamp_utc < ?"
		if n := db.count(t, "SELECT count(*) "+measured, w.WebSDRID, f.From, f.To); n != w.Successes {
			t.Errorf("WebSDR %d: the API counts %d successes, the database %d measurements", w.WebSDRID, w.Successes, n)
		}
		var seconds *float64
		db.one(t, []any{&seconds}, "SELECT SUM(samples_count / sample_rate_hz) "+measured, w.WebSDRID, f.From, f.To)
		if seconds != nil {
			scaled(t, "recorded, of the database", p.cell(t, row, "recorded_s"), *seconds, lengths)
		}
	}
	daysAreTrue(t, p, d, db, f)
	occupancyIsTrue(t, p, d, db, f)
	driftIsTrue(t, p, d, f)
}

func daysAreTrue(t *testing.T, p *tab, d *dashboard, db rows, f heimdall.AnalyticsFilter) {
	t.Helper()
	covered, err := d.client.CoverageStatistics(t.Context(), f)
	if err != nil || len(covered.Days) == 0 {
		t.Fatalf("%d days, %v", len(covered.Days), err)
	}
	for _, day := range covered.Days {
		cell := p.text(t, fmt.Sprintf(`td[data-websdr="%d"][data-day="%s"]`, day.WebSDRID, day.Start.Format(time.DateOnly)))
		length, counts, _ := strings.Cut(strings.TrimSpace(cell), "\n")
		if want := fmt.Sprintf("%d of %d", day.Successes, day.Captures); strings.TrimSpace(counts) != want {
			t.Errorf("WebSDR %d on %s: the page shows %q, want %s", day.WebSDRID, day.Start, cell, want)
		}
		scaled(t, "recorded on a day", length, day.RecordedS, lengths)
		n := db.count(t, "SELECT count(*) FROM measurements WHERE websdr_id = ? AND timestamp_utc >= ? AND timestamp_utc < ?", day.WebSDRID, latest(day.Start, f.From), day.Start.AddDate(0, 0, 1))
		if n != day.Successes {
			t.Errorf("WebSDR %d on %s: the API counts %d successes, the database %d", day.WebSDRID, day.Start, day.Successes, n)
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func occupancyIsTrue(t *testing.T, p *tab, d *dashboard, db rows, f heimdall.AnalyticsFilter) {
	t.Helper()
	occupancy, err := d.client.OccupancyStatistics(t.Context(), f, "")
	if err != nil || len(occupancy.Channels) != 1 {
		t.Fatalf("%d channels, %v", len(occupancy.Channels), err)
	}
	c := occupancy.Channels[0]
	const row = `tr[data-frequency="145.5"]:not([data-websdr])`
	counted(t, "measurements of the channel", p.cell(t, row, "measurements"), c.Measurements)
	counted(t, "detections in the channel", p.cell(t, row, "detected"), c.Detected)
	same(t, "occupancy", p.cell(t, row, "occupied_share"), percent(c.OccupiedShare))
	same(t, "least occupancy", p.cell(t, row, "occupied_share_low"), percent(c.OccupiedLow))
	same(t, "greatest occupancy", p.cell(t, row, "occupied_share_high"), percent(c.OccupiedHigh))
	const measured = "SELECT count(*) FROM measurements WHERE frequency_hz = 145500000 AND timestamp_utc >= ? AND timestamp_utc < ?"
	counted(t, "measurements of the channel, of the database", p.cell(t, row, "measurements"), db.count(t, measured, f.From, f.To))
	counted(t, "detections in the channel, of the database", p.cell(t, row, "detected"), db.count(t, measured+" AND detected", f.From, f.To))
}

// driftIsTrue compares the table of drifts with two answers that must agree.
func driftIsTrue(t *testing.T, p *tab, d *dashboard, f heimdall.AnalyticsFilter) {
	t.Helper()
	clocks, err := d.client.ClockStatistics(t.Context(), f, "")
	if err != nil {
		t.Fatal(err)
	}
	drift, err := d.client.DriftStatistics(t.Context(), f, "")
	if err != nil || len(drift.Series) != len(clocks.Clocks) || len(drift.Series) < 4 {
		t.Fatalf("%d series and %d clocks, %v", len(drift.Series), len(clocks.Clocks), err)
	}
	for i, s := range drift.Series {
		c := clocks.Clocks[i]
		row := fmt.Sprintf(`tr[data-websdr="%d"][data-frequency="%v"]`, s.WebSDRID, s.FrequencyMHz)
		counted(t, "carriers", p.cell(t, row, "offset_count"), s.OffsetCount)
		same(t, "offset", p.cell(t, row, "offset_mean_hz"), s.OffsetMeanHz)
		same(t, "offset in ppm", p.cell(t, row, "offset_mean_ppm"), c.OffsetMeanPPM)
		slope := p.cell(t, row, "slope_hz_per_day")
		same(t, "slope", slope, s.SlopeHzPerDay)
		same(t, "slope, as of the clock", slope, c.SlopeHzPerDay)
		if _, sigma, _ := strings.Cut(slope, "\u00b1 "); s.SlopeSigmaHzPerDay != nil && *s.SlopeSigmaHzPerDay > 0 {
			same(t, "sigma of the slope", sigma, s.SlopeSigmaHzPerDay)
		}
	}
}

func percent(share *float64) *float64 {
	if share == nil {
		return nil
	}
	return new(100 * *share)
}

// busiestAreShown opens the trends of more receivers than one chart is for: of those that were never asked there is no line.
func busiestAreShown(t *testing.T, p *tab, d *dashboard) {
	for i := range 2 {
		w, err := d.client.CreateWebSDR(t.Context(), wire.WebSDRInput{Name: fmt.Sprint("idle ", i), Kind: "sim", URL: "sim:///", IsActive: new(false)})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := d.client.DeleteWebSDR(t.Context(), w.WebSDRID, ""); err != nil {
				t.Error(err)
			}
		}()
	}
	p.open(t, "/trends")
	p.showNumbers(t)
	to := d.since.Truncate(time.Hour).Add(time.Hour)
	all, err := d.client.WebSDRStatistics(t.Context(), heimdall.AnalyticsFilter{From: to.AddDate(0, 0, -7), To: to.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	measured := 0
	for _, w := range all.WebSDRs {
		if w.Successes > 0 {
			measured++
		}
	}
	p.shows(t, "main", fmt.Sprintf("%d of %d receivers, those with the most measurements", measured, len(d.websdrs(t))))
	lines := map[string]bool{}
	for at := range p.cells(t, `[data-name="noise"]`, "data-websdr data-at") {
		id, _, _ := strings.Cut(at, " ")
		lines[id] = true
	}
	if len(lines) != measured || measured < 5 {
		t.Errorf("the noise of %d receivers is shown, %d measured something", len(lines), measured)
	}
}
