package api

import (
	"context"
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

type estimateInput struct {
	WebSDRIDs       []int64 `query:"websdr_id,explode" required:"true" nullable:"false" minItems:"1" maxItems:"1000" minimum:"1" doc:"The WebSDRs to record from; given once for each"`
	DurationSeconds float64 `query:"duration_seconds" required:"true" minimum:"0" maximum:"3600" doc:"Length of the common window, in seconds" example:"10"`
	SampleRateKHz   float64 `query:"sample_rate_khz" minimum:"0" maximum:"100000" doc:"Sample rate asked of every receiver, in kHz; absent means each receiver's own"`
}

type estimateOutput struct{ Body wire.Estimate }

// recentCaptures is how far back a recording is looked for: measurements that were imported are captures without one.
const recentCaptures = 20

func (s *service) estimateAcquisition(ctx context.Context, in *estimateInput) (*estimateOutput, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(in.WebSDRIDs)))
	out := wire.Estimate{WebSDRs: []wire.WebSDREstimate{}}
	d, rateHz := time.Duration(in.DurationSeconds*float64(time.Second)), int64(in.SampleRateKHz*1000+0.5)
	for _, id := range ids {
		w, err := s.Store.WebSDR(ctx, id)
		if err != nil {
			return nil, err
		}
		captures, err := s.Store.Captures(ctx, heimdall.CaptureFilter{WebSDRID: id, States: []heimdall.State{heimdall.Success}, Limit: recentCaptures})
		if err != nil {
			return nil, ofList(err)
		}
		one := wire.WebSDREstimate{WebSDRID: id}
		if n, known := heimdall.EstimateBytes(w, lastRecording(captures), d, rateHz); known {
			one.Bytes = &n
			out.Bytes += n
			out.Known++
		} else {
			out.Unknown++
		}
		out.WebSDRs = append(out.WebSDRs, one)
	}
	return &estimateOutput{out}, nil
}

// lastRecording is that of the newest capture that has one; nil without any.
func lastRecording(newestFirst []heimdall.Capture) *heimdall.Recording {
	for _, c := range newestFirst {
		if c.Recording != nil && c.Recording.SamplesCount > 0 {
			return c.Recording
		}
	}
	return nil
}
