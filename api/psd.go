package api

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/spectrogram"
)

type psdInput struct {
	CapturePath
	TimeSlice
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the answer at hand: 304 when it is still the same"`
}

func (s *service) psd(ctx context.Context, in *psdInput) (*huma.StreamResponse, error) {
	d, err := s.drawing(ctx, in.CapturePath)
	if err != nil {
		return nil, err
	}
	if d.grid, err = d.gridOf(in.TimeSlice, 1); err != nil {
		return nil, err
	}
	d.clip()
	etag := d.etag("psd")
	if isKnown(in.IfNoneMatch, etag) {
		return d.answer(etag, "", nil), nil
	}
	if d.pyramid, d.store, err = s.pyramid(ctx, d.capture, d.shape); err != nil {
		return nil, unfit(err)
	}
	exact := d.pyramid.Exact(d.shape, d.grid)
	var density spectrogram.Density
	if !exact {
		density = d.pyramid.Density(d.shape, d.grid)
	} else if density, err = s.computeDensity(ctx, d); err != nil {
		return nil, err
	}
	var text strings.Builder
	if err := jsonFormat.Marshal(&text, d.wirePSD(density, exact)); err != nil {
		return nil, err
	}
	return d.answer(etag, "application/json", []byte(text.String())), nil
}

// clip leaves out the time before and after the recording, so that what is said to be averaged was there.
func (d *drawing) clip() {
	from, to := max(0, d.grid.From), min(float64(d.shape.Positions), d.grid.From+d.grid.Step)
	d.grid.From, d.grid.Step = from, to-from
}

func (s *service) computeDensity(ctx context.Context, d *drawing) (spectrogram.Density, error) {
	rec := d.capture.Recording
	format, err := iq.ParseFormat(rec.Datatype)
	if err != nil {
		return spectrogram.Density{}, fmt.Errorf("draw %s: %w", rec.S3Path, err)
	}
	obj, err := s.openSamples(ctx, rec)
	if err != nil {
		return spectrogram.Density{}, err
	}
	defer obj.Close()
	density, err := spectrogram.ComputeDensity(obj, format, d.shape, d.grid)
	if err != nil {
		return spectrogram.Density{}, fmt.Errorf("draw %s: %w", rec.S3Path, err)
	}
	return density, nil
}

func (d *drawing) wirePSD(density spectrogram.Density, exact bool) wire.PSD {
	w := wire.PSD{
		TaskID: d.capture.TaskID, WebSDRID: d.capture.WebSDRID, Start: d.time(d.grid.From), DurationS: math.Round(d.grid.Step/d.shape.RateHz*1e9) / 1e9,
		FrequencyMHz: wire.MHz(d.capture.Recording.FrequencyHz), LowHz: d.shape.LowHz(), StepHz: d.shape.StepHz(),
		NoiseBandwidthHz: dsp.NewToneSpectrum(d.shape.Bins).NoiseBandwidthHz(d.shape.RateHz),
		Segments:         math.Round(100*density.Segments) / 100, Exact: exact, DensityDBFSHz: []float64{},
	}
	for _, p := range density.PerHz {
		w.DensityDBFSHz = append(w.DensityDBFSHz, max(-400, math.Round(1000*dsp.DB(float32(p)))/1000))
	}
	return w
}

// aboutPSD is what the table of routes has no room for.
func aboutPSD() huma.Operation {
	return huma.Operation{Responses: cached(http.StatusOK),
		Description: "Welch's method: segments of at most 1024 samples, half over each other, under a Blackman-Harris window. " +
			"Noise of noise_dbfs_hz reads that; the power of a signal is the sum of its bins, as powers, times step_hz. " +
			"Without times it is of the whole recording; what lies outside the recording is left out."}
}
