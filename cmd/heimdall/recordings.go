package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/client"
)

// recordingsCmd gets at the stored IQ.
type recordingsCmd struct {
	Export recordingsExportCmd `cmd:"" help:"Write the recordings of an acquisition as files."`
}

type recordingsExportCmd struct {
	TaskID string  `arg:"" help:"The acquisition's task id."`
	WebSDR []int64 `short:"w" placeholder:"ID,..." help:"Only those of these WebSDRs."`
	Format string  `short:"f" default:"sigmf" enum:"sigmf,sigmf-data,sigmf-meta,npy,wav,raw" help:"sigmf (archive), sigmf-data (as stored), sigmf-meta, npy (complex64), wav or raw (${default})."`
	Out    string  `short:"o" default:"." type:"path" placeholder:"DIR" help:"Folder to write to; made if absent."`
	Force  bool    `help:"Overwrite files that are there."`
	JSON   bool    `help:"Print JSON: what was written."`
}

// An exported recording is one file that was written.
type exported struct {
	WebSDRID int64  `json:"websdr_id"`
	Path     string `json:"path"`
	Bytes    int64  `json:"bytes"`
}

func (c *recordingsExportCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		acq, err := cl.Acquisition(ctx, c.TaskID)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(c.Out, 0o755); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		wanted := map[int64]bool{}
		for _, id := range c.WebSDR {
			wanted[id] = true
		}
		files := []exported{}
		for _, capture := range acq.Captures {
			if capture.State != heimdall.Success || len(wanted) > 0 && !wanted[capture.WebSDRID] {
				continue
			}
			file, err := c.export(ctx, a, cl, capture.WebSDRID)
			if err != nil {
				return err
			}
			files = append(files, file)
			if !c.JSON {
				fmt.Fprintf(a.stdout, "%s  %d bytes\n", file.Path, file.Bytes)
			}
		}
		if len(files) == 0 {
			return &outcome{code: exitError, text: "acquisition " + c.TaskID + " has no such recordings"}
		}
		if c.JSON {
			return printJSON(a.stdout, files)
		}
		return nil
	})
}

// export writes one file, whole or not at all.
func (c *recordingsExportCmd) export(ctx context.Context, a *app, cl *client.Client, id int64) (exported, error) {
	d, err := cl.Recording(ctx, c.TaskID, id, c.Format, 0, "")
	if err != nil {
		return exported{}, err
	}
	defer d.Body.Close()
	name := filepath.Base(d.Name)
	if d.Name == "" {
		name = "websdr_" + strconv.FormatInt(id, 10) + "." + c.Format
	}
	path := filepath.Join(c.Out, name)
	if _, err := os.Stat(path); err == nil && !c.Force {
		return exported{}, fmt.Errorf("%s is there already: choose another folder, or use --force", path)
	}
	f, err := os.CreateTemp(c.Out, "."+name+"-")
	if err != nil {
		return exported{}, fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // gone already when the rename has worked
	defer f.Close()
	n, err := a.copyShown(f, d.Body, d.Bytes, name)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return exported{}, fmt.Errorf("write %s: %w", path, err)
	}
	return exported{WebSDRID: id, Path: path, Bytes: n}, nil
}

// copyShown copies with a progress bar in a terminal.
func (a *app) copyShown(w io.Writer, r io.Reader, size int64, name string) (int64, error) {
	if !isTerminal(a.stderr) || size <= 0 {
		return io.Copy(w, r)
	}
	p := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40))
	bar := p.AddBar(size, mpb.PrependDecorators(decor.Name(name+" ")),
		mpb.AppendDecorators(decor.CountersKibiByte("% .1f / % .1f")))
	n, err := io.Copy(w, bar.ProxyReader(r))
	if err != nil {
		bar.Abort(false)
	}
	p.Wait()
	return n, err
}
