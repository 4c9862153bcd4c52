package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
	sampleclock "github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/tdoa"
)

// A tdoaRecording is a file as package tdoa wants it.
type tdoaRecording struct {
	Name             string               `json:"name"`
	File             string               `json:"file"`
	StartUTC         *time.Time           `json:"start_utc"`
	SampleRateHz     float64              `json:"sample_rate_hz"`
	SamplesCount     int64                `json:"samples_count"`
	TimeQuality      heimdall.TimeQuality `json:"time_quality"`
	TimeUncertaintyS *float64             `json:"time_uncertainty_s"`
	Gaps             int                  `json:"gaps"`

	clock                       sampleclock.Clock
	centerHz                    float64
	hasCenter                   bool
	passbandLowHz               float64 // relative to centerHz; 0, 0 when unknown
	passbandHighHz              float64
	channelLowHz, channelHighHz float64 // likewise, of the channel that was measured
	source                      *fileSource
}

// open reads what the file says of itself and of its times.
func (r *tdoaRecording) open(ctx context.Context) error {
	r.source = &fileSource{path: r.File}
	if err := r.source.rewind(); err != nil {
		return err
	}
	f := r.source.file
	if err := f.ScanStamps(ctx); err != nil {
		return fmt.Errorf("read time stamps of %s: %w", r.File, err)
	}
	r.clock, _ = f.Clock()
	r.centerHz, r.hasCenter = f.CenterHz, f.HasCenter
	r.SampleRateHz, r.SamplesCount, r.Gaps = r.clock.RateHz, f.Samples, len(r.clock.Gaps)
	r.TimeQuality = r.clock.Quality
	if !r.clock.Start.IsZero() {
		r.StartUTC = &r.clock.Start
	}
	if s := r.clock.StartSigmaS; s > 0 {
		r.TimeUncertaintyS = &s
	}
	if f.Metadata == nil {
		return nil
	}
	said := f.Metadata.Global.Other
	said.Get("heimdall:passband_low_hz", &r.passbandLowHz)
	said.Get("heimdall:passband_high_hz", &r.passbandHighHz)
	var requestedHz, channelHz, widthHz float64
	said.Get("heimdall:channel_center_hz", &channelHz)
	if said.Get("heimdall:requested_frequency_hz", &requestedHz) && said.Get("heimdall:channel_bandwidth_hz", &widthHz) && r.hasCenter {
		channelHz += requestedHz - r.centerHz
		r.channelLowHz, r.channelHighHz = channelHz-widthHz/2, channelHz+widthHz/2
	}
	return nil
}

func (r *tdoaRecording) record() tdoa.Record {
	return tdoa.Record{
		Source: r.source, Samples: r.SamplesCount, Clock: r.clock, CenterHz: r.centerHz,
		PassbandLowHz: r.passbandLowHz, PassbandHighHz: r.passbandHighHz,
	}
}

// A fileSource gives the samples of a file that can be read forwards only. It goes back by opening the file again, and
// keeps the last samples read, because what is asked for next overlaps them a little.
type fileSource struct {
	path string
	file *iqfile.File
	next int64       // index of the next sample of file
	kept []complex64 // the samples before next
	raw  []byte
}

func (s *fileSource) rewind() error {
	s.Close()
	f, err := iqfile.Open(s.path, iqfile.Options{})
	if err != nil {
		return err
	}
	s.file, s.next, s.kept = f, 0, s.kept[:0]
	return nil
}

// Close may be called more than once.
func (s *fileSource) Close() {
	if s.file != nil {
		s.file.Close()
	}
}

// ReadSamples fills z with the samples from index from on.
func (s *fileSource) ReadSamples(z []complex64, from int64) error {
	if from < s.next-int64(len(s.kept)) {
		if err := s.rewind(); err != nil {
			return err
		}
	}
	n := 0
	if from < s.next {
		n = copy(z, s.kept[int64(len(s.kept))-(s.next-from):])
	}
	for s.next < from { // nothing wanted in between
		part := z[:min(int64(len(z)), from-s.next)]
		if err := s.read(part); err != nil {
			return err
		}
	}
	if err := s.read(z[n:]); err != nil {
		return err
	}
	if n < len(z) {
		s.kept = append(s.kept[:0], z...)
	}
	return nil
}

// read gives the next samples.
func (s *fileSource) read(z []complex64) error {
	size := len(z) * s.file.Format.Size()
	if cap(s.raw) < size {
		s.raw = make([]byte, size)
	}
	if _, err := io.ReadFull(s.file, s.raw[:size]); err != nil {
		return fmt.Errorf("read %s: %w", s.path, err)
	}
	iq.Decode(z, s.raw[:size], s.file.Format)
	s.next += int64(len(z))
	return nil
}
