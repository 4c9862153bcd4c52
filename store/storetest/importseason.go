package storetest

import (
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

// importSeason plays what the analytics tests play, and returns its rows as if they had been recorded elsewhere, years
// before and under other acquisitions.
func importSeason(t *testing.T, s Store) []heimdall.ImportedMeasurement {
	t.Helper()
	play(t, s, scenes)
	var rows []heimdall.ImportedMeasurement
	for _, own := range listed(t, s) {
		m := imported("copy of "+own.TaskID, own.WebSDRID, own.Timestamp.AddDate(-6, 0, 0))
		m.FrequencyHz, m.SNRdB, m.Detected, m.FrequencyOffsetHz, m.FrequencyMethod = own.FrequencyHz, own.SNRdB, own.Detected, own.FrequencyOffsetHz, own.FrequencyMethod
		m.NoiseDBFSHz, m.PowerDBFS = own.NoiseDBFSHz, own.PowerDBFS
		rows = append(rows, m)
	}
	return rows
}

func importCounts(t *testing.T, s Store) {
	rows := importSeason(t, s)
	importRows(t, s, rows[:7], 7, 0, 0)
	importRows(t, s, rows, len(rows)-7, 7, 0)
	list := allEnded(t, s)
	f := heimdall.AnalyticsFilter{From: list[0].moment, To: list[0].moment}
	for _, e := range list {
		if e.moment.Before(f.From) {
			f.From = e.moment
		}
		if e.moment.After(f.To) {
			f.To = e.moment
		}
	}
	f.To = f.To.Add(1)
	trend, err := s.SNRTrend(t.Context(), f, heimdall.Daily)
	ok(t, err)
	alike(t, "the trend", trend.Points, naiveTrend(chosen(list, f), heimdall.Daily))
	compareNoise(t, s, "imported", f, list, heimdall.Daily)
	f.Label = "imported"
	report, err := s.PerformanceReport(t.Context(), f)
	ok(t, err)
	if len(report.Labels) != 1 || report.Labels[0].Captures != int64(len(rows)) || report.Labels[0].Successes != int64(len(rows)) {
		t.Errorf("of %d rows imported the report knows %+v", len(rows), report.Labels)
	}
}

func importDryRun(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 1)
	there, unknown := imported("task 1", ids[0], importTime), imported("task 1", ids[0]+9, importTime)
	importRows(t, s, []heimdall.ImportedMeasurement{there}, 1, 0, 0)
	rows := []heimdall.ImportedMeasurement{there, unknown, imported("task 2", ids[0], importTime)}
	r, err := s.ImportMeasurements(t.Context(), rows, heimdall.ImportOptions{DryRun: true})
	ok(t, err)
	if r.Stored != 1 || r.Present != 1 || len(r.Refused) != 1 {
		t.Errorf("the dry run says %+v", r)
	}
	same(t, "the rows", listedRows(t, s, heimdall.MeasurementFilter{}), rowsOf(there))
	importRows(t, s, rows, 1, 1, 1)
}
