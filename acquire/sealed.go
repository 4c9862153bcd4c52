package acquire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/heimdall-sdr/heimdall/blob"
)

// A SealedCapture is a recording that waits in a spool: all that object and row are made of.
type SealedCapture struct {
	sealed
	entry *spoolEntry
}

// TaskID and WebSDRID say whose it is.
func (s *SealedCapture) TaskID() string { return s.Capture.TaskID }

// WebSDRID is the other half of the capture's key.
func (s *SealedCapture) WebSDRID() int64 { return s.Capture.WebSDRID }

// Sum is that of the samples.
func (s *SealedCapture) Sum() blob.Sum { return s.sealed.Sum }

// SealedCaptures yields what waits in the spool in dir, in order of task and WebSDR. A folder that is not there is an
// empty spool.
func SealedCaptures(dir string) iter.Seq2[*SealedCapture, error] {
	return func(yield func(*SealedCapture, error) bool) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		spool := &Spool{dir: dir}
		found, err := spool.entries()
		if err != nil {
			yield(nil, err)
			return
		}
		tasks := make([]string, 0, len(found))
		for taskID := range found {
			tasks = append(tasks, taskID)
		}
		slices.Sort(tasks)
		for _, taskID := range tasks {
			slices.Sort(found[taskID])
			for _, id := range found[taskID] {
				entry := spool.entry(taskID, id)
				s, err := entry.loadSealed()
				if errors.Is(err, fs.ErrNotExist) {
					continue // still being recorded, or not worth keeping
				}
				if err == nil && (s.Capture.TaskID != taskID || s.Capture.WebSDRID != id || s.Capture.Recording == nil) {
					err = fmt.Errorf("read spool %s: it is of capture %s/%d", entry.dir, s.Capture.TaskID, s.Capture.WebSDRID)
				}
				if !yield(&SealedCapture{s, entry}, err) {
					return
				}
			}
		}
	}
}

// Store puts the recording among the objects, as a worker would: under the first key that is free or has the same bytes.
func (s *SealedCapture) Store(ctx context.Context, blobs blob.Store) error {
	for copy := 1; ; copy++ {
		key := dataKey(s.Capture.TaskID, s.Capture.WebSDRID, copy)
		s.Capture.Recording.S3Path, s.Measurement.S3Path = key, key
		err := putObjects(ctx, blobs, s.entry, &s.sealed)
		if !errors.Is(err, blob.ErrDiffers) || copy == maxCopies {
			return err
		}
	}
}

// StoreSamples puts the samples under the key that their row names.
func (s *SealedCapture) StoreSamples(ctx context.Context, blobs blob.Store, key string) error {
	return putSamples(ctx, blobs, key, s.entry.samplesPath(), s.sealed.Sum)
}

// Forget clears the spool of it, once it is stored.
func (s *SealedCapture) Forget() error { return s.entry.remove() }

// String says where it is.
func (s *SealedCapture) String() string { return filepath.Clean(s.entry.dir) }
