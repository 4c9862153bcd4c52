package client

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Measurements returns one page, newest first. See Acquisitions about cursor.
func (c *Client) Measurements(ctx context.Context, f heimdall.MeasurementFilter, cursor string) (page wire.MeasurementPage, err error) {
	q, err := measurementQuery(f, cursor)
	if err != nil {
		return page, err
	}
	err = c.get(ctx, "/api/v1/measurements", q, &page)
	return page, err
}

// EachMeasurement yields every measurement chosen, newest first, a page at a time; f.Limit bounds how many.
// An error ends it.
func (c *Client) EachMeasurement(ctx context.Context, f heimdall.MeasurementFilter) iter.Seq2[wire.Measurement, error] {
	return func(yield func(wire.Measurement, error) bool) {
		left, cursor := f.Limit, ""
		f.Limit = heimdall.MaxPage
		for {
			if left > 0 {
				f.Limit = min(left, heimdall.MaxPage)
			}
			page, err := c.Measurements(ctx, f, cursor)
			if err != nil {
				yield(wire.Measurement{}, err)
				return
			}
			for _, m := range page.Measurements {
				if !yield(m, nil) {
					return
				}
			}
			if left > 0 {
				if left -= len(page.Measurements); left <= 0 {
					return
				}
			}
			if page.NextCursor == nil {
				return
			}
			cursor = *page.NextCursor
		}
	}
}

// MeasurementsCSV streams every measurement chosen as CSV, header first; see MeasurementsAs.
func (c *Client) MeasurementsCSV(ctx context.Context, f heimdall.MeasurementFilter) (io.ReadCloser, error) {
	return c.MeasurementsAs(ctx, "csv", f)
}

// MeasurementsAs streams every measurement chosen in a format: csv, ndjson, parquet or arrow. The caller closes it. A
// Limit of 0 means all. A read error means that the rest is missing.
func (c *Client) MeasurementsAs(ctx context.Context, format string, f heimdall.MeasurementFilter) (io.ReadCloser, error) {
	q, err := measurementQuery(f, "")
	if err != nil {
		return nil, err
	}
	q.Set("format", format)
	resp, err := c.do(ctx, request{method: http.MethodGet, path: "/api/v1/measurements", query: q})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Recompute derives the metrics of a stored recording again, and replaces those of its measurement if they
// differ, unless it is a dry run. A *Problem of status 404 or 409 says why it cannot be done.
func (c *Client) Recompute(ctx context.Context, taskID string, websdrID int64, dryRun bool) (r wire.Recomputation, err error) {
	q := url.Values{}
	if dryRun {
		q.Set("dry_run", "true")
	}
	_, err = c.call(ctx, request{method: http.MethodPost, path: at("api", "v1", "recordings", taskID, websdrID, "recompute"), query: q}, nil, &r)
	return r, err
}

func measurementQuery(f heimdall.MeasurementFilter, cursor string) (url.Values, error) {
	if f.After != nil {
		return nil, errAfter
	}
	q := url.Values{}
	addText(q, "task_id", f.TaskID)
	addAll(q, "websdr_id", f.WebSDRIDs)
	addTime(q, "from", f.From)
	addTime(q, "to", f.To)
	addPlace(q, f.Near, f.FrequencyMinHz, f.FrequencyMaxHz, f.Text)
	addAll(q, "schedule_id", f.ScheduleIDs)
	if f.SNRMinDB != nil {
		addFloat(q, "snr_min_db", *f.SNRMinDB)
	}
	if f.SNRMaxDB != nil {
		addFloat(q, "snr_max_db", *f.SNRMaxDB)
	}
	if f.DetectedOnly {
		q.Set("detected", "true")
	}
	if f.UndetectedOnly {
		q.Add("detected", "false")
	}
	addAll(q, "frequency_method", f.FrequencyMethods)
	addAll(q, "flag", f.Flags)
	addAll(q, "flag_not", f.FlagsNot)
	addText(q, "algorithm_version_not", f.AlgorithmVersionNot)
	addPage(q, f.Limit, cursor)
	return q, nil
}
