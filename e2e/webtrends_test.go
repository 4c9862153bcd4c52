package e2e_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

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
