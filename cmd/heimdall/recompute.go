package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// recomputeCmd brings the metrics of stored recordings up to the present definitions.
type recomputeCmd struct {
	measurementFilter
	All    bool `help:"Also those that are of the present version; without it, a run that was interrupted goes on where it stopped."`
	DryRun bool `help:"Change nothing, and print what would differ."`
	JSON   bool `help:"Print JSON: what differed or failed, and how many of each."`
}

// recomputeAtOnce is how many recordings one command has at work: it leaves a server room for acquisitions.
const recomputeAtOnce = 2

func (c *recomputeCmd) Run(a *app) error {
	show := newRecomputeProgress(a.stderr)
	defer show.end()
	logged := *a
	// What a row held before stands in the log alone. Where the log is ours, it is written.
	config := *a.config
	config.Verbose = true
	logged.config, logged.stderr = &config, show
	return logged.connect(false, func(ctx context.Context, cl *client.Client) error {
		index, err := cl.Index(ctx)
		if err != nil {
			return err
		}
		r := &recomputation{
			client: cl, version: index.AlgorithmVersion, dryRun: c.DryRun, show: show,
			results: &resultText{w: a.stdout, dryRun: c.DryRun}, counts: map[versions]*recomputeCounts{},
		}
		if isTerminal(a.stdout) && show.progress != nil {
			r.results = &resultText{w: show, dryRun: c.DryRun}
		}
		if c.JSON {
			r.results = &resultJSON{w: a.stdout}
		}
		f, err := c.filter()
		if err != nil {
			return err
		}
		if !c.All {
			f.AlgorithmVersionNot = r.version
		}
		err = r.run(ctx, f)
		show.end()
		return errors.Join(r.finish(c, a.stdout), err, r.outcome(err))
	})
}

// A recomputation is one run of the command.
type recomputation struct {
	client  *client.Client
	version string // what the server measures by
	dryRun  bool
	show    *recomputeProgress

	mu      sync.Mutex // guards the rest
	results resultWriter
	counts  map[versions]*recomputeCounts
}

// versions are those of one row, before and after.
type versions struct{ old, new string }

// recomputeCounts are how many rows there were of a kind.
type recomputeCounts struct {
	OldVersion string `json:"old_algorithm_version"`
	NewVersion string `json:"new_algorithm_version"`
	Differs    int    `json:"differs"` // the numbers are others
	Replaced   int    `json:"replaced"`
	Unchanged  int    `json:"unchanged"`
	Failed     int    `json:"failed"`
}

// run lists the rows page by page and recomputes them meanwhile. Nothing but the row itself says that it is
// done, so that a run may end anywhere, and another one may be at work on the same rows.
func (r *recomputation) run(ctx context.Context, f heimdall.MeasurementFilter) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(recomputeAtOnce)
	f.Limit = heimdall.MaxPage
	err := r.eachPage(ctx, f, func(m *wire.Measurement) error {
		g.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return r.one(ctx, m)
		})
		return ctx.Err()
	})
	if failure := g.Wait(); failure != nil {
		return failure // the list broke off because of it
	}
	return err
}

func (r *recomputation) eachPage(ctx context.Context, f heimdall.MeasurementFilter, do func(*wire.Measurement) error) error {
	for cursor := ""; ; {
		page, err := r.client.Measurements(ctx, f, cursor)
		if err != nil {
			return err
		}
		r.show.expect(len(page.Measurements))
		for i := range page.Measurements {
			if err := do(&page.Measurements[i]); err != nil {
				return err
			}
		}
		if page.NextCursor == nil {
			return nil
		}
		cursor = *page.NextCursor
	}
}

// one recomputes one row. An error ends the run; what is wrong with this row alone does not.
func (r *recomputation) one(ctx context.Context, m *wire.Measurement) error {
	res, err := r.client.Recompute(ctx, m.TaskID, m.WebSDRID, r.dryRun)
	failure := ""
	if err != nil {
		p, refused := errors.AsType[*client.Problem](err)
		if !refused || !ofOneRow(p.Status) {
			return err
		}
		failure = p.Error()
		res = wire.Recomputation{TaskID: m.TaskID, WebSDRID: m.WebSDRID, OldVersion: m.AlgorithmVersion, NewVersion: r.version}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.show.increment()
	n := r.counts[versions{res.OldVersion, res.NewVersion}]
	if n == nil {
		n = &recomputeCounts{OldVersion: res.OldVersion, NewVersion: res.NewVersion}
		r.counts[versions{res.OldVersion, res.NewVersion}] = n
	}
	switch {
	case failure != "":
		n.Failed++
	case len(res.Changes) == 0:
		n.Unchanged++
		return nil
	case res.Replaced:
		n.Replaced++
	}
	if len(res.Changes) > 0 {
		n.Differs++
	}
	return r.results.add(&recomputeResult{Recomputation: res, Error: failure})
}

// ofOneRow tells what the server says of one recording from what it says of itself.
func ofOneRow(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusInternalServerError:
		return true
	}
	return false
}

// finish prints the counts, also of a run that was interrupted.
func (r *recomputation) finish(c *recomputeCmd, w io.Writer) error {
	list := slices.SortedFunc(maps.Values(r.counts), func(a, b *recomputeCounts) int {
		return strings.Compare(a.OldVersion+" "+a.NewVersion, b.OldVersion+" "+b.NewVersion)
	})
	if j, ok := r.results.(*resultJSON); ok {
		return j.end(recomputeSummary{DryRun: c.DryRun, Version: r.version, Counts: list})
	}
	if len(list) == 0 {
		fmt.Fprintf(w, "nothing to recompute: every measurement chosen is of version %s\n", r.version)
		return nil
	}
	did := "REPLACED"
	if c.DryRun {
		did = "WOULD BE REPLACED"
	}
	t := newTable(w, "OLD VERSION", "NEW VERSION", did, "UNCHANGED", "FAILED")
	for _, n := range list {
		changed := n.Replaced
		if c.DryRun {
			changed = n.Differs
		}
		t.row(n.OldVersion, n.NewVersion, fmt.Sprint(changed), fmt.Sprint(n.Unchanged), fmt.Sprint(n.Failed))
	}
	return t.end()
}

// outcome is the exit code of a run that came to its end.
func (r *recomputation) outcome(err error) error {
	failed, total := 0, 0
	for _, n := range r.counts {
		failed += n.Failed
		total += n.Failed + n.Differs + n.Unchanged
	}
	switch {
	case err != nil || failed == 0:
		return nil
	case failed < total:
		return &outcome{code: exitPartial}
	}
	return &outcome{code: exitFailed}
}
