package acquire

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// An ending is what is known of a recording once its last sample is in the spool.
type ending struct {
	beginning
	clock   stamp.Clock // of the recording
	trailer websdr.Trailer
	sum     blob.Sum
	reason  string // what it lacks
}

func (e *ending) expectedSamples() int64 {
	return int64(math.Round(e.Duration.Seconds() * e.clock.RateHz))
}

// seal works out the numbers and makes the spool entry final.
func (k *capture) seal(ctx context.Context, entry *spoolEntry, meter *dsp.Meter, e ending) (*sealed, error) {
	rec := k.recording(&e)
	metrics, err := k.a.measure(ctx, entry, meter, e.Meter, k.end(&rec, &e))
	if err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	// The edges are told relative to the frequency asked for, wherever the receiver was tuned.
	for _, edge := range []*float64{metrics.OBWLowHz, metrics.OBWHighHz} {
		if edge != nil {
			*edge += float64(rec.FrequencyHz - k.job.Acquisition.FrequencyHz)
		}
	}
	c := k.show(func(c *heimdall.Capture) {
		c.Phase, c.BytesReceived, c.Reason = heimdall.PhaseStoring, rec.Bytes, e.reason
	})
	c.State, c.Phase, c.EndedAt, c.Recording = heimdall.Success, heimdall.PhaseDone, k.a.Now(), &rec
	c.FailureClass, c.NextAttemptAt = "", time.Time{}
	s := sealed{Acquisition: k.job.Acquisition, Capture: c, Sum: e.sum, Measurement: heimdall.Measurement{
		TaskID: c.TaskID, WebSDRID: c.WebSDRID, Timestamp: rec.Start, FrequencyHz: k.job.Acquisition.FrequencyHz,
		SampleRateHz: rec.SampleRateHz, SamplesCount: rec.SamplesCount, S3Path: rec.S3Path,
		TimeQuality: rec.TimeQuality, TimeUncertaintyS: rec.TimeUncertaintyS,
		Metrics: heimdall.Metrics(metrics),
	}}
	if k.w != nil {
		s.WebSDR = *k.w
		s.WebSDR.Password = ""
	}
	if err := entry.seal(s); err != nil {
		return nil, err
	}
	return &s, nil
}

// measure ends the measuring, a few at a time: hundreds of recordings may end at the same moment, and each would take
// megabytes to be measured as slowly as all others. A short one is only measured now (meter is nil), from what the spool
// holds: a meter would have kept all of it in memory until here. One that still waits when ctx ends is left to who goes on
// from the spool.
func (a *Acquirer) measure(ctx context.Context, entry *spoolEntry, meter *dsp.Meter, c dsp.Config, end dsp.End) (metrics dsp.Metrics, err error) {
	select {
	case a.measuring <- struct{}{}:
	case <-ctx.Done():
		return metrics, context.Cause(ctx)
	}
	defer func() { <-a.measuring }()
	if meter == nil {
		if meter, err = entry.playBack(c); err != nil {
			return metrics, err
		}
	}
	return meter.Finish(end)
}

// recording describes what the spool holds.
func (k *capture) recording(e *ending) heimdall.Recording {
	rec := e.Recording
	rec.S3Path = dataKey(k.job.TaskID, k.c.WebSDRID, 1)
	rec.SampleRateHz = e.clock.RateHz
	rec.Bytes, rec.SHA256 = e.sum.Bytes, e.sum.SHA256
	rec.SamplesCount = rec.Bytes / int64(e.Meter.Format.Size())
	rec.ExpectedSamples = e.expectedSamples()
	rec.Start = e.clock.Start
	rec.StartSkew = rec.Start.Sub(e.Window)
	rec.TimeQuality, rec.TimeUncertaintyS = e.clock.Quality, e.clock.StartSigmaS
	rec.TimeResidualS, rec.GPSAgeMaxS = e.clock.ResidualRMSS, e.clock.GPSAgeMaxS
	for _, g := range e.clock.Gaps {
		if g.Sample < rec.SamplesCount {
			rec.Gaps = append(rec.Gaps, g)
		}
	}
	rec.Overloads, rec.SMeterDBM = e.trailer.Overloads, e.trailer.SMeterDBM
	rec.ZeroIF, rec.PlannedSamples = &e.Meter.ZeroIF, e.Meter.ExpectedSamples
	return rec
}

// end tells the meter what is only known at the end.
func (k *capture) end(rec *heimdall.Recording, e *ending) dsp.End {
	end := dsp.End{
		SampleRateHz: rec.SampleRateHz, ExpectedSamples: rec.ExpectedSamples,
		Gaps: len(rec.Gaps), Overloads: rec.Overloads, TimestampOutliers: e.clock.Outliers,
	}
	for _, g := range rec.Gaps {
		end.GapSamples += g.Missing
	}
	switch {
	case e.Meter.AGC: // gain moves by itself: no calibration holds
	case e.trailer.CalibrationDB != nil:
		end.Calibration = &dsp.Calibration{DB: *e.trailer.CalibrationDB, SigmaDB: orZero(e.trailer.CalibrationSigmaDB), Source: "s_meter"}
	case k.w != nil && k.w.CalibrationDB != nil:
		end.Calibration = &dsp.Calibration{DB: *k.w.CalibrationDB, SigmaDB: orZero(k.w.CalibrationSigma), Source: "table"}
	}
	return end
}

func orZero(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}
