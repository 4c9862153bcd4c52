// Package replay is a receiver that plays back a recording: SigMF, .npy, WAV, the stamped WAV of KiwiSDRs or
// raw samples, whatever package iqfile opens. It is the only receiver that hears the same thing twice, so it is
// for measuring again what was recorded elsewhere, and for tests with real signals.
//
// The address is file:///absolute/path or file:relative/path, followed by parameters, all optional:
//
//	pace    real: samples come as time passes, as from a receiver; fast: as they are read. Default real
//	format  of raw samples: ci16_le, ci16_be, cu8, ci8, cf32_le or cf64_le
//	rate    sample rate in Hz, if the file does not say it or is wrong
//	center  radio frequency at the centre in Hz, likewise
//	start   time of the first sample, such as 2026-11-21T18:30:00Z, likewise
//
// A file that was recorded at one frequency cannot be tuned to another. The frequency is that of the parameter,
// of the file, or of the name that kiwirecorder gave it; a file without any is taken for what is asked for.
//
// Time is the file's own. A Kiwi WAV is read through once before it is played, so its clock is the line
// through all its stamps from the beginning, and blocks at its start whose stamps are stale are left out, as
// the driver of KiwiSDRs does. Other files have the time of their metadata or of the name that
// kiwirecorder gave them, or, without any, the time of opening and no quality.
//
// The surprising part: a GPS stamp names no week. It is the week of the parameter start or of the file's name
// (kiwirecorder begins it with date and time), and failing both the week in which the file was last changed.
package replay

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iqfile"
	"github.com/heimdall-sdr/heimdall/stamp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A Driver plays recordings back. The zero value is ready for use.
type Driver struct {
	Dir string // play only files in it or below; "" means any file
}

// Open opens the file and finds out its time line.
func (d *Driver) Open(ctx context.Context, w *heimdall.WebSDR, t websdr.Tuning) (websdr.Stream, error) {
	a, err := parseAddress(w.URL)
	if err != nil {
		return nil, websdr.Fail(heimdall.FailUnsupported, "open recording", nil, "%v", err)
	}
	op := "play " + a.path
	if err := d.confine(a.path); err != nil {
		return nil, websdr.Fail(heimdall.FailUnsupported, op, nil, "%v", err)
	}
	info, err := os.Stat(a.path)
	if err != nil {
		return nil, fileFailure(op, err)
	}
	if !info.Mode().IsRegular() {
		return nil, websdr.Fail(heimdall.FailUnsupported, op, nil, "it is no file: a recording has a beginning and an end")
	}
	file, err := iqfile.Open(a.path, a.options)
	if err != nil {
		return nil, fileFailure(op, err)
	}
	stream, err := play(ctx, op, file, a, w, t)
	if err != nil {
		file.Close()
		return nil, err
	}
	return stream, nil
}

// play begins at the first sample whose time is known.
func play(ctx context.Context, op string, file *iqfile.File, a address, w *heimdall.WebSDR, t websdr.Tuning) (*stream, error) {
	if err := checkTuning(op, file, a, w, t); err != nil {
		return nil, err
	}
	err := file.ScanStamps(ctx)
	stale := file.StaleSamples()
	if err == nil {
		err = skip(file, stale)
	}
	switch {
	case ctx.Err() != nil:
		return nil, givenUp(ctx, op)
	case err != nil:
		return nil, fileFailure(op, err)
	}
	return newStream(ctx, op, file, clockOf(file, a.named).Rebase(stale), websdr.Header{
		Format: file.Format, NominalRateHz: file.SampleRateHz, FrequencyHz: t.FrequencyHz,
		Live: !a.fast, Dialect: "replay of " + string(file.Kind),
	}), nil
}

// clockOf returns the clock of the file. Without a time of its own the file begins now.
func clockOf(file *iqfile.File, name iqfile.Name) stamp.Clock {
	clock, _ := file.Clock()
	switch {
	case !clock.Start.IsZero():
	case name.FrequencyHz != 0: // kiwirecorder's: export puts another time in the names of slices
		clock.Start, clock.Quality = name.Start, heimdall.TimeHostArrival // at whoever recorded it
	default:
		clock.Start, clock.Quality = time.Now(), heimdall.TimeNone
	}
	clock.Start = clock.Start.UTC().Round(0)
	return clock
}

func skip(file *iqfile.File, samples int64) error {
	if samples == 0 {
		return nil
	}
	_, err := io.CopyN(io.Discard, file, samples*int64(file.Format.Size()))
	return err
}

// checkTuning holds what is asked for against what the file is.
func checkTuning(op string, file *iqfile.File, a address, w *heimdall.WebSDR, t websdr.Tuning) error {
	if low, high := w.TuningRangeHz(); t.FrequencyHz < low || t.FrequencyHz > high {
		return websdr.Fail(heimdall.FailOutOfRange, op, nil,
			"%d Hz is outside its range of %d to %d Hz", t.FrequencyHz, low, high)
	}
	centerHz, known := int64(math.Round(file.CenterHz)), file.HasCenter
	if !known && a.named.FrequencyHz != 0 {
		centerHz, known = a.named.FrequencyHz, true
	}
	if is := centerHz + w.FrequencyOffsetHz; known && is != t.FrequencyHz {
		return websdr.Fail(heimdall.FailOutOfRange, op, nil,
			"it was recorded at %d Hz, not at %d Hz: ask for its frequency, or correct it with the parameter center", is, t.FrequencyHz)
	}
	if float64(t.SampleRateHz) > file.SampleRateHz {
		return websdr.Fail(heimdall.FailUnsupported, op, nil,
			"it has %g samples a second: ask for no more than that, or for no rate at all", file.SampleRateHz)
	}
	return nil
}

func givenUp(ctx context.Context, op string) error {
	return websdr.Fail(heimdall.FailTransport, op, ctx.Err(), "given up")
}

// fileFailure tells a file that cannot be reached, which may change, from one that cannot be used.
func fileFailure(op string, err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return websdr.Fail(heimdall.FailTransport, op, nil, "there is no such file on the machine that records")
	case errors.Is(err, fs.ErrPermission):
		return websdr.Fail(heimdall.FailTransport, op, nil, "the file may not be read by the user that records")
	case errors.As(err, &path):
		return websdr.Fail(heimdall.FailTransport, op, err, "the file cannot be read")
	}
	return websdr.Fail(heimdall.FailProtocol, op, err,
		"the file cannot be used as it is; the parameters format, rate, center and start of the address say what it does not")
}
