package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A recomputeResult is what became of one row.
type recomputeResult struct {
	wire.Recomputation
	Error string `json:"error,omitempty"` // why its metrics stay as they are
}

// A recomputeSummary is what became of all.
type recomputeSummary struct {
	DryRun  bool               `json:"dry_run"`
	Version string             `json:"algorithm_version"`
	Counts  []*recomputeCounts `json:"counts"`
}

// A resultWriter writes each result as it comes: there may be millions.
type resultWriter interface{ add(*recomputeResult) error }

// resultText writes a line for each failure, and on a dry run for each difference.
type resultText struct {
	w      io.Writer
	dryRun bool
}

func (t *resultText) add(r *recomputeResult) error {
	if r.Error == "" && !t.dryRun {
		return nil
	}
	line := fmt.Sprintf("%s %d: ", r.TaskID, r.WebSDRID)
	if r.Error != "" {
		line += "failed: " + r.Error
	}
	for i, c := range r.Changes {
		if i > 0 {
			line += ", "
		}
		line += fmt.Sprintf("%s %s to %s", c.Name, shown(c.Old), shown(c.New))
	}
	_, err := fmt.Fprintln(t.w, line)
	return err
}

// shown is a value of JSON, nothing as a dash.
func shown(v any) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprint(v)
}

// resultJSON writes one object whose list of results grows while the run lasts.
type resultJSON struct {
	w     io.Writer
	begun bool
}

func (j *resultJSON) add(r *recomputeResult) error {
	if r.Changes == nil {
		r.Changes = []wire.MetricChange{}
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	before := ",\n    "
	if !j.begun {
		before = "{\n  \"results\": [\n    "
	}
	j.begun = true
	_, err = fmt.Fprintf(j.w, "%s%s", before, text)
	return err
}

// end closes the list and puts the summary beside it.
func (j *resultJSON) end(s recomputeSummary) error {
	if s.Counts == nil {
		s.Counts = []*recomputeCounts{}
	}
	text, err := json.MarshalIndent(s, "  ", "  ")
	if err != nil {
		return err
	}
	before := "\n  ],"
	if !j.begun {
		before = "{\n  \"results\": [],"
	}
	_, err = fmt.Fprintf(j.w, "%s\n  \"summary\": %s\n}\n", before, text)
	return err
}
