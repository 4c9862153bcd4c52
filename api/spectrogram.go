package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/spectrogram"
)

// A Look is how a picture shows power.
type Look struct {
	MinDBFS optional[float64] `query:"min_dbfs" doc:"Power that is darkest, in dBFS; absent means a little under the noise of the whole recording" example:"-110"`
	MaxDBFS optional[float64] `query:"max_dbfs" doc:"Power that is brightest, in dBFS; absent means that of the strongest of the whole recording" example:"-30"`
	Palette string            `query:"palette" enum:"aurora,gray" doc:"Colours, equally lighter for equally many decibels; aurora (violet, green, yellow) when absent"`
}

type pictureInput struct {
	CapturePath
	TimeSlice
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the picture at hand: 304 when it is still the same"`
	Width       int    `query:"width" minimum:"1" maximum:"4096" default:"1024" doc:"Pixels of time"`
	Height      int    `query:"height" minimum:"1" maximum:"4096" default:"512" doc:"Pixels of frequency"`
	Look
}

type tileInput struct {
	CapturePath
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the tile at hand: 304 when it is still the same"`
	Zoom        int    `path:"z" minimum:"0" maximum:"24" doc:"Zoom: all of the time is 2^z tiles, all of the frequency 2^z, too, but at most 4" example:"0"`
	X           int64  `path:"x" minimum:"0" doc:"Tile of time, from the beginning" example:"0"`
	Y           string `path:"y" pattern:"^[0-3]\\.png$" doc:"Tile of frequency, from the highest, with .png" example:"0.png"`
	Look
}

const tileSize = 256 // pixels, both ways

// A drawing is one request for a part of a spectrogram.
type drawing struct {
	capture heimdall.Capture
	shape   spectrogram.Shape
	grid    spectrogram.Grid
	pyramid *spectrogram.Pyramid
	store   func() // after the answer; nil when there is nothing to store
}

func (s *service) spectrogramPNG(ctx context.Context, in *pictureInput) (*huma.StreamResponse, error) {
	d, err := s.drawing(ctx, in.CapturePath)
	if err != nil {
		return nil, err
	}
	if d.grid, err = d.gridOf(in.TimeSlice, in.Width); err != nil {
		return nil, err
	}
	return s.picture(ctx, d, in.IfNoneMatch, in.Look, spectrogram.Look{Height: in.Height, ToBin: d.shape.Bins})
}

func (s *service) spectrogramTile(ctx context.Context, in *tileInput) (*huma.StreamResponse, error) {
	d, err := s.drawing(ctx, in.CapturePath)
	if err != nil {
		return nil, err
	}
	y, _ := strconv.Atoi(strings.TrimSuffix(in.Y, ".png"))
	across, up := int64(1)<<in.Zoom, min(1<<in.Zoom, 4)
	step := float64(d.shape.Positions) / float64(across) / tileSize
	if in.X >= across || y >= up || d.shape.Bins < up {
		return nil, fmt.Errorf("zoom %d has %d tiles of time and %d of frequency: %w", in.Zoom, across, min(up, d.shape.Bins), heimdall.ErrNotFound)
	}
	d.grid = spectrogram.Grid{From: float64(in.X) * step * tileSize, Step: step, Columns: tileSize}
	bins := d.shape.Bins / up
	from := (up - 1 - y) * bins
	return s.picture(ctx, d, in.IfNoneMatch, in.Look, spectrogram.Look{Height: tileSize, FromBin: from, ToBin: from + bins})
}

// drawing looks the recording up.
func (s *service) drawing(ctx context.Context, in CapturePath) (*drawing, error) {
	c, err := s.Store.Capture(ctx, in.TaskID, in.WebSDRID)
	if err != nil {
		return nil, err
	}
	if c.Recording == nil {
		return nil, noRecording(c)
	}
	shape, err := spectrogram.ShapeOf(c.Recording)
	if err != nil {
		return nil, unfit(err)
	}
	return &drawing{capture: c, shape: shape}, nil
}

// unfit is what a recording cannot be drawn for, as a conflict.
func unfit(err error) error {
	if errors.Is(err, spectrogram.ErrShort) || errors.Is(err, spectrogram.ErrDamaged) {
		return fmt.Errorf("%w: %w", err, heimdall.ErrConflict)
	}
	return err
}

// gridOf are the columns of a stretch of time, by the clock of the recording.
func (d *drawing) gridOf(t TimeSlice, columns int) (spectrogram.Grid, error) {
	from, to := 0.0, float64(d.shape.Positions)
	start := d.capture.Recording.Start
	at := func(t time.Time) float64 { return t.Sub(start).Seconds() * d.shape.RateHz }
	var bad heimdall.InvalidError
	if !t.FromTime.IsZero() {
		if from = at(t.FromTime); from >= float64(d.shape.Positions) {
			bad.Add("from_time", "lies behind the recording, which is %s", d.span())
		}
	}
	if !t.ToTime.IsZero() {
		if to = at(t.ToTime); to <= 0 {
			bad.Add("to_time", "lies before the recording, which is %s", d.span())
		}
	}
	if from >= to && bad.Err() == nil {
		bad.Add("to_time", "must lie after from_time")
	}
	return spectrogram.Grid{From: from, Step: (to - from) / float64(columns), Columns: columns}, inQuery(&bad)
}

func (d *drawing) span() string {
	end := d.time(float64(d.shape.Positions))
	return "from " + d.time(0).Format(time.RFC3339Nano) + " to " + end.Format(time.RFC3339Nano)
}

// time is that of a position.
func (d *drawing) time(position float64) time.Time {
	return d.capture.Recording.Start.UTC().Add(time.Duration(math.Round(position / d.shape.RateHz * 1e9)))
}

// matrix computes what is asked for: from the pyramid where that is fine enough, from the samples otherwise.
func (s *service) matrix(ctx context.Context, d *drawing) (*spectrogram.Matrix, error) {
	var err error
	if d.pyramid, d.store, err = s.pyramid(ctx, d.capture, d.shape); err != nil {
		return nil, unfit(err)
	}
	if _, ok := d.pyramid.LevelFor(d.grid.Step); ok {
		return d.pyramid.Draw(d.grid), nil
	}
	rec := d.capture.Recording
	format, err := iq.ParseFormat(rec.Datatype)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", rec.S3Path, err)
	}
	obj, err := s.openSamples(ctx, rec)
	if err != nil {
		return nil, err
	}
	defer obj.Close()
	m, err := spectrogram.Compute(obj, format, d.shape, d.grid)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", rec.S3Path, err)
	}
	return m, nil
}

// picture answers with a PNG, unless the caller has it: what a recording and a question give is always the same.
func (s *service) picture(ctx context.Context, d *drawing, ifNoneMatch string, asked Look, look spectrogram.Look) (*huma.StreamResponse, error) {
	look.Palette = asked.Palette
	if look.Palette == "" {
		look.Palette = spectrogram.Palettes()[0]
	}
	var bad heimdall.InvalidError
	notFinite(&bad, "min_dbfs", asked.MinDBFS.Value)
	notFinite(&bad, "max_dbfs", asked.MaxDBFS.Value)
	if err := inQuery(&bad); err != nil {
		return nil, err
	}
	etag := d.etag(look, asked.MinDBFS, asked.MaxDBFS)
	if isKnown(ifNoneMatch, etag) {
		return d.answer(etag, "", nil), nil
	}
	m, err := s.matrix(ctx, d)
	if err != nil {
		return nil, err
	}
	look.LowDBFS, look.HighDBFS = d.pyramid.LowDBFS, d.pyramid.HighDBFS
	if asked.MinDBFS.IsSet {
		look.LowDBFS = asked.MinDBFS.Value
	}
	if asked.MaxDBFS.IsSet {
		look.HighDBFS = asked.MaxDBFS.Value
	}
	if look.LowDBFS >= look.HighDBFS {
		bad.Add("max_dbfs", "must be above min_dbfs: the recording has %g to %g dBFS", d.pyramid.LowDBFS, d.pyramid.HighDBFS)
		return nil, inQuery(&bad)
	}
	body, err := spectrogram.PNG(m, look)
	if err != nil {
		return nil, err
	}
	return d.answer(etag, "image/png", body), nil
}

// etag names what is drawn and how.
func (d *drawing) etag(how ...any) string {
	sum := sha256.Sum256(fmt.Append(nil, d.capture.Recording.SHA256, dsp.Version, d.grid, d.capture.Recording.Start.UnixNano(), how))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// answer sends body, or 304 when there is none, and then stores the pyramid: whoever waits for a picture does not wait
// for that.
func (d *drawing) answer(etag, contentType string, body []byte) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("ETag", etag)
		hc.SetHeader("Cache-Control", "private, max-age=3600")
		if body == nil {
			hc.SetStatus(http.StatusNotModified)
			return
		}
		hc.SetHeader("Content-Type", contentType)
		hc.SetHeader("Content-Length", strconv.Itoa(len(body)))
		w := hc.BodyWriter()
		_, _ = w.Write(body) // an error means that the caller has gone
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		if d.store != nil {
			d.store()
		}
	}}
}
