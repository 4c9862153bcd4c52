// Package recompute derives the metrics of a stored recording again, from its samples and its rows, when their
// definitions (package dsp) have a new version.
//
// It exists because a time series whose numbers mean different things before and after an upgrade is no series.
// One recording is done at a time: its object is read once, hashed and measured on the way, and its row replaced
// in one transaction, but only if the bytes are those that were recorded and the row is still the one that was
// read. Whatever fails leaves the row as it is. Which recordings, how many at a time, and what to say of it are
// the caller's decisions.
//
// It leaves out the SigMF document beside the samples: that keeps the numbers of the day it was made.
//
// The surprising part: some inputs of the metrics are read from the metrics that are replaced. Whether gain
// control was on, stamps were dropped, or the calibration of that day held, only the acquisition knew, and the
// old row is where it said so.
package recompute

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/dsp"
)

// Version is the version of the metrics that recomputing gives.
const Version = dsp.Version

var (
	// ErrNoRecording: the capture has no samples to measure, because it did not succeed.
	ErrNoRecording = errors.New("the capture has no recording")
	// ErrMissing: the object store has no object of the recording any more.
	ErrMissing = errors.New("the recording is no longer in the object store")
	// ErrDamaged: the object's bytes are not those that were recorded.
	ErrDamaged = errors.New("the recording is damaged")
	// ErrUnfit: what its rows say of the recording is not enough to measure it by.
	ErrUnfit = errors.New("the recording cannot be measured by what its rows say")
)

// A Store is what recomputing asks of a database.
type Store interface {
	// Acquisition returns an acquisition and its captures, or heimdall.ErrNotFound.
	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	// WebSDR returns one, or heimdall.ErrNotFound.
	WebSDR(ctx context.Context, id int64) (heimdall.WebSDR, error)
	// Measurements returns a page of measurements, newest first.
	Measurements(ctx context.Context, f heimdall.MeasurementFilter) ([]heimdall.Measurement, error)
	// ReplaceMetrics replaces the metrics of a row that are of version oldVersion, in one transaction, durably.
	// It is heimdall.ErrConflict when they are of another one by now, and heimdall.ErrNotFound without a row.
	ReplaceMetrics(ctx context.Context, key heimdall.MeasurementKey, oldVersion string, m heimdall.Metrics) error
}

// Blobs is what recomputing asks of an object store; see blob.Store.
type Blobs interface {
	Open(ctx context.Context, key string) (blob.Object, error)
}

// A Recomputer recomputes recordings. It is safe for concurrent use.
type Recomputer struct {
	store Store
	blobs Blobs
	slots chan struct{} // holds one token for each recording at work
}

// New returns a Recomputer that works on at most so many recordings at once; others wait for their turn.
func New(s Store, b Blobs, atOnce int) *Recomputer {
	return &Recomputer{store: s, blobs: b, slots: make(chan struct{}, max(1, atOnce))}
}

// A Result says what recomputing one recording gave.
type Result struct {
	Old, New heimdall.Metrics
	Changes  []Change // what differs, in the order of the columns; the version, too
	Replaced bool     // whether the row holds New now
}

// Recording recomputes the metrics of one recording, and replaces those in its row if they differ and replace
// says so. Of two that do the same at once, the later one finds nothing to change.
func (r *Recomputer) Recording(ctx context.Context, taskID string, websdrID int64, replace bool) (Result, error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	res, err := r.recording(ctx, taskID, websdrID, replace)
	if err != nil {
		return Result{}, fmt.Errorf("recompute recording %s/%d: %w", taskID, websdrID, err)
	}
	return res, nil
}

func (r *Recomputer) recording(ctx context.Context, taskID string, websdrID int64, replace bool) (Result, error) {
	src, err := r.source(ctx, taskID, websdrID)
	if err != nil {
		return Result{}, err
	}
	metrics, err := r.measure(ctx, src)
	if err != nil {
		return Result{}, err
	}
	for {
		old := &src.measurement
		res := Result{Old: old.Metrics, New: metrics, Changes: changes(&old.Metrics, &metrics)}
		if !replace || len(res.Changes) == 0 {
			return res, nil
		}
		key := heimdall.MeasurementKey{Timestamp: old.Timestamp, TaskID: taskID, WebSDRID: websdrID}
		err := r.store.ReplaceMetrics(ctx, key, old.AlgorithmVersion, metrics)
		if err == nil {
			res.Replaced = true
			return res, nil
		}
		if !errors.Is(err, heimdall.ErrConflict) {
			return Result{}, err
		}
		// Somebody else was quicker. The same program gives the same numbers, so that the next round finds
		// nothing to change; another version of it must not be overwritten.
		if src.measurement, err = r.measurement(ctx, taskID, websdrID); err != nil {
			return Result{}, err
		}
		if src.measurement.AlgorithmVersion != Version {
			return Result{}, fmt.Errorf("another program made it version %q meanwhile: %w", src.measurement.AlgorithmVersion, heimdall.ErrConflict)
		}
	}
}

// readSize is how much of an object is read at once; a multiple of every sample size.
const readSize = 256 << 10

// measure reads the samples once, through the hash and the meter.
func (r *Recomputer) measure(ctx context.Context, src *source) (heimdall.Metrics, error) {
	meter, err := src.meter()
	if err != nil {
		return heimdall.Metrics{}, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	obj, err := r.blobs.Open(ctx, src.recording.S3Path)
	if errors.Is(err, blob.ErrNotFound) {
		return heimdall.Metrics{}, fmt.Errorf("%w: it was stored as %s", ErrMissing, src.recording.S3Path)
	}
	if err != nil {
		return heimdall.Metrics{}, err
	}
	defer obj.Close()
	hash := sha256.New()
	n, err := copyChecking(ctx, io.MultiWriter(hash, meter), obj)
	switch {
	case errors.Is(err, blob.ErrNotFound): // deleted while it was read
		return heimdall.Metrics{}, fmt.Errorf("%w: it was stored as %s", ErrMissing, src.recording.S3Path)
	case errors.Is(err, blob.ErrDiffers): // the store proves what is read, and has found out itself
		return heimdall.Metrics{}, fmt.Errorf("%w: %s: %w", ErrDamaged, src.recording.S3Path, err)
	case err != nil:
		return heimdall.Metrics{}, fmt.Errorf("read object %s: %w", src.recording.S3Path, err)
	case n != src.recording.Bytes:
		return heimdall.Metrics{}, fmt.Errorf("%w: %s has %d bytes, its row says %d", ErrDamaged, src.recording.S3Path, n, src.recording.Bytes)
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != src.recording.SHA256 {
		return heimdall.Metrics{}, fmt.Errorf("%w: %s hashes to %s, its row says %s", ErrDamaged, src.recording.S3Path, sum, src.recording.SHA256)
	}
	metrics, err := meter.Finish(src.end())
	if err != nil {
		return heimdall.Metrics{}, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	return src.placed(heimdall.Metrics(metrics)), nil
}

// copyChecking copies until the end, or until ctx ends.
func copyChecking(ctx context.Context, w io.Writer, r io.Reader) (n int64, err error) {
	buf := make([]byte, readSize)
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		got, err := r.Read(buf)
		if _, e := w.Write(buf[:got]); e != nil {
			return n, e
		}
		n += int64(got)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
