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

type websdrHistoryCmd struct {
	ID    int64         `arg:"" help:"The websdr_id."`
	Since time.Duration `default:"24h" help:"Of the last so long (${default})."`
	Parts int           `default:"48" help:"In how many equal parts (${default})."`
	JSON  bool          `help:"Print JSON."`
}

func (c *websdrHistoryCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		now := time.Now()
		h, err := cl.WebSDRHistory(ctx, c.ID, now.Add(-c.Since), now, c.Parts)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, h)
		}
		return a.printHistory(h)
	})
}

// printHistory draws a character for each part, and lists why it was not well.
func (a *app) printHistory(h wire.WebSDRHistory) error {
	var strip strings.Builder
	for _, p := range h.Parts {
		strip.WriteRune(partMark(p))
	}
	fmt.Fprintf(a.stdout, "%s to %s\n%s\n█ up each time  ▄ up and down  ▁ down each time  · nothing learnt\n",
		h.From.Format(time.RFC3339), h.To.Format(time.RFC3339), strip.String())
	t := newTable(a.stdout, "CLASS", "TIMES", "LAST", "REASON THEN")
	for _, f := range h.Failures {
		t.row(string(f.FailureClass), strconv.FormatInt(f.Times, 10), f.LastAt.Format(time.RFC3339), f.LastReason)
	}
	return t.end()
}

func partMark(p wire.HistoryPart) rune {
	switch {
	case p.Up > 0 && p.Down > 0:
		return '▄'
	case p.Up > 0:
		return '█'
	case p.Down > 0:
		return '▁'
	}
	return '·'
}
