package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/heimdall-sdr/heimdall/blob"
)

// An object is read by GETs of ranges that double while reads follow each other, and begin small again after a seek.
// One GET of everything would be simpler, but MinIO keeps an object locked against deletion until its answer is taken,
// and what follows a seek would be sent for nothing. ReadAt has GETs of its own.
type object struct {
	s   *Store
	ctx context.Context // of Open
	found

	// Of the one goroutine that reads and seeks.
	at     int64         // where the next Read begins
	body   io.ReadCloser // the answer that is being read, or nil
	bodyAt int64         // where the next byte of body belongs
	end    int64         // and where its last one ended
	ahead  int64         // how much the next one asks for; 0 at first
	sum    hash.Hash     // of the first summed bytes
	summed int64
	failed error // what is wrong with the object itself
	closed bool

	mu      sync.Mutex // guards block, of ReadAt
	block   []byte
	blockAt int64
}

// The smallest and the largest range that Read asks for.
const (
	leastAhead = 1 << 20
	mostAhead  = 64 << 20
)

// blockBytes is what ReadAt fetches for those who ask for a few bytes, and keeps: they will ask for the next ones.
const blockBytes = 64 << 10

func (s *Store) open(ctx context.Context, h found) *object {
	return &object{s: s, ctx: ctx, found: h, sum: sha256.New()}
}

func (o *object) Info() blob.Info { return o.info }

// Read implements io.Reader.
func (o *object) Read(p []byte) (n int, err error) {
	switch {
	case o.closed:
		return 0, fs.ErrClosed
	case o.failed != nil:
		return 0, o.failed
	case len(p) == 0:
		return 0, nil
	case o.at >= o.info.Bytes:
		return 0, io.EOF
	}
	err = o.s.retry(o.ctx, func() (err error) {
		n, err = o.readOn(p)
		return err
	})
	if err != nil {
		return 0, o.describe(err)
	}
	if err := o.verify(p[:n]); err != nil {
		o.failed = o.describe(err)
		return 0, o.failed
	}
	o.at += int64(n)
	return n, nil
}

// readOn reads at least one byte, from the answer at hand if it is at the right place.
func (o *object) readOn(p []byte) (int, error) {
	if o.bodyAt != o.at {
		o.hangUp()
		o.ahead = 0
	}
	if o.body == nil {
		o.ahead = min(max(leastAhead, 2*o.ahead), mostAhead)
		n := min(o.ahead, o.info.Bytes-o.at)
		body, err := o.get(o.at, n)
		if err != nil {
			return 0, err
		}
		o.body, o.bodyAt, o.end = body, o.at, o.at+n
	}
	n, err := o.body.Read(p[:min(int64(len(p)), o.end-o.at)])
	if o.bodyAt += int64(n); err != nil || o.bodyAt == o.end {
		o.hangUp()
	}
	switch {
	case n > 0:
		return n, nil // after an error the next Read goes on from here
	case err == io.EOF:
		return 0, errShort
	}
	return 0, err
}

func (o *object) hangUp() {
	if o.body != nil {
		o.body.Close()
		o.body = nil
	}
}

// verify hashes reads that follow each other from the beginning, and compares at the end. The last bytes of an object
// that fails are not given, so that whoever reads it whole cannot overlook it.
func (o *object) verify(p []byte) error {
	if o.at != o.summed || o.info.SHA256 == "" {
		return nil
	}
	o.sum.Write(p)
	if o.summed += int64(len(p)); o.summed < o.info.Bytes {
		return nil
	}
	if got := hex.EncodeToString(o.sum.Sum(nil)); got != o.info.SHA256 {
		return fmt.Errorf("%w: SHA-256 of what the server gives is %s, not %s as when it was put: compare with heimdall check --deep, the object is damaged there or on its way",
			blob.ErrDiffers, got, o.info.SHA256)
	}
	return nil
}

// Seek implements io.Seeker.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.info.Bytes
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return 0, fmt.Errorf("seek in object %s: there is no offset %d", o.info.Key, offset)
	}
	o.at = offset
	return offset, nil
}

// ReadAt implements io.ReaderAt.
func (o *object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read object %s: there is no offset %d", o.info.Key, off)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if off >= o.info.Bytes {
		return 0, io.EOF
	}
	part := p[:min(int64(len(p)), o.info.Bytes-off)]
	if err := o.readFrom(part, off); err != nil {
		return 0, o.describe(err)
	}
	if len(part) < len(p) {
		return len(part), io.EOF
	}
	return len(part), nil
}

// readFrom fills part, from the block at hand if it lies in one.
func (o *object) readFrom(part []byte, off int64) error {
	start := off - off%blockBytes
	if off+int64(len(part)) > start+blockBytes || len(part) == blockBytes {
		return o.fetch(part, off)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.block == nil || o.blockAt != start {
		block := make([]byte, min(blockBytes, o.info.Bytes-start))
		if err := o.fetch(block, start); err != nil {
			return err
		}
		o.block, o.blockAt = block, start
	}
	copy(part, o.block[off-start:])
	return nil
}

func (o *object) fetch(part []byte, off int64) error {
	return o.s.retry(o.ctx, func() error {
		body, err := o.get(off, int64(len(part)))
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = io.ReadFull(body, part)
		return err
	})
}

// get asks for n bytes from off, of the object as it was when it was opened.
func (o *object) get(off, n int64) (io.ReadCloser, error) {
	in := &s3.GetObjectInput{Bucket: &o.s.config.Bucket, Key: &o.info.Key}
	if n < o.info.Bytes {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", off, off+n-1))
	}
	if o.etag != "" {
		in.IfMatch = &o.etag
	}
	out, err := o.s.client.GetObject(o.ctx, in)
	switch status(err) {
	case http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		return nil, errReplaced
	case http.StatusNotFound:
		if code(err) == "NoSuchBucket" {
			return nil, err
		}
		return nil, fmt.Errorf("%w: it was deleted while it was open", blob.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case out.ETag != nil && o.etag != "" && *out.ETag != o.etag: // the server overlooks If-Match
		err = errReplaced
	case aws.ToInt64(out.ContentLength) != n:
		err = errShort
	case in.Range != nil && aws.ToString(out.ContentRange) != fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, o.info.Bytes):
		err = fmt.Errorf("the server gave %q of it instead of %s", aws.ToString(out.ContentRange), *in.Range)
	default:
		return out.Body, nil
	}
	out.Body.Close()
	return nil, err
}

var errReplaced = fmt.Errorf("%w: it was replaced by another while it was open", blob.ErrNotFound)

func (o *object) describe(err error) error {
	return fmt.Errorf("read object %s: %w", o.info.Key, o.s.explain(o.ctx, err))
}

// Close implements io.Closer.
func (o *object) Close() error {
	o.closed = true
	o.hangUp()
	return nil
}
