package main

import (
	"fmt"

	"github.com/heimdall-sdr/heimdall/rebuild"
)

// rebuildCmd makes a database from the objects. It may run beside a server.
type rebuildCmd struct {
	DryRun bool `help:"Only say what would be restored."`
	JSON   bool `help:"Print JSON."`
}

func (c *rebuildCmd) Run(a *app) error {
	s, blobs, err := a.openStores()
	if err != nil {
		return err
	}
	defer s.Close()
	defer blobs.Close()
	config := rebuild.Config{Store: s, Blobs: blobs, DryRun: c.DryRun}
	if isTerminal(a.stderr) {
		config.Progress = func(r rebuild.Report) {
			fmt.Fprintf(a.stderr, "\r%d acquisitions found, %d restored", r.Surveyed, r.Restored)
		}
		defer fmt.Fprintln(a.stderr)
	}
	report, err := rebuild.Run(a.ctx, config)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(a.stdout, report)
	} else {
		err = a.printRebuilt(report, c.DryRun)
	}
	if err == nil && report.Failed > 0 {
		err = &outcome{code: exitPartial}
	}
	return err
}

func (a *app) printRebuilt(r rebuild.Report, dryRun bool) error {
	what := "restored"
	if dryRun {
		what = "to be restored"
	}
	fmt.Fprintf(a.stdout, "%d acquisitions among %d objects: %d %s with %d recordings, %d there already, %d deleted on purpose, %d failed\n",
		r.Acquisitions, r.Objects, r.Restored, what, r.Recordings, r.Present, r.Deleted, r.Failed)
	fmt.Fprintf(a.stdout, "%d WebSDRs %s\n", r.WebSDRs, what)
	if r.FromMetadata > 0 {
		fmt.Fprintf(a.stdout, "%d acquisitions had no collection: of their captures that failed nothing is known\n", r.FromMetadata)
	}
	if r.Restored > 0 {
		fmt.Fprintln(a.stdout, "metrics are those of the day of each recording: heimdall recompute --all derives the newest again")
	}
	if len(r.Notes) == 0 {
		return nil
	}
	t := newTable(a.stdout, "ACQUISITION", "WEBSDR", "DETAIL")
	for _, n := range r.Notes {
		t.row(n.TaskID, fmt.Sprint(n.WebSDRID), n.Detail)
	}
	return t.end()
}
