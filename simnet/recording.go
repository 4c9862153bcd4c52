package simnet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/iqfile"
)

// ServeKiwiRecording serves a Kiwi WAV as the KiwiSDR that made it would have: every connection gets the
// file's blocks from the first one on, each as one frame with its stamp, in the tempo of the file. What the
// client tunes to changes nothing. After the last frame the connection is closed, unless o.Hold.
func ServeKiwiRecording(ctx context.Context, addr, path string, o Options) (*Server, error) {
	return ServeRecording(ctx, Receiver{Name: "recording", Kind: kindKiwi, Listen: addr, Recording: path}, iqfile.Options{}, o)
}

// ServeRecording serves the file r.Recording as a receiver of r's kind. An rtl_tcp takes any file that
// package iqfile opens, an http_iq too, if the client asks for the file's sample rate; format says what a raw
// file does not. Samples that are already in the kind's format are passed on as they are.
func ServeRecording(ctx context.Context, r Receiver, format iqfile.Options, o Options) (*Server, error) {
	src := &fileSource{path: r.Recording, options: format}
	return serve(ctx, &r, o, startTimeline(time.Time{}, o.Speed), func(s *Server) (protocol, error) {
		switch r.Kind {
		case kindKiwi:
			p, err := openKiwiRecording(r.Recording)
			if err != nil {
				return nil, fmt.Errorf("serve recording: %w", err)
			}
			return newKiwi(s, p), nil
		case kindRTL:
			return &rtlTCP{server: s, source: src}, src.check()
		case kindHTTP:
			return &httpIQ{server: s, source: src}, src.check()
		}
		return nil, fmt.Errorf("serve recording: kind %q cannot be simulated: use kiwisdr, rtl_tcp or http_iq", r.Kind)
	})
}

// kiwiRecording is a Kiwi WAV whose blocks have been checked.
type kiwiRecording struct {
	path   string
	rateHz float64
}

// openKiwiRecording reads the file once, so that nothing is wrong with it later.
func openKiwiRecording(path string) (*kiwiRecording, error) {
	run, err := newKiwiFileRun(path, 0)
	if err != nil {
		return nil, err
	}
	defer run.close()
	var f kiwiFrame
	for {
		if _, err := run.next(&f); errors.Is(err, io.EOF) {
			return &kiwiRecording{path, run.file.SampleRateHz}, nil
		} else if err != nil {
			return nil, err
		}
	}
}

func (k *kiwiRecording) reportedRateHz() float64 { return k.rateHz }

func (k *kiwiRecording) start(_ *kiwiSettings, _ plan, _ time.Time, from time.Duration) (kiwiRun, error) {
	return newKiwiFileRun(k.path, from)
}

type kiwiFileRun struct {
	file  *iqfile.File
	begin time.Duration

	sent  int64
	seq   uint32
	meter float64
	buf   [4 * kiwiFrameSamples]byte
}

func newKiwiFileRun(path string, from time.Duration) (*kiwiFileRun, error) {
	file, err := iqfile.Open(path, iqfile.Options{})
	if err != nil {
		return nil, err
	}
	if file.Kind != iqfile.KiwiWAV || file.Format != iq.CI16LE {
		file.Close()
		return nil, fmt.Errorf("open recording %s: it is no Kiwi WAV: a KiwiSDR's stamps are needed", path)
	}
	return &kiwiFileRun{file: file, begin: from, meter: math.NaN()}, nil
}

func (r *kiwiFileRun) tune(*kiwiSettings) error { return nil }
func (r *kiwiFileRun) close()                   { r.file.Close() }

func (r *kiwiFileRun) next(f *kiwiFrame) (time.Duration, error) {
	n, err := r.file.Read(r.buf[:])
	if err != nil {
		return 0, err
	}
	stamps := r.file.Stamps()
	if len(stamps) != 1 || stamps[0].Sample != r.sent {
		return 0, fmt.Errorf("read recording: the block at sample %d has not the %d samples of a KiwiSDR's", r.sent, kiwiFrameSamples)
	}
	f.flags, f.seq, f.samples = kiwiStereo, r.seq, n/4
	f.gps = gpsStamp{stamps[0].AgeS, stamps[0].GPSSec, stamps[0].GPSNsec}
	for i := range 2 * f.samples {
		f.iq[i] = int16(binary.LittleEndian.Uint16(r.buf[2*i:]))
	}
	f.meter = r.measure(f.iq[:2*f.samples])
	r.seq++
	r.sent += int64(f.samples)
	return r.begin + time.Duration(float64(r.sent)/r.file.SampleRateHz*1e9), nil
}

// measure makes up the S-meter that the file lacks, as if manual gain had been 50.
func (r *kiwiFileRun) measure(samples []int16) float64 {
	a := 1 - math.Exp(-1/(meterSeconds*r.file.SampleRateHz))
	cal := (&Receiver{Kind: kindKiwi}).FullScaleDBMAt(50)
	for i := 0; i < len(samples); i += 2 {
		re, im := float64(samples[i])/32768, float64(samples[i+1])/32768
		dbm := 10*math.Log10(re*re+im*im+1e-12) + cal
		if math.IsNaN(r.meter) {
			r.meter = dbm
		}
		r.meter += a * (dbm - r.meter)
	}
	return r.meter
}

// fileSource is a recording without stamps.
type fileSource struct {
	path    string
	options iqfile.Options
}

func (s *fileSource) check() error {
	f, err := iqfile.Open(s.path, s.options)
	if err != nil {
		return fmt.Errorf("serve recording: %w", err)
	}
	return f.Close()
}

func (s *fileSource) start(from time.Duration) (sampleRun, error) {
	f, err := iqfile.Open(s.path, s.options)
	if err != nil {
		return nil, err
	}
	return &fileRun{file: f, begin: from}, nil
}

type fileRun struct {
	file  *iqfile.File
	begin time.Duration
	held  int64 // samples, the skipped ones included
	raw   []byte
	z     []complex64
}

func (r *fileRun) tune(Tuning, float64, time.Duration) error { return nil }
func (r *fileRun) rateHz() float64                           { return r.file.SampleRateHz }
func (r *fileRun) close()                                    { r.file.Close() }

func (r *fileRun) read(p []byte, f iq.Format) (int, error) {
	n := len(p) / f.Size()
	raw := p
	if r.file.Format != f {
		if need := n * r.file.Format.Size(); len(r.raw) < need {
			r.raw, r.z = make([]byte, need), make([]complex64, n)
		}
		raw = r.raw[:n*r.file.Format.Size()]
	}
	m, err := r.file.Read(raw)
	n = m / r.file.Format.Size()
	r.held += int64(n)
	if r.file.Format != f {
		iq.Decode(r.z[:n], raw, r.file.Format)
		iq.Encode(p, r.z[:n], f)
	}
	return n * f.Size(), err
}

func (r *fileRun) skip(n int64) {
	one := make([]byte, r.file.Format.Size())
	for range n {
		if _, err := r.file.Read(one); err != nil {
			return // the next read says so
		}
		r.held++
	}
}

func (r *fileRun) taken() time.Duration {
	return r.begin + time.Duration(float64(r.held)/r.file.SampleRateHz*1e9)
}
