package client

import (
	"context"
	"net/url"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// EstimateAcquisition says about how much an acquisition from these WebSDRs will hold, going by the last recording of each.
// 0 kHz is each receiver's own rate.
func (c *Client) EstimateAcquisition(ctx context.Context, websdrIDs []int64, durationSeconds, sampleRateKHz float64) (e wire.Estimate, err error) {
	q := url.Values{}
	addAll(q, "websdr_id", websdrIDs)
	addFloat(q, "duration_seconds", durationSeconds)
	if sampleRateKHz != 0 {
		addFloat(q, "sample_rate_khz", sampleRateKHz)
	}
	err = c.get(ctx, "/api/v1/acquisitions/estimate", q, &e)
	return e, err
}
