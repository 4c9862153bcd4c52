package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/export"
)

// maxMetadata bounds the SigMF document of a recording: megabytes only when it has very many gaps.
const maxMetadata = 64 << 20

type recordingInput struct {
	CapturePath
	Format     export.Format   `query:"format" enum:"sigmf-data,sigmf-meta,sigmf,npy,wav,kiwi-wav,raw" doc:"sigmf-data (the default, as stored), sigmf-meta (JSON), sigmf (archive of both), npy (complex64), wav, kiwi-wav (with GPS times) or raw"`
	FromSample optional[int64] `query:"from_sample" doc:"First sample of the part wanted, counting samples held; absent means 0"`
	Samples    optional[int64] `query:"samples" doc:"How many samples from there; absent means all that follow"`
	TimeSlice
}

// A TimeSlice is the part of recordings that the caller wants, by the clock of each.
type TimeSlice struct {
	FromTime time.Time `query:"from_time" doc:"Only samples received at or after this time (RFC 3339, to the nanosecond)" example:"2026-03-01T12:00:00.25Z"`
	ToTime   time.Time `query:"to_time" doc:"Only samples received before this time"`
}

func (t TimeSlice) isSet() bool { return !t.FromTime.IsZero() || !t.ToTime.IsZero() }

func (s *service) getRecording(ctx context.Context, in *recordingInput) (*huma.StreamResponse, error) {
	if in.Format == "" {
		in.Format = export.SigMFData
	}
	c, err := s.Store.Capture(ctx, in.TaskID, in.WebSDRID)
	if err != nil {
		return nil, err
	}
	if c.Recording == nil {
		return nil, noRecording(c)
	}
	file, info, err := s.openRecording(ctx, in, c.Recording)
	if err != nil {
		return nil, err
	}
	return s.download(ctx, download{file, file.Name, file.ContentType, file.ETag, info.Modified}, "acquisition", in.TaskID, "websdr", in.WebSDRID), nil
}

// A download is a file on its way to the caller.
type download struct {
	content     io.ReadSeekCloser
	name        string
	contentType string
	etag        string
	modified    time.Time // zero when only the ETag tells
}

// download answers with a file, or the ranges of it that the caller wants, and closes it. subject is what to log
// when it breaks off.
func (s *service) download(ctx context.Context, d download, subject ...any) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer d.content.Close()
		r, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", d.contentType)
		w.Header().Set("ETag", d.etag)
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": d.name}))
		content := &watchedReader{ReadSeeker: d.content}
		http.ServeContent(newPatientWriter(w), r, d.name, d.modified, content)
		if content.err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "download broke off", append(subject, "request_id", requestID(ctx), "err", content.err)...)
		}
	}}
}

// A watchedReader keeps the error that http.ServeContent keeps to itself. The caller sees an answer that is
// shorter than announced.
type watchedReader struct {
	io.ReadSeeker
	err error
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// noRecording says why there is nothing to download.
func noRecording(c heimdall.Capture) error {
	why := "it is " + string(c.State) + ", try again when it has ended"
	if c.State.Ended() {
		why = "it " + map[heimdall.State]string{heimdall.Failed: "failed", heimdall.Cancelled: "was cancelled"}[c.State]
		if c.FailureClass != "" {
			why += " (" + string(c.FailureClass) + ")"
		}
		if c.Reason != "" {
			why += ": " + c.Reason
		}
	}
	return fmt.Errorf("the capture of WebSDR %d in acquisition %s has no recording, because %s: %w", c.WebSDRID, c.TaskID, why, heimdall.ErrNotFound)
}

// openRecording opens the objects that the format needs. The file lives until it is closed; ctx ends reading.
func (s *service) openRecording(ctx context.Context, in *recordingInput, rec *heimdall.Recording) (*export.File, blob.Info, error) {
	var meta []byte
	if in.Format == export.SigMF || in.Format == export.SigMFMeta {
		var err error
		if meta, err = s.readObject(ctx, rec.MetadataPath()); err != nil {
			return nil, blob.Info{}, err
		}
	}
	obj, err := s.Blobs.Open(ctx, rec.S3Path)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, blob.Info{}, fmt.Errorf("the recording was stored as %s, which is no longer in the object store: %w", rec.S3Path, err)
	}
	if err != nil {
		return nil, blob.Info{}, err
	}
	var options []export.Option
	if in.FromSample.IsSet || in.Samples.IsSet {
		samples := rec.SamplesCount - in.FromSample.Value
		if in.Samples.IsSet {
			samples = in.Samples.Value
		}
		options = append(options, export.Slice(in.FromSample.Value, samples))
	}
	if in.TimeSlice.isSet() {
		options = append(options, export.Between(in.FromTime, in.ToTime))
	}
	file, err := export.Open(obj, meta, *rec, in.Format, options...)
	if err != nil {
		return nil, blob.Info{}, errors.Join(ofList(err), obj.Close())
	}
	return file, obj.Info(), nil
}

// readObject reads a small object whole; one that is not there is empty.
func (s *service) readObject(ctx context.Context, key string) ([]byte, error) {
	obj, err := s.Blobs.Open(ctx, key)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer obj.Close()
	if n := obj.Info().Bytes; n > maxMetadata {
		return nil, fmt.Errorf("read object %s: it has %d bytes, more than the %d of any metadata", key, n, maxMetadata)
	}
	return io.ReadAll(obj)
}
