package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/heimdall-sdr/heimdall/legacy"
)

func (c *importPythonCmd) print(a *app, r pythonResult) error {
	imported := "imported"
	if r.DryRun {
		imported = "would be imported"
	}
	fmt.Fprintf(a.stdout, "%d recordings: %d %s as %d acquisitions, %d already there, %d skipped (%.1f s)\n",
		r.Recordings, r.Imported, imported, r.Acquisitions, r.Present, r.Skipped, r.Seconds)
	if r.Rows > 0 {
		fmt.Fprintf(a.stdout, "%d rows: %d of these recordings, %d %s without one, %d already there, %d skipped\n",
			r.Rows, r.RowsJoined, r.RowsImported, imported, r.RowsPresent, r.RowsSkipped)
	}
	if len(r.Reasons) > 0 {
		t := newTable(a.stdout, "COUNT", "REASON", "MEANING")
		for _, why := range legacy.Reasons() {
			if n := r.Reasons[why.Reason]; n > 0 {
				t.row(fmt.Sprint(n), string(why.Reason), why.Meaning)
			}
		}
		if err := t.end(); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "which ones: %s\n", c.Report)
	}
	return nil
}

// findings are the CSV of all, which is made with the first. It is added to, and each is written at once: what was
// guessed about a recording is said by the run that imports it, and by none after.
type findings struct {
	path string
	file *os.File
	w    *csv.Writer
	err  error
}

// add is called by one goroutine at a time. What goes wrong is said by close.
func (f *findings) add(found legacy.Finding) {
	if f.err != nil {
		return
	}
	if f.file == nil {
		if f.err = f.create(); f.err != nil {
			return
		}
	}
	became := "noted"
	if found.Skipped {
		became = "skipped"
	}
	f.write(found.Key, became, string(found.Reason), found.Detail)
}

func (f *findings) create() error {
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.w = file, csv.NewWriter(file)
	if info.Size() == 0 {
		f.write("key", "outcome", "reason", "detail")
	}
	return f.err
}

func (f *findings) write(cells ...string) {
	f.err = f.w.Write(cells)
	if f.err == nil {
		f.w.Flush()
		f.err = f.w.Error()
	}
}

func (f *findings) close() error {
	if f.file != nil {
		f.err = errors.Join(f.err, f.file.Close())
	}
	if f.err != nil {
		return fmt.Errorf("write report: %w", f.err)
	}
	return nil
}

// A pythonProgress is a bar over the bytes of recordings, if somebody looks at it.
type pythonProgress struct {
	progress *mpb.Progress // nil when nobody looks
	bar      *mpb.Bar
}

func newPythonProgress(a *app, from legacy.Source) (*pythonProgress, error) {
	if !isTerminal(a.stderr) {
		return &pythonProgress{}, nil
	}
	_, bytes, err := legacy.Survey(a.ctx, from)
	if err != nil {
		return nil, err
	}
	p := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40))
	bar := p.AddBar(max(bytes, 1), mpb.PrependDecorators(decor.Name("recordings ")),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f of % .1f"), decor.OnComplete(decor.AverageETA(decor.ET_STYLE_GO), "")))
	return &pythonProgress{p, bar}, nil
}

func (p *pythonProgress) update(r legacy.Report) {
	if p.bar != nil {
		p.bar.SetCurrent(r.Bytes)
	}
}

func (p *pythonProgress) end() {
	if p.bar != nil {
		p.bar.Abort(false)
		p.progress.Wait()
	}
}
