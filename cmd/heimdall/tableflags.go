package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/heimdall-sdr/heimdall"
)

// A tableFlags is how commands give every column of rows, rather than a table for people.
type tableFlags struct {
	JSON   bool   `help:"Print JSON." xor:"format"`
	CSV    bool   `name:"csv" help:"Print CSV with every column." xor:"format"`
	Format string `placeholder:"FORMAT" enum:",csv,ndjson,parquet,arrow" default:"" help:"Print every column as csv, ndjson (an object on each line), parquet or arrow (an IPC stream)."`
	Out    string `short:"o" type:"path" placeholder:"FILE" help:"Write to this file instead, whole or not at all; it needs a format."`
}

// Validate refuses two formats. An empty default counts as given in a group of flags that exclude each other.
func (t *tableFlags) Validate() error {
	if t.Format != "" && (t.CSV || t.JSON) {
		return errors.New("--format can't be used together with --csv or --json")
	}
	return nil
}

// format is what the server is asked for; "" means a table for people, or JSON.
func (t *tableFlags) format() string {
	if t.CSV {
		return "csv"
	}
	return t.Format
}

// check refuses to fill a terminal with what nobody can read.
func (t *tableFlags) check(a *app) error {
	var bad heimdall.InvalidError
	if isBinary(t.Format) && t.Out == "" && isTerminal(a.stdout) {
		bad.Add("--format", "%s is no text: give a file with --out, or send the output to one", t.Format)
	}
	if t.Out != "" && t.format() == "" {
		bad.Add("--out", "needs a format: --format csv, ndjson, parquet or arrow")
	}
	return bad.Err()
}

func isBinary(format string) bool { return slices.Contains([]string{"parquet", "arrow"}, format) }

// write copies what the server streams, and closes it. A file gets its name when all is in it.
func (t *tableFlags) write(stdout io.Writer, body io.ReadCloser) error {
	defer body.Close()
	if t.Out == "" {
		_, err := io.Copy(stdout, body)
		return err
	}
	if _, err := writeWhole(t.Out, body); err != nil {
		return fmt.Errorf("write %s: %w", t.Out, err)
	}
	return nil
}
