package api

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

type websdrHistoryInput struct {
	WebSDRPath
	From  time.Time `query:"from" doc:"At or after this time (RFC 3339); absent means 24 hours before to" example:"2026-03-01T00:00:00Z"`
	To    time.Time `query:"to" doc:"Before this time (RFC 3339); absent means now" example:"2026-03-02T00:00:00Z"`
	Parts int       `query:"parts" minimum:"1" maximum:"1000" doc:"How many equal parts; 48 when absent"`
}

type websdrHistoryOutput struct{ Body wire.WebSDRHistory }

const usualParts = 48 // half hours of a day

func (s *service) websdrHistory(ctx context.Context, in *websdrHistoryInput) (*websdrHistoryOutput, error) {
	f := heimdall.HistoryFilter{WebSDRID: in.ID, From: in.From, To: in.To, Parts: in.Parts}
	if f.To.IsZero() {
		f.To = s.Now()
	}
	if f.From.IsZero() {
		f.From = f.To.Add(-24 * time.Hour)
	}
	if f.Parts == 0 {
		f.Parts = usualParts
	}
	if _, err := s.Store.WebSDR(ctx, in.ID); err != nil {
		return nil, err
	}
	h, err := s.Store.History(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	return &websdrHistoryOutput{wire.WebSDRHistoryOf(in.ID, h)}, nil
}
