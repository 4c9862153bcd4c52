package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A presigner is an object store that lets others read an object without asking us: S3 does, a folder does not.
type presigner interface {
	Presign(ctx context.Context, key string, ttl time.Duration) (string, error)
}

// defaultURLSeconds is how long a URL is good for when the caller does not say.
const defaultURLSeconds = 3600

type recordingURLInput struct {
	CapturePath
	Object  string `query:"object" enum:"data,metadata" doc:"data (the default) or metadata: the sigmf-data or the sigmf-meta object"`
	Seconds int    `query:"expires_seconds" minimum:"1" maximum:"604800" doc:"How long the URL is good for; 3600 when absent, at most 7 days"`
}

type recordingURLOutput struct {
	// The address is a secret of whoever asked.
	CacheControl string `header:"Cache-Control"`
	Body         wire.RecordingURL
}

func (s *service) getRecordingURL(ctx context.Context, in *recordingURLInput) (*recordingURLOutput, error) {
	c, err := s.Store.Capture(ctx, in.TaskID, in.WebSDRID)
	if err != nil {
		return nil, err
	}
	if c.Recording == nil {
		return nil, noRecording(c)
	}
	store, ok := s.Blobs.(presigner)
	if !ok {
		return nil, newProblem(ctx, http.StatusNotImplemented,
			"this server keeps its recordings in a folder, which has no addresses of its own: download "+
				wire.CaptureOf(c).Recording.Download+", or keep recordings in S3 (MINIO_URL)")
	}
	key := c.Recording.S3Path
	if in.Object == "metadata" {
		key = c.Recording.MetadataPath()
	}
	info, err := s.Blobs.Stat(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("look for %s: %w", key, err)
	}
	out := &recordingURLOutput{CacheControl: "no-store"}
	out.Body = wire.RecordingURL{S3Path: key, Bytes: info.Bytes, SHA256: info.SHA256}
	if in.Object != "metadata" {
		if info.Bytes != c.Recording.Bytes {
			return nil, fmt.Errorf("presign %s: the object has %d bytes and should have %d: it is damaged or not this recording", key, info.Bytes, c.Recording.Bytes)
		}
		out.Body.SHA256 = c.Recording.SHA256
	}
	if in.Seconds == 0 {
		in.Seconds = defaultURLSeconds
	}
	ttl := time.Duration(in.Seconds) * time.Second
	// Before it is made: then it lasts at least as long as is said.
	out.Body.ExpiresAt = s.Now().Add(ttl).UTC().Truncate(time.Second)
	if out.Body.URL, err = store.Presign(ctx, key, ttl); err != nil {
		return nil, err
	}
	return out, nil
}
