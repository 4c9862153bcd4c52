package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/check"
)

// checkCmd verifies a data folder, also while a server runs on it.
type checkCmd struct {
	Deep   bool          `help:"Read every recording and compare its hash, and every document."`
	Repair bool          `help:"Say what would be done about what is found; with --yes, do it."`
	Yes    bool          `help:"Do what --repair says."`
	Grace  time.Duration `help:"How old an object must be before --repair takes it for an orphan." default:"24h"`
	JSON   bool          `help:"Print JSON."`
}

// A checkResult is what check prints as JSON.
type checkResult struct {
	check.Report
	Actions []check.Action `json:"actions,omitempty"`
}

func (c *checkCmd) Run(a *app) error {
	if c.Yes && !c.Repair {
		return invalid("yes", errors.New("must come with --repair"))
	}
	if c.Grace < 0 {
		return invalid("grace", errors.New("must not be below 0"))
	}
	place := a.config.databasePlace()
	if err := existing(a.ctx, place, a.config.DataDir); err != nil {
		return err
	}
	s, blobs, err := a.openStores()
	if err != nil {
		return err
	}
	defer s.Close()
	defer blobs.Close()
	result := checkResult{}
	if result.Report, err = a.check(s, blobs, c.Deep); err != nil {
		return err
	}
	spool := filepath.Join(a.config.DataDir, "spool")
	waiting, err := check.Spool(a.ctx, s, spool)
	if err != nil {
		return err
	}
	result.Problems = append(result.Problems, waiting...)
	if c.Repair {
		result.Actions, err = check.Repair(a.ctx, check.RepairConfig{Store: s, Blobs: blobs, SpoolDir: spool,
			Grace: max(c.Grace, time.Nanosecond), Apply: c.Yes}, result.Report)
		if err != nil {
			return err
		}
	}
	if c.JSON {
		err = printJSON(a.stdout, result)
	} else {
		err = a.printCheck(result, c)
	}
	if err == nil && c.amiss(result) {
		err = &outcome{code: exitFailed}
	}
	return err
}

// amiss is whether something is left to be done.
func (c *checkCmd) amiss(r checkResult) bool {
	if !c.Yes {
		return len(r.Problems) > 0
	}
	for _, action := range r.Actions {
		if !action.Done {
			return true
		}
	}
	return false
}

// openStores opens the database and the objects, for commands that look after what is stored.
func (a *app) openStores() (database, blobStore, error) {
	objects, err := a.config.blobPlace()
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(a.config.DataDir); err == nil { // with another database and folder of objects it need not be there
		if err := (&folder{dir: a.config.DataDir}).checkLayout(); err != nil {
			return nil, nil, err
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	s, err := a.config.databasePlace().open(a.ctx, databaseOptions{log: a.logger(slog.LevelWarn)})
	if err != nil {
		return nil, nil, err
	}
	blobs, err := objects.open(a.ctx, blobOptions{existing: true, log: a.logger(slog.LevelWarn)})
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, blobs, nil
}

func (a *app) check(s database, blobs blob.Store, deep bool) (check.Report, error) {
	var progress func(check.Report)
	if isTerminal(a.stderr) {
		progress = func(r check.Report) { fmt.Fprintf(a.stderr, "\r%d recordings, %d MB", r.Recordings, r.Bytes/1e6) }
		defer fmt.Fprintln(a.stderr)
	}
	return check.Run(a.ctx, s, blobs, deep, progress)
}

func (a *app) printCheck(r checkResult, c *checkCmd) error {
	how := "names and sizes"
	if r.Deep {
		how = "names, sizes and hashes"
	}
	fmt.Fprintf(a.stdout, "%d recordings, %d objects, %d bytes of samples: compared %s\n", r.Recordings, r.Objects, r.Bytes, how)
	if r.Superseded > 0 {
		fmt.Fprintf(a.stdout, "%d objects are copies that another worker's have replaced: they go with their acquisition\n", r.Superseded)
	}
	if r.Lost > 0 {
		fmt.Fprintf(a.stdout, "%d recordings are known to be lost: their captures say how\n", r.Lost)
	}
	if r.Quarantined > 0 {
		fmt.Fprintf(a.stdout, "%d objects have been put aside under %s: look at them, then delete them yourself\n", r.Quarantined, check.QuarantinePrefix)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(a.stdout, "nothing amiss")
	} else {
		t := newTable(a.stdout, "PROBLEM", "ACQUISITION", "WEBSDR", "DETAIL")
		for _, p := range r.Problems {
			t.row(p.Kind, p.TaskID, fmt.Sprint(p.WebSDRID), p.Detail)
		}
		if err := t.end(); err != nil {
			return err
		}
		if !c.Repair {
			fmt.Fprintln(a.stdout, "\nheimdall check --repair says what can be done about it, and with --yes does so")
		}
	}
	return a.printActions(r, c)
}

func (a *app) printActions(r checkResult, c *checkCmd) error {
	if len(r.Actions) == 0 {
		return nil
	}
	fmt.Fprintln(a.stdout)
	t := newTable(a.stdout, "ACTION", "RESULT", "ACQUISITION", "DETAIL")
	for _, action := range r.Actions {
		result := "planned"
		switch {
		case action.Kind == check.Leave:
			result = "needs you"
		case action.Error != "":
			result = "failed: " + action.Error
		case action.Done:
			result = "done"
		}
		t.row(action.Kind, result, action.TaskID, action.Detail)
	}
	if err := t.end(); err != nil {
		return err
	}
	if !c.Yes {
		fmt.Fprintln(a.stdout, "\nnothing has been changed: heimdall check --repair --yes does it")
	}
	return nil
}
