package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// acquisitionsCmd looks at acquisitions.
type acquisitionsCmd struct {
	List    acquisitionsListCmd    `cmd:"" default:"withargs" help:"List acquisitions, newest first."`
	Show    acquisitionsShowCmd    `cmd:"" help:"Show one acquisition with its captures and measurements."`
	Cancel  acquisitionsCancelCmd  `cmd:"" help:"Cancel one that has not ended."`
	Hold    acquisitionsHoldCmd    `cmd:"" help:"Keep one from being deleted, whatever the rules say."`
	Release acquisitionsReleaseCmd `cmd:"" help:"Let one be deleted again."`
	Delete  acquisitionsDeleteCmd  `cmd:"" help:"Delete one that has ended, rows and recordings."`
}

type acquisitionsListCmd struct {
	State    []heimdall.State `placeholder:"STATE,..." help:"Only those in these states: pending, running, success, partial, failed, cancelled."`
	Origin   string           `placeholder:"ORIGIN" help:"Only those that share this turn in the queue: schedule/7, or hand for requests by hand."`
	Label    string           `placeholder:"TEXT" help:"Only those whose label has this text in it; A to Z match whatever their case."`
	Schedule []int64          `placeholder:"ID,..." help:"Only what these schedules asked for, also those that have been removed."`
	Limit    int              `short:"n" default:"20" help:"At most so many (${default})."`
	JSON     bool             `help:"Print JSON."`
}

func (c *acquisitionsListCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		f := heimdall.AcquisitionFilter{States: c.State, Label: c.Label, ScheduleIDs: c.Schedule, Limit: c.Limit}
		if c.Origin != "" {
			f.Origin = &c.Origin
		}
		page, err := cl.Acquisitions(ctx, f, "")
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, page.Acquisitions)
		}
		t := newTable(a.stdout, "TASK ID", "CREATED", "MHz", "SECONDS", "WEBSDRS", "STATE", "HELD BY", "LABEL")
		for _, q := range page.Acquisitions {
			t.row(q.TaskID, stamp(q.CreatedAt), fmt.Sprintf("%g", q.FrequencyMHz), fmt.Sprintf("%g", q.DurationSeconds),
				strconv.Itoa(q.CapturesTotal), string(q.State), heldBy(q), q.Label)
		}
		return t.end()
	})
}

func heldBy(q wire.Acquisition) string {
	if q.Hold == nil {
		return "-"
	}
	return q.Hold.By
}

type acquisitionsShowCmd struct {
	TaskID string `arg:"" help:"The acquisition's task id."`
	JSON   bool   `help:"Print JSON."`
}

func (c *acquisitionsShowCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		acq, err := cl.Acquisition(ctx, c.TaskID)
		if err != nil {
			return err
		}
		names, err := websdrNames(ctx, cl)
		if err != nil {
			return err
		}
		r, err := newReport(ctx, cl, acq, names)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, r)
		}
		return r.print(a)
	})
}

type acquisitionsCancelCmd struct {
	TaskID string `arg:"" help:"The acquisition's task id."`
	JSON   bool   `help:"Print JSON."`
}

func (c *acquisitionsCancelCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		acq, err := cl.CancelAcquisition(ctx, c.TaskID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, acq)
		}
		fmt.Fprintf(a.stdout, "acquisition %s: %s, cancellation requested\n", acq.TaskID, acq.State)
		return nil
	})
}
