package client

import (
	"context"
	"io"
	"net/url"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// SNRStatistics returns how the SNR went. "" as the bucket lets the server choose the steps; so does a zero From or To
// the range.
func (c *Client) SNRStatistics(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (s wire.SNRStatistics, err error) {
	err = c.get(ctx, "/api/v1/statistics/snr", questionQuery(f, b), &s)
	return s, err
}

// DriftStatistics returns how the frequencies of carriers went. See SNRStatistics about bucket and range.
func (c *Client) DriftStatistics(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (s wire.DriftStatistics, err error) {
	err = c.get(ctx, "/api/v1/statistics/frequency-drift", questionQuery(f, b), &s)
	return s, err
}

// WebSDRStatistics returns how captures fared.
func (c *Client) WebSDRStatistics(ctx context.Context, f heimdall.AnalyticsFilter) (s wire.WebSDRStatistics, err error) {
	err = c.get(ctx, "/api/v1/statistics/websdrs", questionQuery(f, ""), &s)
	return s, err
}

// CoverageStatistics returns how much of each day was recorded.
func (c *Client) CoverageStatistics(ctx context.Context, f heimdall.AnalyticsFilter) (s wire.CoverageStatistics, err error) {
	err = c.get(ctx, "/api/v1/statistics/coverage", questionQuery(f, ""), &s)
	return s, err
}

// SessionStatistics returns what was asked for and what came of it.
func (c *Client) SessionStatistics(ctx context.Context, f heimdall.AnalyticsFilter) (s wire.SessionStatistics, err error) {
	err = c.get(ctx, "/api/v1/statistics/sessions", questionQuery(f, ""), &s)
	return s, err
}

// OccupancyStatistics returns how often something was heard on each frequency. See SNRStatistics about bucket and range.
func (c *Client) OccupancyStatistics(ctx context.Context, f heimdall.AnalyticsFilter, b heimdall.Bucket) (s wire.OccupancyStatistics, err error) {
	err = c.get(ctx, "/api/v1/statistics/spectrum-occupancy", questionQuery(f, b), &s)
	return s, err
}

// LatestStatistics returns the newest measurement of each WebSDR of ids; nil means any.
func (c *Client) LatestStatistics(ctx context.Context, ids []int64) (s wire.LatestStatistics, err error) {
	q := url.Values{}
	addAll(q, "websdr_id", ids)
	err = c.get(ctx, "/api/v1/statistics/latest", q, &s)
	return s, err
}

// StatisticsAs streams the rows of the answer to a question in a format: csv, ndjson, parquet or arrow. question is the last
// part of the address, such as snr or coverage. The caller closes it. See SNRStatistics about bucket and range.
func (c *Client) StatisticsAs(ctx context.Context, question, format string, f heimdall.AnalyticsFilter, b heimdall.Bucket) (io.ReadCloser, error) {
	q := questionQuery(f, b)
	q.Set("format", format)
	return c.open(ctx, at("api", "v1", "statistics", question), q)
}

func questionQuery(f heimdall.AnalyticsFilter, b heimdall.Bucket) url.Values {
	q := url.Values{}
	addAll(q, "websdr_id", f.WebSDRIDs)
	addMHz(q, "frequency_min_mhz", f.FrequencyMinHz)
	addMHz(q, "frequency_max_mhz", f.FrequencyMaxHz)
	addText(q, "label", f.Label)
	addTime(q, "from", f.From)
	addTime(q, "to", f.To)
	if b != "" {
		addText(q, "bucket", wire.BucketName(b))
	}
	return q
}
