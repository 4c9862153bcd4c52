package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/heimdall-sdr/heimdall/blob"
)

// A found object is what a HEAD tells of it.
type found struct {
	info blob.Info
	etag string
}

// Open implements blob.Store. When ctx ends, so does reading.
func (s *Store) Open(ctx context.Context, key string) (blob.Object, error) {
	h, err := s.stat(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("open object %s: %w", key, s.explain(ctx, err))
	}
	return s.open(ctx, h), nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	h, err := s.stat(ctx, key)
	if err != nil {
		return blob.Info{}, fmt.Errorf("stat object %s: %w", key, s.explain(ctx, err))
	}
	return h.info, nil
}

// stat is head, but an object is absent only where there is a bucket: the answer to a HEAD says no more than a number,
// and whoever takes a bucket that is gone for one without objects may delete the rows.
func (s *Store) stat(ctx context.Context, key string) (found, error) {
	if err := begin(ctx, key); err != nil {
		return found{}, err
	}
	h, err := s.head(ctx, key)
	if errors.Is(err, blob.ErrNotFound) || status(err) >= 300 && !passing(err) {
		if reason := s.retry(ctx, func() error { return s.ask(ctx) }); reason != nil {
			return found{}, reason
		}
	}
	return h, err
}

func (s *Store) head(ctx context.Context, key string) (found, error) {
	var out *s3.HeadObjectOutput
	err := s.retry(ctx, func() (err error) {
		out, err = s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.config.Bucket, Key: &key})
		return err
	})
	if status(err) == http.StatusNotFound {
		return found{}, blob.ErrNotFound
	}
	if err != nil {
		return found{}, err
	}
	h := found{etag: aws.ToString(out.ETag), info: blob.Info{Key: key, Bytes: aws.ToInt64(out.ContentLength), Modified: modified(out.LastModified)}}
	if noted := out.Metadata[metaBytes]; noted == strconv.FormatInt(h.info.Bytes, 10) {
		h.info.SHA256 = out.Metadata[metaSHA256]
	}
	return h, nil
}

// modified is in whole seconds, as a HEAD says it; lists may be finer.
func modified(t *time.Time) time.Time {
	return aws.ToTime(t).UTC().Truncate(time.Second)
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := s.delete(ctx, key); err != nil {
		return fmt.Errorf("delete object %s: %w", key, s.explain(ctx, err))
	}
	return nil
}

func (s *Store) delete(ctx context.Context, key string) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	err := s.retry(ctx, func() error {
		_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.config.Bucket, Key: &key})
		return err
	})
	if code(err) == "NoSuchKey" { // Amazon's does not say so
		return nil
	}
	return err
}

// MaxPresigned is how long a URL may be good for (Signature Version 4, X-Amz-Expires).
const MaxPresigned = 7 * 24 * time.Hour

// Presign gives a URL by which anybody can get the object until ttl has passed, straight from the server and without
// a key. It does not look whether the object is there.
func (s *Store) Presign(ctx context.Context, key string, ttl time.Duration) (string, error) {
	if err := begin(ctx, key); err != nil {
		return "", fmt.Errorf("presign object %s: %w", key, err)
	}
	if ttl < time.Second || ttl > MaxPresigned {
		return "", fmt.Errorf("presign object %s: it can be for 1 second to %v, not %v", key, MaxPresigned, ttl)
	}
	req, err := s3.NewPresignClient(s.client).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.config.Bucket, Key: &key}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", fmt.Errorf("presign object %s: %w", key, err)
	}
	return req.URL, nil
}
