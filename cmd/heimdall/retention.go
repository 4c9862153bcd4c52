package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// retentionCmd looks at what is deleted, and why.
type retentionCmd struct {
	Status  retentionStatusCmd  `cmd:"" default:"withargs" help:"Say what is deleted when, and how much there is."`
	Plan    retentionPlanCmd    `cmd:"" help:"Say exactly what would be deleted now; nothing is."`
	Run     retentionRunCmd     `cmd:"" help:"Delete now what the rules say, without waiting for the hour."`
	Journal retentionJournalCmd `cmd:"" help:"List what was deleted, when and why, newest first."`
}

// retentionSettings are for when there is no server to ask, whose own settings count.
type retentionSettings struct {
	RetentionConfig
	JSON bool `help:"Print JSON."`
}

type retentionStatusCmd struct{ retentionSettings }

func (c *retentionStatusCmd) Run(a *app) error {
	return a.connectStored(c.RetentionConfig, func(ctx context.Context, cl *client.Client) error {
		r, err := cl.Retention(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, r)
		}
		return a.printRetention(r)
	})
}

func (a *app) printRetention(r wire.Retention) error {
	t := newTable(a.stdout, "RULE", "SETTING", "NOW")
	t.row("age", orForEver(r.Rules.Days, "%g days"), "-")
	quiet := orForEver(r.Rules.DaysQuiet, "%g days")
	if r.Rules.DaysQuiet == nil {
		quiet = "-"
	} else if r.Rules.QuietSNRdB != nil {
		quiet += fmt.Sprintf(", below %g dB", *r.Rules.QuietSNRdB)
	}
	t.row("quiet", quiet, "-")
	t.row("quota", orNone(r.Rules.QuotaBytes), showBytes(r.RecordedBytes)+" recorded, "+showBytes(r.HeldBytes)+" of it held")
	t.row("free", orNone(r.Rules.FreeBytesAsked), orNone(r.FreeBytes)+" free")
	if err := t.end(); err != nil {
		return err
	}
	if r.PlannedBytes > 0 {
		fmt.Fprintf(a.stdout, "%s of recordings are about to go\n", showBytes(r.PlannedBytes))
	}
	if l := r.LastRun; l != nil {
		fmt.Fprintf(a.stdout, "last run at %s: %d acquisitions, %s deleted\n", stamp(l.BeganAt), l.Outcome.Acquisitions, showBytes(l.Outcome.Bytes))
		if l.Error != "" {
			fmt.Fprintf(a.stdout, "what it left undone: %s\n", l.Error)
		}
	}
	if r.NextRunAt != nil {
		fmt.Fprintf(a.stdout, "next run at %s\n", stamp(*r.NextRunAt))
	}
	return nil
}

func orForEver(v *float64, format string) string {
	if v == nil {
		return "for ever"
	}
	return fmt.Sprintf(format, *v)
}

func orNone(bytes *int64) string {
	if bytes == nil {
		return "-"
	}
	return showBytes(*bytes)
}

type retentionPlanCmd struct{ retentionSettings }

func (c *retentionPlanCmd) Run(a *app) error {
	return a.connectStored(c.RetentionConfig, func(ctx context.Context, cl *client.Client) error {
		o, err := cl.PlanRetention(ctx)
		if err != nil {
			return err
		}
		return a.printOutcome(o, c.JSON)
	})
}

type retentionRunCmd struct{ retentionSettings }

func (c *retentionRunCmd) Run(a *app) error {
	return a.connectStored(c.RetentionConfig, func(ctx context.Context, cl *client.Client) error {
		o, err := cl.RunRetention(ctx)
		if err != nil {
			return err
		}
		return a.printOutcome(o, c.JSON)
	})
}

func (a *app) printOutcome(o wire.RetentionOutcome, asJSON bool) error {
	if asJSON {
		return printJSON(a.stdout, o)
	}
	t := newTable(a.stdout, "RULE", "ACQUISITIONS", "ROWS", "OBJECTS", "BYTES", "OLDEST END", "NEWEST END")
	row := func(rule string, d wire.Deleted, oldest, newest *time.Time) {
		t.row(rule, strconv.FormatInt(d.Acquisitions, 10), strconv.FormatInt(d.Rows, 10), strconv.FormatInt(d.Objects, 10),
			strconv.FormatInt(d.Bytes, 10), stampOrDash(oldest), stampOrDash(newest))
	}
	for _, r := range o.Rules {
		row(r.Rule, r.Deleted, r.OldestEnd, r.NewestEnd)
	}
	row("all", o.Deleted, nil, nil)
	return t.end()
}

func stampOrDash(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return stamp(*t)
}

type retentionJournalCmd struct {
	Limit int  `short:"n" default:"100" help:"At most so many (${default})."`
	JSON  bool `help:"Print JSON."`
}

func (c *retentionJournalCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		list := []wire.Deletion{}
		for cursor := ""; len(list) < c.Limit; {
			page, err := cl.Deletions(ctx, min(c.Limit-len(list), heimdall.MaxPage), cursor)
			if err != nil {
				return err
			}
			list = append(list, page.Deletions...)
			if page.NextCursor == nil {
				break
			}
			cursor = *page.NextCursor
		}
		if c.JSON {
			return printJSON(a.stdout, list)
		}
		t := newTable(a.stdout, "DECIDED", "DONE", "TASK ID", "ROWS", "OBJECTS", "BYTES", "WHY")
		for _, d := range list {
			t.row(stamp(d.PlannedAt), stampOrDash(d.DoneAt), d.TaskID, strconv.FormatInt(d.Rows, 10), strconv.FormatInt(d.Objects, 10),
				strconv.FormatInt(d.Bytes, 10), d.Reason)
		}
		return t.end()
	})
}
