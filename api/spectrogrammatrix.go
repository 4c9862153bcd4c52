package api

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/spectrogram"
)

type matrixInput struct {
	CapturePath
	TimeSlice
	IfNoneMatch string `header:"If-None-Match" doc:"ETag of the answer at hand: 304 when it is still the same"`
	Columns     int    `query:"columns" minimum:"1" maximum:"4096" default:"256" doc:"Columns of time"`
	Bins        int    `query:"bins" minimum:"1" maximum:"1024" default:"256" doc:"Bins of frequency, each the strongest of those that it joins; no more than there are"`
	Format      string `query:"format" enum:"json,npy" doc:"json, or npy: float32 of shape (columns, bins), NaN where nothing was received"`
}

func (s *service) spectrogramMatrix(ctx context.Context, in *matrixInput) (*huma.StreamResponse, error) {
	d, err := s.drawing(ctx, in.CapturePath)
	if err != nil {
		return nil, err
	}
	if d.grid, err = d.gridOf(in.TimeSlice, in.Columns); err != nil {
		return nil, err
	}
	bins := min(in.Bins, d.shape.Bins)
	etag := d.etag(bins, in.Format)
	if isKnown(in.IfNoneMatch, etag) {
		return d.answer(etag, "", nil), nil
	}
	m, err := s.matrix(ctx, d)
	if err != nil {
		return nil, err
	}
	if in.Format == "npy" {
		return d.answer(etag, "application/octet-stream", npy(m, bins)), nil
	}
	var text strings.Builder
	if err := jsonFormat.Marshal(&text, d.wire(m, bins)); err != nil {
		return nil, err
	}
	return d.answer(etag, "application/json", []byte(text.String())), nil
}

func (d *drawing) wire(m *spectrogram.Matrix, bins int) wire.Spectrogram {
	width := float64(d.shape.Bins) / float64(bins)
	w := wire.Spectrogram{
		TaskID: d.capture.TaskID, WebSDRID: d.capture.WebSDRID, Start: d.time(d.grid.From), ColumnS: math.Round(d.grid.Step/d.shape.RateHz*1e12) / 1e12,
		FrequencyMHz: wire.MHz(d.capture.Recording.FrequencyHz), LowHz: d.shape.LowHz() + (width-1)/2*d.shape.StepHz(), StepHz: width * d.shape.StepHz(),
		NoiseBandwidthHz: dsp.NewToneSpectrum(d.shape.Bins).NoiseBandwidthHz(d.shape.RateHz),
		MinDBFS:          d.pyramid.LowDBFS, MaxDBFS: d.pyramid.HighDBFS, PowerDBFS: make([][]float64, m.Columns),
	}
	for c := range m.Columns {
		if column := m.Column(c); column != nil {
			for _, p := range spectrogram.Rows(column, bins) {
				w.PowerDBFS[c] = append(w.PowerDBFS[c], max(-400, math.Round(100*dsp.DB(p))/100))
			}
		}
	}
	return w
}

// npy is the power in dBFS as an array of NumPy (format 1.0, NEP 1).
func npy(m *spectrogram.Matrix, bins int) []byte {
	header := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", m.Columns, bins)
	pad := 64 - (10+len(header)+1)%64
	header += strings.Repeat(" ", pad) + "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	out = append(out, header...)
	for c := range m.Columns {
		column := m.Column(c)
		if column == nil {
			for range bins {
				out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(math.NaN())))
			}
			continue
		}
		for _, p := range spectrogram.Rows(column, bins) {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(dsp.DB(p))))
		}
	}
	return out
}
