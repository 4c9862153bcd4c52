package main

import (
	"context"
	"fmt"

	"github.com/heimdall-sdr/heimdall/client"
)

// workersCmd lists who runs acquisitions.
type workersCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *workersCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		list, err := cl.Workers(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, list)
		}
		t := newTable(a.stdout, "NAME", "HOST", "VERSION", "STARTED", "LAST SEEN", "MISSING", "RUNNING")
		for _, w := range list {
			t.row(w.Name, w.Host, w.Version, stamp(w.StartedAt), stamp(w.SeenAt), yesNo(w.Missing), fmt.Sprintf("%d of %d", w.Running, w.Slots))
		}
		return t.end()
	})
}
