package acquire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
)

// dataKey is where a recording's samples are kept. A second copy is needed only when a worker that died left
// other bytes under the first key.
func dataKey(taskID string, websdrID int64, copy int) string {
	if copy == 1 {
		return fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", taskID, websdrID)
	}
	return fmt.Sprintf("sessions/%s/websdr_%d-%d.sigmf-data", taskID, websdrID, copy)
}

// maxCopies bounds the search for a free key.
const maxCopies = 100

// store makes a sealed capture visible: object first, then row. It may be repeated.
func (k *capture) store(ctx context.Context, entry *spoolEntry, s *sealed) (err error) {
	ctx, end := k.step(ctx, "store")
	defer func() { end(err) }()
	k.show(func(c *heimdall.Capture) { c.Phase, c.BytesReceived = heimdall.PhaseStoring, s.Sum.Bytes })
	for copy := 1; ; copy++ {
		s.Capture.Recording.S3Path = dataKey(s.Capture.TaskID, s.Capture.WebSDRID, copy)
		s.Measurement.S3Path = s.Capture.Recording.S3Path
		err := retryStorage(ctx, k.a.Jitter, func() error { return putObjects(ctx, k.a.Blobs, entry, s) }, k.note)
		if errors.Is(err, blob.ErrDiffers) && copy < maxCopies {
			continue
		}
		if err != nil {
			return k.storeError(ctx, err)
		}
		break
	}
	err = retryStorage(ctx, k.a.Jitter, func() error {
		return k.a.Store.FinishCapture(ctx, k.job.Lease, s.Capture, &s.Measurement)
	}, k.note)
	if err != nil {
		return k.storeError(ctx, err)
	}
	k.show(func(c *heimdall.Capture) { *c = s.Capture })
	k.a.Log.Info("capture ended", "acquisition", s.Capture.TaskID, "websdr", s.Capture.WebSDRID, "state", s.Capture.State, "bytes", s.Sum.Bytes)
	k.forget(entry)
	return nil
}

// storeError leaves the spool as it is: whoever claims the acquisition next stores it.
func (k *capture) storeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("store capture %s/%d: %w", k.c.TaskID, k.c.WebSDRID, err)
}

// A linker is an object store on this machine's own disk: it can take a file as it is, without a second copy.
type linker interface {
	Link(ctx context.Context, key, file string, want blob.Sum) error
}

// putObjects stores the samples and the metadata beside them.
func putObjects(ctx context.Context, blobs blob.Store, entry *spoolEntry, s *sealed) error {
	if err := putSamples(ctx, blobs, s.Capture.Recording.S3Path, entry.samplesPath(), s.Sum); err != nil {
		return err
	}
	meta, err := export.Metadata(s.Acquisition, s.Capture, s.WebSDR, &s.Measurement)
	if err != nil {
		return err
	}
	return blobs.Put(ctx, s.Capture.Recording.MetadataPath(), bytes.NewReader(meta), blob.SumOf(meta))
}

func putSamples(ctx context.Context, blobs blob.Store, key, path string, want blob.Sum) error {
	if l, ok := blobs.(linker); ok {
		return l.Link(ctx, key, path, want)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open spool: %w", err)
	}
	defer f.Close()
	return blobs.Put(ctx, key, f, want)
}
