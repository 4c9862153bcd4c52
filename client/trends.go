package client

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// NoiseStatistics returns how the noise density went. See SNRStatistics about bucket and range.
func (c *Client) NoiseStatistics(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (s wire.NoiseStatistics, err error) {
	err = c.get(ctx, "/api/v1/statistics/noise", questionQuery(f, b), &s)
	return s, err
}

// ClockStatistics returns what carriers tell of the clocks of WebSDRs; those of f are told of, all are compared. See
// SNRStatistics about bucket and range.
func (c *Client) ClockStatistics(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (s wire.ClockStatistics, err error) {
	err = c.get(ctx, "/api/v1/statistics/clocks", questionQuery(f, b), &s)
	return s, err
}
