package s3

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/heimdall-sdr/heimdall/blob"
)

// Limits of S3 (Amazon S3 user guide, "Amazon S3 multipart upload limits"): 10,000 parts, each of at least 5 MiB but
// the last.
const (
	smallestPart = 8 << 20
	maxParts     = 10_000
	// partBuffers are those of one upload: all but one are on their way while the next is read.
	partBuffers = 3
)

// partBytes is the size of the parts of an object, in whole MiB: 8 MiB up to 80 GB, 525 MiB for the 5 TiB that S3
// allows.
func partBytes(size int64) int64 {
	const mib = 1 << 20
	return max(smallestPart, (size+maxParts*mib-1)/(maxParts*mib)*mib)
}

// An upload is an object in parts that nobody sees yet.
type upload struct {
	s    *Store
	key  string
	id   *string
	want blob.Sum
	done []types.CompletedPart
}

// putParts sends an object part by part.
func (s *Store) putParts(ctx context.Context, key string, p *proof) error {
	u := &upload{s: s, key: key, want: p.want}
	if err := u.begin(ctx); err != nil {
		return err
	}
	err := u.send(ctx, p)
	if err == nil {
		err = s.unlessTaken(ctx, key, p.want, func() error { return u.complete(ctx) })
	}
	if err != nil || u.id != nil {
		u.abort(ctx)
	}
	return err
}

func (u *upload) begin(ctx context.Context) error {
	return u.s.retry(ctx, func() error {
		out, err := u.s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
			Bucket: &u.s.config.Bucket, Key: &u.key, ContentType: aws.String(contentType), Metadata: metadata(u.want),
			ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c,
		})
		if err == nil {
			u.id = out.UploadId
		}
		return err
	})
}

// send reads the parts and sends them, a few at a time.
func (u *upload) send(ctx context.Context, p *proof) error {
	size := partBytes(u.want.Bytes)
	u.done = make([]types.CompletedPart, (u.want.Bytes+size-1)/size)
	free := make(chan []byte, partBuffers)
	for range partBuffers {
		free <- nil // made when it is needed
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		for i := range u.done {
			var buf []byte
			select {
			case buf = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			if buf == nil {
				buf = make([]byte, size)
			}
			buf = buf[:min(size, u.want.Bytes-int64(i)*size)]
			if err := p.fill(buf); err != nil {
				return err
			}
			g.Go(func() error {
				defer func() { free <- buf[:cap(buf)] }()
				return u.sendPart(ctx, i, buf)
			})
		}
		return p.end()
	})
	return g.Wait()
}

func (u *upload) sendPart(ctx context.Context, i int, body []byte) error {
	number, sum := aws.Int32(int32(i+1)), checksum(body)
	err := u.s.retry(ctx, func() error {
		out, err := u.s.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &u.s.config.Bucket, Key: &u.key, UploadId: u.id, PartNumber: number,
			Body: bytes.NewReader(body), ContentLength: aws.Int64(int64(len(body))), ChecksumCRC32C: sum,
		}, s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
		if err == nil {
			u.done[i] = types.CompletedPart{PartNumber: number, ETag: out.ETag, ChecksumCRC32C: sum}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("send part %d of %d: %w", i+1, len(u.done), err)
	}
	return nil
}

// complete makes the object visible. Some servers copy all parts together before they answer, so that the answer may
// take as long as a slow disk needs for that.
func (u *upload) complete(ctx context.Context) error {
	const slowDisk = 20 << 20 // bytes a second
	patient := withPatience(ctx, u.s.config.Stall+time.Duration(u.want.Bytes/slowDisk)*time.Second)
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &u.s.config.Bucket, Key: &u.key, UploadId: u.id, IfNoneMatch: everyETag,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.done},
	}
	err := u.s.retry(ctx, func() error {
		_, err := u.s.client.CompleteMultipartUpload(patient, in)
		if status(err) == http.StatusNotImplemented && in.IfNoneMatch != nil { // it knows no If-None-Match
			in.IfNoneMatch = nil
			_, err = u.s.client.CompleteMultipartUpload(patient, in)
		}
		if code(err) != "NoSuchUpload" {
			return err
		}
		// An earlier answer was lost on its way, or somebody has aborted it: then the error stands.
		held, heldErr := u.s.holds(ctx, u.key, u.want)
		if held || heldErr != nil {
			return heldErr
		}
		return err
	})
	if err == nil {
		u.id = nil
	}
	return err
}

// abort frees the parts. Those that it cannot free, because the server is away, Sweep finds.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	u.s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &u.s.config.Bucket, Key: &u.key, UploadId: u.id})
}

// Sweep aborts uploads that were begun before the time given and never completed, as by a process that was killed: a
// bucket keeps their parts, and some bill them. It returns how many there were. MinIO does not show them, and removes
// them by itself after a day.
func (s *Store) Sweep(ctx context.Context, before time.Time) (aborted int, err error) {
	in := &s3.ListMultipartUploadsInput{Bucket: &s.config.Bucket, Prefix: aws.String(ourUploads)}
	for {
		var out *s3.ListMultipartUploadsOutput
		err := s.retry(ctx, func() (err error) {
			out, err = s.client.ListMultipartUploads(ctx, in)
			return err
		})
		if err != nil {
			return aborted, fmt.Errorf("list unfinished uploads: %w", s.explain(ctx, err))
		}
		for _, u := range out.Uploads {
			if u.Initiated == nil || !u.Initiated.Before(before) {
				continue
			}
			_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.config.Bucket, Key: u.Key, UploadId: u.UploadId})
			if err != nil && code(err) != "NoSuchUpload" {
				return aborted, fmt.Errorf("abort unfinished upload of %s: %w", aws.ToString(u.Key), s.explain(ctx, err))
			}
			aborted++
		}
		if !aws.ToBool(out.IsTruncated) || aws.ToString(out.NextKeyMarker) == "" {
			return aborted, nil
		}
		in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker
	}
}

// ourUploads is where Sweep looks: a bucket may be others', too.
const ourUploads = "sessions/"
