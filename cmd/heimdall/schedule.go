package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// scheduleCmd keeps schedules.
type scheduleCmd struct {
	List     scheduleListCmd     `cmd:"" default:"withargs" help:"List schedules."`
	Show     scheduleShowCmd     `cmd:"" help:"Show one."`
	Add      scheduleAddCmd      `cmd:"" help:"Add one."`
	Preview  schedulePreviewCmd  `cmd:"" help:"Say when one would run, and store nothing: the arguments of add."`
	Set      scheduleSetCmd      `cmd:"" help:"Change some fields of one: heimdall schedule set 3 priority=2 label='grey line'."`
	Next     scheduleNextCmd     `cmd:"" help:"Say when one will run."`
	Forecast scheduleForecastCmd `cmd:"" help:"Say what all will do, and how loaded the receivers will be."`
	Runs     scheduleRunsCmd     `cmd:"" help:"List what became of the runs of one, newest first."`
	Pause    schedulePauseCmd    `cmd:"" help:"Let one run no more, until it is resumed."`
	Resume   scheduleResumeCmd   `cmd:"" help:"Let a paused one run again."`
	Run      scheduleRunCmd      `cmd:"" help:"Run one now, beside its runs by the clock."`
	Remove   scheduleRemoveCmd   `cmd:"" help:"Remove one; what it recorded stays."`
}

type scheduleListCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *scheduleListCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		list, err := cl.Schedules(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, list)
		}
		t := newTable(a.stdout, "ID", "NAME", "WHEN", "MHz", "SECONDS", "WEBSDRS", "ACTIVE", "NEXT START", "RUNS")
		for _, s := range list {
			next := "-"
			if s.NextStartAt != nil && s.IsActive {
				next = shortStamp(*s.NextStartAt)
			}
			t.row(strconv.FormatInt(s.ScheduleID, 10), s.Name, when(s), fmt.Sprintf("%g", s.FrequencyMHz), fmt.Sprintf("%g", s.DurationSeconds),
				askedOf(s), yesNo(s.IsActive), next, strconv.FormatInt(s.RunsCount, 10))
		}
		return t.end()
	})
}

func shortStamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// when says a recurrence in a few words.
func when(s wire.Schedule) string {
	r := s.Recurrence
	text := ""
	switch {
	case r.EverySeconds != nil:
		text = "every " + wire.Duration(*r.EverySeconds).String()
	case r.Sun != nil:
		text = string(*r.Sun)
		if r.OffsetSeconds != 0 {
			text += fmt.Sprintf("%+gs", r.OffsetSeconds)
		}
	case r.Cron != "":
		text = r.Cron
	default:
		lines := strings.Split(r.RRule, "\n")
		text = lines[len(lines)-1]
		for _, l := range lines {
			if strings.Contains(l, "FREQ=") {
				text = strings.TrimPrefix(l, "RRULE:")
			}
		}
	}
	if s.Zone != "" {
		text += " " + s.Zone
	}
	if len(s.Windows) > 0 {
		text += ", in windows"
	}
	return text
}

func askedOf(s wire.Schedule) string {
	if s.WebSDRs == nil {
		return "all"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(s.WebSDRs), " ", ","), "[]")
}

type scheduleShowCmd struct {
	ID   int64 `arg:"" help:"The schedule_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *scheduleShowCmd) Run(a *app) error {
	return a.showSchedule(c.JSON, func(ctx context.Context, cl *client.Client) (wire.Schedule, error) { return cl.Schedule(ctx, c.ID) })
}

// showSchedule prints the schedule that do gives.
func (a *app) showSchedule(asJSON bool, do func(context.Context, *client.Client) (wire.Schedule, error)) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		s, err := do(ctx, cl)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(a.stdout, s)
		}
		return a.printFields(s)
	})
}

type scheduleAddCmd struct {
	scheduleSpec
	Paused bool `help:"Do not run it yet."`
	JSON   bool `help:"Print JSON."`
}

func (c *scheduleAddCmd) Run(a *app) error {
	in, err := c.input()
	if err != nil {
		return err
	}
	in.IsActive = new(!c.Paused)
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		s, err := cl.CreateSchedule(ctx, in)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, s)
		}
		next := "it has no next run"
		if s.NextStartAt != nil {
			next = "its next run begins at " + shortStamp(*s.NextStartAt)
		}
		fmt.Fprintf(a.stdout, "schedule %d added: %s, %s\n", s.ScheduleID, s.Name, next)
		return nil
	})
}

type scheduleSetCmd struct {
	ID     int64    `arg:"" help:"The schedule_id."`
	Fields []string `arg:"" help:"name=value, by the JSON names that show prints; null empties a field, and recurrence takes JSON."`
	JSON   bool     `help:"Print JSON."`
}

func (c *scheduleSetCmd) Run(a *app) error {
	patch, err := patchOf(c.Fields)
	if err != nil {
		return err
	}
	return a.showSchedule(c.JSON, func(ctx context.Context, cl *client.Client) (wire.Schedule, error) {
		return cl.PatchSchedule(ctx, c.ID, patch, "")
	})
}

type schedulePauseCmd struct {
	ID   int64 `arg:"" help:"The schedule_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *schedulePauseCmd) Run(a *app) error {
	return a.showSchedule(c.JSON, func(ctx context.Context, cl *client.Client) (wire.Schedule, error) {
		return cl.PauseSchedule(ctx, c.ID)
	})
}

type scheduleResumeCmd struct {
	ID   int64 `arg:"" help:"The schedule_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *scheduleResumeCmd) Run(a *app) error {
	return a.showSchedule(c.JSON, func(ctx context.Context, cl *client.Client) (wire.Schedule, error) {
		return cl.ResumeSchedule(ctx, c.ID)
	})
}

type scheduleRemoveCmd struct {
	ID   int64 `arg:"" help:"The schedule_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *scheduleRemoveCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		if err := cl.DeleteSchedule(ctx, c.ID, ""); err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, map[string]int64{"deleted_schedule_id": c.ID})
		}
		fmt.Fprintf(a.stdout, "schedule %d removed\n", c.ID)
		return nil
	})
}
