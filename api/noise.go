package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func (s *service) noiseStatistics(ctx context.Context, in *stepsInput) (*huma.StreamResponse, error) {
	f, err := in.filter(s.Now())
	if err != nil {
		return nil, err
	}
	trend, err := s.Store.NoiseTrend(ctx, f, in.bucket(f))
	if err != nil {
		return nil, ofList(err)
	}
	body := wire.NoiseStatisticsOf(trend)
	return answerTable(in.Table, "noise", body, body.Points)
}
