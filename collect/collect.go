// Package collect writes down, among the objects, what the rows of an acquisition say: one SigMF collection beside its
// recordings, so that a database that is lost can be made again from the objects alone (package rebuild).
//
// The metadata of a recording says most of it already. What only rows know is in the collection: captures that failed
// and why, attempts, times of work, the order in which WebSDRs were asked for, and the rows of these WebSDRs without
// their secrets.
//
// It leaves out when to do so. A worker does when an acquisition has ended, and looks from time to time for those that
// ended otherwise; the database remembers which are done, so that a process may be killed at any instant.
//
// The surprising part: the rows come first here. When an acquisition ended, and whether its cancellation was wanted at
// the last moment, only the database can say, so the collection is made of rows that are final. It is written once: a
// collection that is there and can be read stays, whatever has been recomputed since.
package collect

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
	"github.com/heimdall-sdr/heimdall/sigmf"
)

// A Store is what collecting asks of a database.
type Store interface {
	// Acquisition returns an acquisition and its captures at one moment, or heimdall.ErrNotFound.
	Acquisition(ctx context.Context, taskID string) (heimdall.Acquisition, []heimdall.Capture, error)
	// WebSDRs returns the rows chosen, in order of id.
	WebSDRs(ctx context.Context, f heimdall.WebSDRFilter) ([]heimdall.WebSDR, error)
	// Measurements returns a page of measurements, newest first.
	Measurements(ctx context.Context, f heimdall.MeasurementFilter) ([]heimdall.Measurement, error)
	// LegacyMetrics returns what another system gave for the recordings of an acquisition.
	LegacyMetrics(ctx context.Context, taskID string) ([]heimdall.LegacyMetrics, error)
	// SetCollected notes that the collection of an acquisition that has ended is there, or that it is not. One that is
	// going to be deleted is heimdall.ErrNotFound like one that has been.
	SetCollected(ctx context.Context, taskID string, collected bool) error
}

// maxCopies bounds the search for a free key.
const maxCopies = 100

// maxBytes is more than any collection has: of a thousand WebSDRs it has 5 MB.
const maxBytes = 256 << 20

// Acquisition writes the collection of an acquisition that has ended, and notes that it is there. It may be repeated,
// by several at once. One that has not ended is heimdall.ErrConflict.
func Acquisition(ctx context.Context, s Store, blobs blob.Store, taskID string) error {
	err := acquisition(ctx, s, blobs, taskID)
	if err != nil {
		return fmt.Errorf("collect acquisition %s: %w", taskID, err)
	}
	return nil
}

func acquisition(ctx context.Context, s Store, blobs blob.Store, taskID string) error {
	c, err := rows(ctx, s, taskID)
	if err != nil {
		return err
	}
	if c.Streams, err = streams(ctx, blobs, c); err != nil {
		return err
	}
	doc, err := export.Collection(*c)
	if err != nil {
		return err
	}
	key, err := put(ctx, blobs, taskID, doc)
	if err != nil {
		return err
	}
	err = s.SetCollected(ctx, taskID, true)
	if errors.Is(err, heimdall.ErrNotFound) { // it was deleted meanwhile, and so must this be
		return errors.Join(err, blobs.Delete(ctx, key))
	}
	return err
}

// put stores the collection, unless there is one, and returns its key.
func put(ctx context.Context, blobs blob.Store, taskID string, doc []byte) (key string, err error) {
	for copy := 1; ; copy++ {
		key = export.CollectionKey(taskID, copy)
		err := blobs.Put(ctx, key, bytes.NewReader(doc), blob.SumOf(doc))
		if !errors.Is(err, blob.ErrDiffers) {
			return key, err
		}
		there, e := Read(ctx, blobs, key)
		if e == nil && there.Acquisition.TaskID == taskID {
			return key, nil // written when it ended; what was computed since is no reason to write it again
		}
		if ctx.Err() != nil || copy == maxCopies {
			return key, err
		}
	}
}

// Read reads the collection under key. One that is not there is blob.ErrNotFound.
func Read(ctx context.Context, blobs blob.Store, key string) (*export.Collected, error) {
	doc, err := ReadObject(ctx, blobs, key)
	if err != nil {
		return nil, err
	}
	return export.ReadCollection(doc)
}

// ReadObject returns a document among the objects, whole.
func ReadObject(ctx context.Context, blobs blob.Store, key string) ([]byte, error) {
	o, err := blobs.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	if o.Info().Bytes > maxBytes {
		return nil, fmt.Errorf("read object %s: it has %d bytes, which is no document of ours", key, o.Info().Bytes)
	}
	doc, err := io.ReadAll(o)
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	return doc, nil
}

// rows are all that the database says of an acquisition, each list in order of its WebSDRs.
func rows(ctx context.Context, s Store, taskID string) (*export.Collected, error) {
	a, captures, err := s.Acquisition(ctx, taskID)
	if err != nil {
		return nil, err
	}
	if !a.State.Ended() {
		return nil, fmt.Errorf("it is %s: %w", a.State, heimdall.ErrConflict)
	}
	c := &export.Collected{}
	c.Acquisition, c.Captures = a, captures
	known, err := s.WebSDRs(ctx, heimdall.WebSDRFilter{IDs: a.WebSDRIDs})
	if err != nil {
		return nil, err
	}
	for _, w := range known {
		c.WebSDRs = append(c.WebSDRs, export.Snapshot(w))
	}
	c.Measurements, err = s.Measurements(ctx, heimdall.MeasurementFilter{TaskID: taskID, Limit: heimdall.MaxPage})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(c.Measurements, func(x, y heimdall.Measurement) int {
		return cmp.Or(cmp.Compare(x.WebSDRID, y.WebSDRID), x.Timestamp.Compare(y.Timestamp))
	})
	c.Legacy, err = s.LegacyMetrics(ctx, taskID)
	return c, err
}

// streams are the recordings beside the collection, by name and hash. One whose metadata is lost is no stream.
func streams(ctx context.Context, blobs blob.Store, c *export.Collected) ([]sigmf.Stream, error) {
	var out []sigmf.Stream
	folder := path.Dir(export.CollectionKey(c.Acquisition.TaskID, 1))
	for _, k := range c.Captures {
		if k.Recording == nil || path.Dir(k.Recording.S3Path) != folder || !strings.HasSuffix(k.Recording.S3Path, sigmf.DataExt) {
			continue
		}
		meta, err := ReadObject(ctx, blobs, k.Recording.MetadataPath())
		if errors.Is(err, blob.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(path.Base(k.Recording.S3Path), sigmf.DataExt)
		out = append(out, sigmf.Stream{Name: name, Hash: sigmf.MetaHash(meta)})
	}
	return out, nil
}
