package s3

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"github.com/heimdall-sdr/heimdall/blob"
)

const (
	// maxSingle is the size of the largest object that is sent in one request.
	maxSingle = 8 << 20
	// maxBufferBytes is the memory that all uploads of one Store share: those beyond it wait.
	maxBufferBytes = 128 << 20
	// maxTries bounds how often a Put sees a key taken that a Delete frees again at the same moment.
	maxTries = 10
)

// Keys of the object's own metadata.
const (
	metaSHA256 = "sha256"
	metaBytes  = "bytes"
)

var everyETag = aws.String("*") // If-None-Match: nothing at all may be there

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, want blob.Sum) error {
	if err := s.put(ctx, key, r, want); err != nil {
		return fmt.Errorf("put object %s: %w", key, s.explain(ctx, err))
	}
	return nil
}

func (s *Store) put(ctx context.Context, key string, r io.Reader, want blob.Sum) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	p, err := prove(ctx, r, want)
	if err != nil {
		return err
	}
	// A key that is taken needs no second upload, only a comparison; and not every server heeds If-None-Match.
	if held, err := s.holds(ctx, key, want); err != nil {
		return err
	} else if held {
		return p.all()
	}
	memory := bufferBytes(want.Bytes)
	if err := s.buffers.Acquire(ctx, memory); err != nil {
		return err
	}
	defer s.buffers.Release(memory)
	if want.Bytes <= maxSingle {
		return s.putWhole(ctx, key, p)
	}
	return s.putParts(ctx, key, p)
}

// bufferBytes is how much of maxBufferBytes a Put of so many bytes takes.
func bufferBytes(size int64) int64 {
	if size <= maxSingle {
		return size
	}
	return min(partBuffers*partBytes(size), maxBufferBytes)
}

// putWhole sends an object in one request.
func (s *Store) putWhole(ctx context.Context, key string, p *proof) error {
	body := make([]byte, p.want.Bytes)
	if err := p.fill(body); err != nil {
		return err
	}
	if err := p.end(); err != nil {
		return err
	}
	in := &s3.PutObjectInput{
		Bucket: &s.config.Bucket, Key: &key, IfNoneMatch: everyETag,
		ContentLength: &p.want.Bytes, ContentType: aws.String(contentType), ChecksumCRC32C: checksum(body), Metadata: metadata(p.want),
	}
	send := func() error {
		in.Body = bytes.NewReader(body)
		_, err := s.client.PutObject(ctx, in, withPayloadHash(p.want.SHA256))
		return err
	}
	return s.unlessTaken(ctx, key, p.want, func() error {
		err := s.retry(ctx, send)
		if status(err) == http.StatusNotImplemented { // it knows no If-None-Match
			in.IfNoneMatch = nil
			err = s.retry(ctx, send)
			in.IfNoneMatch = everyETag
			if err == nil {
				_, err = s.holds(ctx, key, p.want)
			}
		}
		return err
	})
}

// unlessTaken calls publish until the object is there, by it or by somebody else.
func (s *Store) unlessTaken(ctx context.Context, key string, want blob.Sum, publish func() error) error {
	for range maxTries {
		err := publish()
		if status(err) != http.StatusPreconditionFailed {
			return err
		}
		if held, err := s.holds(ctx, key, want); held || err != nil {
			return err
		}
	}
	return errors.New("it is being deleted again and again: try later")
}

// holds reports whether key already holds want, and is ErrDiffers when it holds something else.
func (s *Store) holds(ctx context.Context, key string, want blob.Sum) (bool, error) {
	h, err := s.head(ctx, key)
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case h.info.Bytes != want.Bytes:
		return false, fmt.Errorf("%w: the key holds %d bytes, not %d", blob.ErrDiffers, h.info.Bytes, want.Bytes)
	case h.info.SHA256 == want.SHA256:
		return true, nil
	case h.info.SHA256 != "":
		return false, fmt.Errorf("%w: SHA-256 of the bytes under the key is %s, not %s", blob.ErrDiffers, h.info.SHA256, want.SHA256)
	}
	// Somebody else has put it. It stays as it is, without a hash: what is there is not written to.
	o := s.open(ctx, h)
	defer o.Close()
	p, err := prove(ctx, o, want)
	if err != nil {
		return false, err
	}
	if err := p.all(); errors.Is(err, blob.ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("compare with the bytes under the key: %w", err)
	}
	return true, nil
}

const contentType = "application/octet-stream"

func metadata(sum blob.Sum) map[string]string {
	return map[string]string{metaSHA256: sum.SHA256, metaBytes: strconv.FormatInt(sum.Bytes, 10)}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is the CRC32C as S3 writes it.
func checksum(b []byte) *string {
	return aws.String(base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.Checksum(b, castagnoli))))
}

// withPayloadHash spares the signature to hash a body whose hash is known.
func withPayloadHash(sha256Hex string) func(*s3.Options) {
	return s3.WithAPIOptions(func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("PayloadHash",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(v4.SetPayloadHash(ctx, sha256Hex), in)
			}), middleware.Before)
	})
}
