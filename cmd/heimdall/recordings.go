package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// recordingsCmd gets at the stored IQ.
type recordingsCmd struct {
	Download recordingsDownloadCmd `cmd:"" help:"Download all recordings of an acquisition as one archive, or one of them; goes on where a download broke off."`
	Export   recordingsExportCmd   `cmd:"" help:"Write the recordings of an acquisition as files."`
	URL      recordingsURLCmd      `cmd:"" name:"url" help:"Print an address of a recording in the object store itself, where that is S3."`
}

// A wantedPart is the format and the time that are wanted of recordings.
type wantedPart struct {
	Format   string    `short:"f" default:"sigmf" enum:"sigmf,sigmf-data,sigmf-meta,npy,wav,kiwi-wav,raw" help:"sigmf (archive), sigmf-data (as stored), sigmf-meta, npy (complex64), wav, kiwi-wav (with GPS times) or raw (${default})."`
	FromTime time.Time `placeholder:"RFC3339" help:"Only samples received at or after this time, by the clock of each recording."`
	ToTime   time.Time `placeholder:"RFC3339" help:"Only samples received before this time."`
	Out      string    `short:"o" default:"." type:"path" placeholder:"DIR" help:"Folder to write to; made if absent."`
	Force    bool      `help:"Overwrite files that are there."`
	JSON     bool      `help:"Print JSON: what was written."`
}

func (w *wantedPart) wanted() client.Wanted {
	return client.Wanted{Format: w.Format, FromTime: w.FromTime, ToTime: w.ToTime}
}

// hashesOf is the SHA-256 of every recording of an acquisition.
func hashesOf(acq wire.Acquisition) map[string]string {
	known := map[string]string{}
	for _, c := range acq.Captures {
		if c.Recording != nil {
			known[c.Recording.S3Path] = c.Recording.SHA256
		}
	}
	return known
}

type recordingsExportCmd struct {
	TaskID string  `arg:"" help:"The acquisition's task id."`
	WebSDR []int64 `name:"websdr" short:"w" placeholder:"ID,..." help:"Only those of these WebSDRs."`
	wantedPart
}

func (c *recordingsExportCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		acq, err := cl.Acquisition(ctx, c.TaskID)
		if err != nil {
			return err
		}
		files := []fetched{}
		for _, capture := range acq.Captures {
			if capture.State != heimdall.Success || len(c.WebSDR) > 0 && !slices.Contains(c.WebSDR, capture.WebSDRID) {
				continue
			}
			file, err := c.export(ctx, a, cl, acq, capture.WebSDRID)
			if err != nil {
				return err
			}
			files = append(files, file)
			if !c.JSON {
				fmt.Fprintln(a.stdout, file)
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

// export writes one file.
func (c *recordingsExportCmd) export(ctx context.Context, a *app, cl *client.Client, acq wire.Acquisition, id int64) (fetched, error) {
	f := fetch{wanted: c.wanted(), folder: c.Out, force: c.Force, hashes: hashesOf(acq)}
	f.ask = func(ctx context.Context, w client.Wanted) (*client.Download, error) {
		return cl.Recording(ctx, acq.TaskID, id, w)
	}
	file, err := f.run(ctx, a)
	file.WebSDRID = id
	return file, err
}

type recordingsDownloadCmd struct {
	TaskID       string `arg:"" help:"The acquisition's task id."`
	WebSDR       int64  `name:"websdr" short:"w" placeholder:"ID" help:"Only the recording of this WebSDR."`
	FromSample   int64  `placeholder:"N" help:"With --websdr: only samples from this one on."`
	Samples      *int64 `placeholder:"N" help:"With --websdr: how many samples."`
	AllowMissing bool   `help:"Leave out recordings that cannot be had, and list them in MISSING.txt, rather than refuse the archive."`
	wantedPart
}

// Validate refuses what the API has no words for.
func (c *recordingsDownloadCmd) Validate() error {
	if c.WebSDR == 0 && (c.FromSample != 0 || c.Samples != nil) {
		return fmt.Errorf("--from-sample and --samples are of one recording: name its --websdr, or choose by --from-time and --to-time")
	}
	return nil
}

func (c *recordingsDownloadCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		acq, err := cl.Acquisition(ctx, c.TaskID)
		if err != nil {
			return err
		}
		f := fetch{wanted: c.wanted(), folder: c.Out, force: c.Force, hashes: hashesOf(acq)}
		f.wanted.AllowMissing, f.wanted.FromSample, f.wanted.Samples = c.AllowMissing, c.FromSample, c.Samples
		f.ask = func(ctx context.Context, w client.Wanted) (*client.Download, error) {
			if c.WebSDR != 0 {
				return cl.Recording(ctx, c.TaskID, c.WebSDR, w)
			}
			return cl.Archive(ctx, c.TaskID, w)
		}
		file, err := f.run(ctx, a)
		if err != nil {
			return err
		}
		file.WebSDRID = c.WebSDR
		if c.JSON {
			return printJSON(a.stdout, file)
		}
		fmt.Fprintln(a.stdout, file)
		return nil
	})
}

type recordingsURLCmd struct {
	TaskID   string        `arg:"" help:"The acquisition's task id."`
	WebSDR   int64         `arg:"" name:"websdr" help:"The WebSDR's id."`
	Metadata bool          `help:"Of the SigMF metadata instead of the data."`
	For      time.Duration `default:"1h" help:"How long it is good for, at most 168h (${default})."`
	JSON     bool          `help:"Print JSON: with size, SHA-256 and end."`
}

func (c *recordingsURLCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		object := "data"
		if c.Metadata {
			object = "metadata"
		}
		u, err := cl.RecordingURL(ctx, c.TaskID, c.WebSDR, object, c.For)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, u)
		}
		fmt.Fprintln(a.stdout, u.URL)
		return nil
	})
}
