package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// clockStatistics tells of the WebSDRs asked for, and compares them with all.
func (s *service) clockStatistics(ctx context.Context, in *stepsInput) (*huma.StreamResponse, error) {
	f, err := in.filter(s.Now())
	if err != nil {
		return nil, err
	}
	drift, err := s.Store.FrequencyDrift(ctx, f, in.bucket(f))
	if err != nil {
		return nil, ofList(err)
	}
	f.WebSDRIDs = nil
	everybody, err := s.Store.CarrierOffsets(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.ClockStatisticsOf(drift.Clocks(everybody))
	return answerTable(in.Table, "clocks", body, body.Clocks)
}
