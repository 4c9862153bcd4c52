package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/heimdall-sdr/heimdall/check"
)

// checkCmd verifies a data folder, also while a server runs on it.
type checkCmd struct {
	Deep bool `help:"Read every recording and compare its hash."`
	JSON bool `help:"Print JSON."`
}

func (c *checkCmd) Run(a *app) error {
	place := a.config.databasePlace()
	objects, err := a.config.blobPlace()
	if err != nil {
		return err
	}
	if err := existing(a.ctx, place, a.config.DataDir); err != nil {
		return err
	}
	if _, err := os.Stat(a.config.DataDir); err == nil { // with another database and folder of objects it need not be there
		if err := (&folder{dir: a.config.DataDir}).checkLayout(); err != nil {
			return err
		}
	}
	s, err := place.open(a.ctx, databaseOptions{log: a.logger(slog.LevelWarn)})
	if err != nil {
		return err
	}
	defer s.Close()
	blobs, err := objects.open(a.ctx, blobOptions{existing: true, log: a.logger(slog.LevelWarn)})
	if err != nil {
		return err
	}
	defer blobs.Close()
	var progress func(check.Report)
	if isTerminal(a.stderr) {
		progress = func(r check.Report) { fmt.Fprintf(a.stderr, "\r%d recordings, %d MB", r.Recordings, r.Bytes/1e6) }
		defer fmt.Fprintln(a.stderr)
	}
	report, err := check.Run(a.ctx, s, blobs, c.Deep, progress)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(a.stdout, report)
	} else {
		err = a.printCheck(report)
	}
	if err == nil && len(report.Problems) > 0 {
		err = &outcome{code: exitFailed}
	}
	return err
}

func (a *app) printCheck(r check.Report) error {
	how := "names and sizes"
	if r.Deep {
		how = "names, sizes and hashes"
	}
	fmt.Fprintf(a.stdout, "%d recordings, %d objects, %d bytes of samples: compared %s\n", r.Recordings, r.Objects, r.Bytes, how)
	if r.Superseded > 0 {
		fmt.Fprintf(a.stdout, "%d objects are copies that another worker's have replaced: they go with their acquisition\n", r.Superseded)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(a.stdout, "nothing amiss")
		return nil
	}
	t := newTable(a.stdout, "PROBLEM", "ACQUISITION", "WEBSDR", "DETAIL")
	for _, p := range r.Problems {
		t.row(p.Kind, p.TaskID, fmt.Sprint(p.WebSDRID), p.Detail)
	}
	return t.end()
}
