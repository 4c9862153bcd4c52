package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

type schedulePreviewCmd struct {
	scheduleSpec
	Count int  `short:"n" default:"10" help:"How many runs (${default})."`
	JSON  bool `help:"Print JSON."`
}

func (c *schedulePreviewCmd) Run(a *app) error {
	in, err := c.input()
	if err != nil {
		return err
	}
	return a.showUpcoming(c.JSON, func(ctx context.Context, cl *client.Client) ([]wire.UpcomingRun, error) {
		return cl.PreviewSchedule(ctx, in, c.Count)
	})
}

type scheduleNextCmd struct {
	ID    int64 `arg:"" help:"The schedule_id."`
	Count int   `short:"n" default:"10" help:"How many runs (${default})."`
	JSON  bool  `help:"Print JSON."`
}

func (c *scheduleNextCmd) Run(a *app) error {
	return a.showUpcoming(c.JSON, func(ctx context.Context, cl *client.Client) ([]wire.UpcomingRun, error) {
		return cl.NextScheduleRuns(ctx, c.ID, c.Count)
	})
}

// showUpcoming prints the runs that ask gives.
func (a *app) showUpcoming(asJSON bool, ask func(context.Context, *client.Client) ([]wire.UpcomingRun, error)) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		runs, err := ask(ctx, cl)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(a.stdout, runs)
		}
		t := newTable(a.stdout, "DUE", "LOCAL TIME", "JITTER", "WINDOW", "LEFT OUT BEFORE")
		for _, u := range runs {
			t.row(shortStamp(u.DueAt), u.LocalTime, u.StartAt.Sub(u.DueAt).String(), text(u.Window), strconv.Itoa(u.LeftOut))
		}
		return t.end()
	})
}

type scheduleForecastCmd struct {
	Ahead time.Duration `default:"24h" help:"How far ahead, in whole hours (${default})."`
	Limit int           `short:"n" default:"20" help:"At most so many runs (${default})."`
	JSON  bool          `help:"Print JSON."`
}

func (c *scheduleForecastCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		f, err := cl.ForecastSchedules(ctx, c.Ahead, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, f)
		}
		fmt.Fprintf(a.stdout, "%d runs until %s\n\n", f.Count, shortStamp(f.To))
		t := newTable(a.stdout, "START", "SCHEDULE", "NAME")
		for _, u := range f.Runs {
			t.row(shortStamp(u.StartAt), strconv.FormatInt(u.ScheduleID, 10), u.Name)
		}
		if err := t.end(); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout)
		t = newTable(a.stdout, "HOST", "WEBSDRS", "RECORDINGS", "SECONDS A DAY", "OF THE DAY")
		for _, h := range f.Hosts {
			t.row(h.Host, strings.Trim(strings.ReplaceAll(fmt.Sprint(h.WebSDRs), " ", ","), "[]"), strconv.FormatInt(h.Runs, 10),
				fmt.Sprintf("%.0f", h.SecondsPerDay), fmt.Sprintf("%.1f %%", h.SecondsPerDay/864))
		}
		return t.end()
	})
}

type scheduleRunsCmd struct {
	ID      int64 `arg:"" help:"The schedule_id."`
	Skipped bool  `help:"Only those that made no acquisition."`
	Limit   int   `short:"n" default:"20" help:"At most so many (${default})."`
	JSON    bool  `help:"Print JSON."`
}

func (c *scheduleRunsCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		page, err := cl.ScheduleRuns(ctx, heimdall.ScheduleRunFilter{ScheduleID: c.ID, SkippedOnly: c.Skipped, Limit: c.Limit}, "")
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, page.Runs)
		}
		t := newTable(a.stdout, "DUE", "FIRED", "TASK ID", "SKIPPED", "COUNT", "BY HAND", "DETAIL")
		for _, r := range page.Runs {
			t.row(shortStamp(r.DueAt), shortStamp(r.FiredAt), text(r.TaskID), text(r.Skipped), strconv.FormatInt(r.Count, 10), yesNo(r.ByHand), r.Detail)
		}
		return t.end()
	})
}

type scheduleRunCmd struct {
	ID   int64 `arg:"" help:"The schedule_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *scheduleRunCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		run, err := cl.RunSchedule(ctx, c.ID)
		if err != nil {
			return err
		}
		switch {
		case c.JSON:
			err = printJSON(a.stdout, run)
		case run.TaskID != nil:
			fmt.Fprintln(a.stdout, *run.TaskID)
		default:
			fmt.Fprintf(a.stderr, "heimdall: schedule %d did not run: %s\n", c.ID, run.Detail)
		}
		if err == nil && run.TaskID == nil {
			return &outcome{code: exitFailed}
		}
		return err
	})
}
