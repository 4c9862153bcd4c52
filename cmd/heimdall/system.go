package main

import (
	"context"

	"github.com/heimdall-sdr/heimdall/client"
)

// systemCmd prints what the API says of the server.
type systemCmd struct {
	JSON bool `help:"Print JSON, as the API does."`
}

func (c *systemCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		s, err := cl.System(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, s)
		}
		return a.printFields(s)
	})
}
