package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Schedules returns all schedules, in order of schedule_id.
func (c *Client) Schedules(ctx context.Context) ([]wire.Schedule, error) {
	var list wire.ScheduleList
	err := c.get(ctx, "/api/v1/schedules", nil, &list)
	return list.Schedules, err
}

// Schedule returns one schedule.
func (c *Client) Schedule(ctx context.Context, id int64) (s wire.Schedule, err error) {
	err = c.get(ctx, at("api", "v1", "schedules", id), nil, &s)
	return s, err
}

// CreateSchedule adds a schedule. It is a *Problem of status 409 when the name is taken.
func (c *Client) CreateSchedule(ctx context.Context, in wire.ScheduleInput) (s wire.Schedule, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: "/api/v1/schedules"}, in, &s)
	return s, err
}

// ReplaceSchedule replaces every field. With an ifMatch that is not empty (a schedule's ETag) it is a *Problem of
// status 412 when somebody has changed the schedule since.
func (c *Client) ReplaceSchedule(ctx context.Context, id int64, in wire.ScheduleInput, ifMatch string) (s wire.Schedule, err error) {
	r := request{method: http.MethodPut, path: at("api", "v1", "schedules", id), header: matching(ifMatch)}
	_, err = c.call(ctx, r, in, &s)
	return s, err
}

// PatchSchedule changes the fields that patch names, by JSON key (RFC 7396: nil resets one to its default). See
// ReplaceSchedule about ifMatch.
func (c *Client) PatchSchedule(ctx context.Context, id int64, patch map[string]any, ifMatch string) (s wire.Schedule, err error) {
	r := request{method: http.MethodPatch, path: at("api", "v1", "schedules", id), header: matching(ifMatch), contentType: "application/merge-patch+json"}
	_, err = c.call(ctx, r, patch, &s)
	return s, err
}

// DeleteSchedule removes a schedule; the acquisitions of its runs stay.
func (c *Client) DeleteSchedule(ctx context.Context, id int64, ifMatch string) error {
	r := request{method: http.MethodDelete, path: at("api", "v1", "schedules", id), header: matching(ifMatch)}
	_, err := c.call(ctx, r, nil, nil)
	return err
}

// PauseSchedule lets a schedule run no more, until ResumeSchedule.
func (c *Client) PauseSchedule(ctx context.Context, id int64) (s wire.Schedule, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: at("api", "v1", "schedules", id, "pause")}, nil, &s)
	return s, err
}

// ResumeSchedule lets a paused schedule run again.
func (c *Client) ResumeSchedule(ctx context.Context, id int64) (s wire.Schedule, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: at("api", "v1", "schedules", id, "resume")}, nil, &s)
	return s, err
}

// RunSchedule runs a schedule now.
func (c *Client) RunSchedule(ctx context.Context, id int64) (run wire.ScheduleRun, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: at("api", "v1", "schedules", id, "run")}, nil, &run)
	return run, err
}

// ScheduleRuns returns one page of a schedule's runs, newest first. See Acquisitions about cursor.
func (c *Client) ScheduleRuns(ctx context.Context, f heimdall.ScheduleRunFilter, cursor string) (page wire.ScheduleRunPage, err error) {
	if !f.AfterDueAt.IsZero() {
		return page, errAfter
	}
	q := url.Values{}
	addTime(q, "from", f.From)
	addTime(q, "to", f.To)
	if f.SkippedOnly {
		q.Set("skipped", "true")
	}
	addPage(q, f.Limit, cursor)
	err = c.get(ctx, at("api", "v1", "schedules", f.ScheduleID, "runs"), q, &page)
	return page, err
}

// NextScheduleRuns returns the next runs of a schedule; count 0 leaves their number to the server.
func (c *Client) NextScheduleRuns(ctx context.Context, id int64, count int) ([]wire.UpcomingRun, error) {
	var next wire.Upcoming
	err := c.get(ctx, at("api", "v1", "schedules", id, "next"), counted(count), &next)
	return next.Runs, err
}

// PreviewSchedule returns when a schedule would run. It stores nothing.
func (c *Client) PreviewSchedule(ctx context.Context, in wire.ScheduleInput, count int) ([]wire.UpcomingRun, error) {
	var next wire.Upcoming
	_, err := c.call(ctx, request{method: http.MethodPost, path: "/api/v1/schedules/preview", query: counted(count)}, in, &next)
	return next.Runs, err
}

func counted(n int) url.Values {
	q := url.Values{}
	if n != 0 {
		q.Set("count", strconv.Itoa(n))
	}
	return q
}

// ForecastSchedules returns what all schedules will do; ahead, in whole hours, and limit may be 0.
func (c *Client) ForecastSchedules(ctx context.Context, ahead time.Duration, limit int) (f wire.Forecast, err error) {
	q := url.Values{}
	if ahead != 0 {
		q.Set("hours", strconv.Itoa(int(ahead.Hours())))
	}
	addPage(q, limit, "")
	err = c.get(ctx, "/api/v1/schedules/forecast", q, &f)
	return f, err
}
