package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall/client"
)

// spectrogramCmd draws one recording.
type spectrogramCmd struct {
	Recording string    `arg:"" placeholder:"TASK/WEBSDR" help:"The recording: the acquisition's task id, a slash, and the websdr_id."`
	Out       string    `short:"o" type:"path" required:"" placeholder:"FILE" help:"PNG file to write, whole or not at all; - for standard output."`
	FromTime  time.Time `placeholder:"RFC3339" help:"From this time on, by the clock of the recording."`
	ToTime    time.Time `placeholder:"RFC3339" help:"Until this time."`
	Width     int       `placeholder:"N" help:"Pixels of time; 1024 unless you say."`
	Height    int       `placeholder:"N" help:"Pixels of frequency; 512 unless you say."`
	MinDBFS   *float64  `name:"min-dbfs" placeholder:"N" help:"Power that is darkest; a little under the noise unless you say."`
	MaxDBFS   *float64  `name:"max-dbfs" placeholder:"N" help:"Power that is brightest; that of the strongest unless you say."`
	Palette   string    `enum:",aurora,gray" default:"" help:"Colours: aurora or gray."`
	JSON      bool      `help:"Print JSON: what was written."`
}

// A drawn picture is what became of it.
type drawn struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

func (c *spectrogramCmd) Run(a *app) error {
	taskID, id, ok := strings.Cut(c.Recording, "/")
	websdrID, err := strconv.ParseInt(id, 10, 64)
	if !ok || err != nil || taskID == "" {
		return invalid("recording", fmt.Errorf("is %q: give a task id, a slash and a websdr_id, as heimdall acquisitions show prints them", c.Recording))
	}
	if c.Out == "-" && isTerminal(a.stdout) {
		return invalid("--out", errors.New("a picture is no text: give a file, or send the output to one"))
	}
	picture := client.Picture{From: c.FromTime, To: c.ToTime, Width: c.Width, Height: c.Height, MinDBFS: c.MinDBFS, MaxDBFS: c.MaxDBFS, Palette: c.Palette}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		body, err := cl.SpectrogramPNG(ctx, taskID, websdrID, picture)
		if err != nil {
			return err
		}
		defer body.Close()
		if c.Out == "-" {
			_, err = io.Copy(a.stdout, body)
			return err
		}
		n, err := writeWhole(c.Out, body)
		if err != nil {
			return fmt.Errorf("write spectrogram: %w", err)
		}
		if c.JSON {
			return printJSON(a.stdout, drawn{c.Out, n})
		}
		fmt.Fprintf(a.stdout, "%s  %d bytes\n", c.Out, n)
		return nil
	})
}

// writeWhole copies r into a file that gets its name when all is in it.
func writeWhole(path string, r io.Reader) (n int64, err error) {
	part, err := os.Create(path + ".part")
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(part, r)
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return n, errors.Join(err, os.Remove(part.Name()))
	}
	return n, os.Rename(part.Name(), path)
}
