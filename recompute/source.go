package recompute

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
)

// A source is what the rows say of a recording: everything but the samples that its metrics are made of. meter,
// end and placed give the meter what package acquire gave it on the day, bit for bit.
type source struct {
	acquisition heimdall.Acquisition
	recording   heimdall.Recording
	measurement heimdall.Measurement // with the metrics as they are
	zeroIF      bool
}

func (r *Recomputer) source(ctx context.Context, taskID string, websdrID int64) (*source, error) {
	a, captures, err := r.store.Acquisition(ctx, taskID)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(captures, func(c heimdall.Capture) bool { return c.WebSDRID == websdrID })
	if at < 0 {
		return nil, fmt.Errorf("capture of WebSDR %d in acquisition %s: %w", websdrID, taskID, heimdall.ErrNotFound)
	}
	if captures[at].Recording == nil {
		return nil, fmt.Errorf("%w: it is %s", ErrNoRecording, captures[at].State)
	}
	src := &source{acquisition: a, recording: *captures[at].Recording}
	if src.measurement, err = r.measurement(ctx, taskID, websdrID); err != nil {
		return nil, err
	}
	src.zeroIF, err = r.zeroIF(ctx, src, websdrID)
	return src, err
}

func (r *Recomputer) measurement(ctx context.Context, taskID string, websdrID int64) (heimdall.Measurement, error) {
	list, err := r.store.Measurements(ctx, heimdall.MeasurementFilter{TaskID: taskID, WebSDRIDs: []int64{websdrID}, Limit: 1})
	if err != nil {
		return heimdall.Measurement{}, err
	}
	if len(list) == 0 {
		return heimdall.Measurement{}, fmt.Errorf("measurement of WebSDR %d in acquisition %s: %w", websdrID, taskID, heimdall.ErrNotFound)
	}
	return list[0], nil
}

// zeroIF asks the recording. Those of version 0.1.0 do not know: there the old metrics may show it, and
// otherwise it is as with every receiver of its kind.
func (r *Recomputer) zeroIF(ctx context.Context, src *source, websdrID int64) (bool, error) {
	if known := src.recording.ZeroIF; known != nil {
		return *known, nil
	}
	if src.flagged(dsp.FlagDCExcluded) {
		return true, nil
	}
	w, err := r.store.WebSDR(ctx, websdrID)
	if err != nil && !errors.Is(err, heimdall.ErrNotFound) {
		return false, err
	}
	kind, _ := heimdall.KindNamed(w.Kind)
	return kind.ZeroIF, nil
}

func (s *source) flagged(flag string) bool { return slices.Contains(s.measurement.Flags, flag) }

// beside is how far the receiver was tuned beside the frequency asked for.
func (s *source) beside() float64 {
	return float64(s.recording.FrequencyHz - s.acquisition.FrequencyHz)
}

// meter is told what the meter was told when recording began.
func (s *source) meter() (*dsp.Meter, error) {
	a, rec := &s.acquisition, &s.recording
	format, err := iq.ParseFormat(rec.Datatype)
	if err != nil {
		return nil, err
	}
	planned := rec.PlannedSamples
	if planned == 0 {
		planned = rec.ExpectedSamples // the same unless the true rate was known differently then
	}
	return dsp.NewMeter(dsp.Config{
		Format: format, SampleRateHz: rec.NominalRateHz,
		ChannelCenterHz: a.ChannelCenterHz - s.beside(), ChannelBandwidthHz: a.ChannelBandwidthHz,
		PassbandLowHz: rec.PassbandLowHz, PassbandHighHz: rec.PassbandHighHz,
		ZeroIF: s.zeroIF, AGC: s.flagged(dsp.FlagAGCOn),
		ExpectedSamples: planned, RadioFrequencyHz: float64(rec.FrequencyHz), ClockSigmaPPM: s.clockSigmaPPM(),
	})
}

// clockSigmaPPM is the parts per million that gave this clock_sigma_hz. The WebSDR's row says what is known of
// its clock today, which is another question.
func (s *source) clockSigmaPPM() float64 {
	want, radioHz := s.measurement.ClockSigmaHz, float64(s.recording.FrequencyHz)
	if want == nil || !(radioHz > 0) {
		return 0
	}
	ppm := *want / (1e-6 * radioHz)
	// Division rounds: one of the nearest neighbours is the number whose product is exactly the one there is.
	const neighbours = 8
	p := ppm
	for range neighbours {
		p = math.Nextafter(p, 0)
	}
	for range 2*neighbours + 1 {
		if p*1e-6*radioHz == *want {
			return p
		}
		p = math.Nextafter(p, math.Inf(1))
	}
	return ppm
}

// end is what the meter was told at the end.
func (s *source) end() dsp.End {
	rec, m := &s.recording, &s.measurement
	e := dsp.End{
		SampleRateHz: rec.SampleRateHz, ExpectedSamples: rec.ExpectedSamples,
		Gaps: len(rec.Gaps), Overloads: rec.Overloads, RateFitBad: s.flagged(dsp.FlagRateFitBad),
	}
	for _, g := range rec.Gaps {
		e.GapSamples += g.Missing
	}
	if s.flagged(dsp.FlagTimestampOutlier) {
		e.TimestampOutliers = 1 // how many makes no difference
	}
	if m.CalibrationDB != nil {
		e.Calibration = &dsp.Calibration{DB: *m.CalibrationDB}
		if m.CalibrationSigmaDB != nil {
			e.Calibration.SigmaDB = *m.CalibrationSigmaDB
		}
		if m.CalibrationSource != nil {
			e.Calibration.Source = *m.CalibrationSource
		}
	}
	return e
}

// placed tells the edges of the occupied band relative to the frequency asked for, wherever the receiver was tuned.
func (s *source) placed(m heimdall.Metrics) heimdall.Metrics {
	for _, edge := range []*float64{m.OBWLowHz, m.OBWHighHz} {
		if edge != nil {
			*edge += s.beside()
		}
	}
	return m
}
