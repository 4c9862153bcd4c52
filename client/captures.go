package client

import (
	"context"
	"net/url"
	"strconv"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Captures returns one page, newest acquisition first, then by websdr_id. See Acquisitions about cursor.
func (c *Client) Captures(ctx context.Context, f heimdall.CaptureFilter, cursor string) (page wire.CapturePage, err error) {
	if f.AfterTaskID != "" || f.AfterWebSDRID != 0 {
		return page, errAfter
	}
	q := url.Values{}
	addText(q, "task_id", f.TaskID)
	if f.WebSDRID != 0 {
		q.Set("websdr_id", strconv.FormatInt(f.WebSDRID, 10))
	}
	addAll(q, "state", f.States)
	addText(q, "failure_class", string(f.FailureClass))
	addPlace(q, f.Near, f.FrequencyMinHz, f.FrequencyMaxHz, f.Text)
	addAll(q, "schedule_id", f.ScheduleIDs)
	addTime(q, "from", f.From)
	addTime(q, "to", f.To)
	addPage(q, f.Limit, cursor)
	err = c.get(ctx, "/api/v1/captures", q, &page)
	return page, err
}

// Capture returns one capture.
func (c *Client) Capture(ctx context.Context, taskID string, websdrID int64) (w wire.Capture, err error) {
	err = c.get(ctx, at("api", "v1", "captures", taskID, websdrID), nil, &w)
	return w, err
}
