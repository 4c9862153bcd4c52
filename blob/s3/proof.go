package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/heimdall-sdr/heimdall/blob"
)

// A proof reads what is to be put, piece by piece, and proves that it is what was announced. It reads one byte more
// than announced at most, and stops between two reads when ctx is cancelled.
type proof struct {
	ctx  context.Context
	r    io.Reader
	want blob.Sum
	hash hash.Hash
	read int64
}

func prove(ctx context.Context, r io.Reader, want blob.Sum) (*proof, error) {
	if want.Bytes < 0 {
		return nil, fmt.Errorf("%w: %d bytes were announced", blob.ErrDiffers, want.Bytes)
	}
	return &proof{ctx: ctx, r: r, want: want, hash: sha256.New()}, nil
}

// fill reads as many bytes as buf has.
func (p *proof) fill(buf []byte) error {
	got, err := p.some(buf)
	p.hash.Write(buf[:got])
	if p.read += int64(got); err == io.EOF {
		return fmt.Errorf("%w: %d bytes instead of the %d announced", blob.ErrDiffers, p.read, p.want.Bytes)
	}
	return err
}

// some is io.ReadFull, but io.EOF means the end and nothing else: a reader may have an io.ErrUnexpectedEOF of its own.
func (p *proof) some(buf []byte) (got int, err error) {
	for got < len(buf) && err == nil {
		if err := p.ctx.Err(); err != nil {
			return got, err
		}
		var n int
		n, err = p.r.Read(buf[got:])
		got += n
	}
	if got == len(buf) {
		return got, nil
	}
	return got, err
}

// end proves that there is no more to read, and that all was what was announced.
func (p *proof) end() error {
	if n, err := p.some(make([]byte, 1)); n > 0 {
		return fmt.Errorf("%w: more than the %d bytes announced", blob.ErrDiffers, p.want.Bytes)
	} else if err != io.EOF {
		return err
	}
	if got := hex.EncodeToString(p.hash.Sum(nil)); got != p.want.SHA256 {
		return fmt.Errorf("%w: SHA-256 is %s, not %s", blob.ErrDiffers, got, p.want.SHA256)
	}
	return nil
}

// all reads everything and keeps nothing.
func (p *proof) all() error {
	buf := make([]byte, min(p.want.Bytes, 256<<10))
	for left := p.want.Bytes; left > 0; left -= int64(len(buf)) {
		buf = buf[:min(left, int64(len(buf)))]
		if err := p.fill(buf); err != nil {
			return err
		}
	}
	return p.end()
}
