package client_test

import (
	"io"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/client"
)

// askSpectrograms asks for those of a recording that is too short for any.
func (r *rig) askSpectrograms(taskID string, websdrID int64) {
	r.Helper()
	ctx := r.Context()
	_, err := r.Spectrogram(ctx, taskID, websdrID, time.Time{}, time.Time{}, 10, 10)
	r.refused(err, 409)
	_, err = r.PSD(ctx, taskID, websdrID, time.Time{}, time.Time{})
	r.refused(err, 409)
	_, err = r.SpectrogramPNG(ctx, taskID, websdrID, client.Picture{Width: 10, Height: 10, MinDBFS: new(-90.0), MaxDBFS: new(0.0), Palette: "gray"})
	r.refused(err, 409)
	_, err = r.SpectrogramTile(ctx, taskID, websdrID, 0, 0, 0, client.Picture{})
	r.refused(err, 409)
}

// askStatistics asks every statistic about the one measurement of a WebSDR, which has an SNR and no carrier.
func (r *rig) askStatistics(websdrID int64) {
	r.Helper()
	ctx, f := r.Context(), heimdall.AnalyticsFilter{WebSDRIDs: []int64{websdrID}, FrequencyMinHz: 145_500_000, FrequencyMaxHz: 145_500_000}
	latest, err := r.LatestStatistics(ctx, []int64{websdrID})
	r.must(err)
	if len(latest.Measurements) != 1 {
		r.Fatalf("%d measurements are the latest", len(latest.Measurements))
	}
	f.From = latest.Measurements[0].TimestampUTC
	f.To = f.From.AddDate(0, 0, 1)
	snr, err := r.SNRStatistics(ctx, f, heimdall.Daily)
	r.must(err)
	if snr.Bucket != "1d" || len(snr.Points) != 1 || snr.Points[0].SNRCount != 1 {
		r.Errorf("SNR is %+v", snr)
	}
	drift, err := r.DriftStatistics(ctx, f, "")
	r.must(err)
	occupied, err := r.OccupancyStatistics(ctx, f, heimdall.Hourly)
	r.must(err)
	if len(occupied.Channels) != 1 || occupied.Channels[0].Detected != 1 {
		r.Errorf("occupancy is %+v", occupied)
	}
	noise, err := r.NoiseStatistics(ctx, f, heimdall.Daily)
	r.must(err)
	if noise.Bucket != "1d" || len(noise.Points) != 1 || noise.Points[0].Measurements != 1 {
		r.Errorf("noise is %+v", noise)
	}
	clocks, err := r.ClockStatistics(ctx, f, "")
	r.must(err)
	if len(clocks.Clocks) != 0 {
		r.Errorf("without a carrier clocks are %+v", clocks)
	}
	estimate, err := r.EstimateAcquisition(ctx, []int64{websdrID}, 1, 12)
	r.must(err)
	if len(estimate.WebSDRs) != 1 || estimate.Known+estimate.Unknown != 1 {
		r.Errorf("the estimate is %+v", estimate)
	}
	fared, err := r.WebSDRStatistics(ctx, f)
	r.must(err)
	covered, err := r.CoverageStatistics(ctx, f)
	r.must(err)
	sessions, err := r.SessionStatistics(ctx, f)
	r.must(err)
	table, err := r.StatisticsAs(ctx, "snr", "csv", f, heimdall.Daily)
	r.must(err)
	text, err := io.ReadAll(table)
	r.must(err)
	r.must(table.Close())
	if !strings.HasPrefix(string(text), "start,websdr_id,") || strings.Count(string(text), "\n") != 2 {
		r.Errorf("CSV is %s", text)
	}
	if len(drift.Series) != 0 || len(fared.WebSDRs) != 1 || len(covered.Days) != 1 || sessions.Successes != 1 {
		r.Errorf("drift %+v, fared %+v, covered %+v, sessions %+v", drift, fared, covered, sessions)
	}
}
