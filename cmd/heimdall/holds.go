package main

import (
	"context"
	"fmt"
	"os"
	"os/user"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

type acquisitionsHoldCmd struct {
	TaskID string `arg:"" help:"The acquisition's task id."`
	Reason string `required:"" placeholder:"TEXT" help:"Why it must be kept."`
	By     string `placeholder:"NAME" help:"Who you are; your user and machine if not said."`
}

func (c *acquisitionsHoldCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		if c.By == "" {
			c.By = userAtHost()
		}
		acq, err := cl.HoldAcquisition(ctx, c.TaskID, wire.HoldRequest{By: c.By, Reason: c.Reason})
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "acquisition %s: held by %s until somebody releases it\n", acq.TaskID, acq.Hold.By)
		return nil
	})
}

func userAtHost() string {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += "@" + host
	}
	return name
}

type acquisitionsReleaseCmd struct {
	TaskID string `arg:"" help:"The acquisition's task id."`
}

func (c *acquisitionsReleaseCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		acq, err := cl.ReleaseAcquisition(ctx, c.TaskID)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "acquisition %s: nobody holds it\n", acq.TaskID)
		return nil
	})
}

type acquisitionsDeleteCmd struct {
	TaskID string `arg:"" help:"The acquisition's task id."`
	Reason string `placeholder:"TEXT" help:"Why, for the journal of deletions."`
	JSON   bool   `help:"Print JSON."`
}

func (c *acquisitionsDeleteCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		d, err := cl.DeleteAcquisition(ctx, c.TaskID, c.Reason)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, d)
		}
		fmt.Fprintf(a.stdout, "acquisition %s: deleted, %d rows, %d objects, %d bytes\n", c.TaskID, d.Rows, d.Objects, d.Bytes)
		return nil
	})
}
