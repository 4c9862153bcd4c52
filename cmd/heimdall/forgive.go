package main

import (
	"context"
	"fmt"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

type websdrForgiveCmd struct {
	ID   int64 `arg:"" help:"The websdr_id."`
	JSON bool  `help:"Print JSON."`
}

func (c *websdrForgiveCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		w, err := cl.ForgiveWebSDR(ctx, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, w)
		}
		fmt.Fprintf(a.stdout, "WebSDR %d (%s): nothing stands against contacting it\n", w.WebSDRID, w.Name)
		return nil
	})
}

// blockedUntil is until when a WebSDR is left alone, and as what.
func blockedUntil(w wire.WebSDR) string {
	if w.BlockedUntil == nil {
		return "-"
	}
	return stamp(*w.BlockedUntil) + " (" + w.BlockedClass + ")"
}
