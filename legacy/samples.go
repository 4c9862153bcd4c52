package legacy

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"

	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/iq"
)

// An array is an open npy object whose size agrees with its header.
type array struct {
	*iq.NPYReader
	object  blob.Object
	heard   *listener
	samples int64 // that are there
	cutOff  bool  // that is fewer than the header announces
	extra   int64 // bytes after the array
}

// A problem is why something is skipped.
type problem struct {
	why    Reason
	detail string
}

func (p *problem) Error() string { return string(p.why) + ": " + p.detail }

func problemf(why Reason, format string, args ...any) error {
	return &problem{why, fmt.Sprintf(format, args...)}
}

// openArray opens an npy object. An error that is no problem is one of the whole source.
func (i *importer) openArray(ctx context.Context, key string) (_ *array, err error) {
	obj, err := i.from.Open(ctx, key)
	if err != nil {
		return nil, sourceError(err)
	}
	defer func() {
		if err != nil {
			obj.Close()
		}
	}()
	size := obj.Info().Bytes
	if size == 0 {
		return nil, problemf(Empty, "has no bytes")
	}
	heard := &listener{r: obj}
	r, err := iq.NewNPYReader(heard)
	if heard.failed != nil {
		return nil, sourceError(heard.failed)
	}
	if err != nil {
		return nil, problemf(NotNPY, "%v", err)
	}
	a := &array{NPYReader: r, object: obj, heard: heard, samples: r.Samples}
	held := size - r.HeaderBytes
	switch whole := r.Samples * int64(r.Format.Size()); {
	case held < whole:
		a.samples, a.cutOff = held/int64(r.Format.Size()), true
	default:
		a.extra = held - whole
	}
	if a.samples == 0 {
		return nil, problemf(Empty, "has no samples")
	}
	return a, nil
}

// sourceError tells what is wrong with one object from what is wrong with the source.
func sourceError(err error) error {
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return problemf(Gone, "was listed, but is not there any more")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, blob.ErrKey):
		return problemf(Unreadable, "%v", err)
	}
	return err
}

// A listener keeps the error of a reader that a parser takes for one of the format.
type listener struct {
	r      io.Reader
	failed error
}

func (l *listener) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		l.failed = err
	}
	return n, err
}

// readSize is how much is read at once; a multiple of every sample size.
const readSize = 256 << 10

// each calls do with the bytes of all samples that are there, whole samples at a time.
func (a *array) each(ctx context.Context, do func([]byte) error) error {
	buf := make([]byte, readSize)
	for left := a.samples * int64(a.Format.Size()); left > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(a.NPYReader, buf[:min(left, readSize)])
		if err != nil {
			return a.readError(err)
		}
		if err := do(buf[:n]); err != nil {
			return err
		}
		left -= int64(n)
	}
	return nil
}

// readError tells a source that fails from an object that ends before it should.
func (a *array) readError(err error) error {
	if a.heard.failed != nil {
		return sourceError(fmt.Errorf("read samples: %w", err))
	}
	return problemf(Changed, "is shorter than when it was opened")
}

// samples are what one pass over a recording gives.
type samples struct {
	format  iq.Format // to be stored in
	sum     blob.Sum  // of what is stored
	count   int64
	planned int64 // that there should be
	cutOff  bool
	extra   int64
	metrics dsp.Metrics
}

// measure reads a recording through meter and hashes. Complex numbers of two doubles are to be stored as floats if
// those hold every value exactly, which they do wherever a receiver's integers are behind them.
func (i *importer) measure(ctx context.Context, key string, rateHz float64) (*samples, error) {
	a, err := i.openArray(ctx, key)
	if err != nil {
		return nil, err
	}
	defer a.object.Close()
	if err := i.refuseCutOff(a); err != nil {
		return nil, err
	}
	meter, err := dsp.NewMeter(dsp.Config{Format: a.Format, SampleRateHz: rateHz, ExpectedSamples: a.Samples})
	if err != nil {
		return nil, problemf(Unfit, "%v", err)
	}
	asIs, narrow := sha256.New(), sha256.New()
	exact := a.Format == iq.CF64LE
	half := make([]byte, readSize/2)
	err = a.each(ctx, func(b []byte) error {
		asIs.Write(b)
		if exact {
			var n int
			n, exact = toFloat32(half, b)
			narrow.Write(half[:n])
		}
		_, err := meter.Write(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &samples{format: a.Format, count: a.samples, planned: a.Samples, cutOff: a.cutOff, extra: a.extra}
	s.sum = sumOf(asIs, a.samples*int64(a.Format.Size()))
	if exact {
		s.format, s.sum = iq.CF32LE, sumOf(narrow, a.samples*int64(iq.CF32LE.Size()))
	}
	if s.metrics, err = meter.Finish(dsp.End{SampleRateHz: rateHz, ExpectedSamples: a.Samples}); err != nil {
		return nil, problemf(Unfit, "%v", err)
	}
	return s, nil
}

func sumOf(h hash.Hash, n int64) blob.Sum {
	return blob.Sum{Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}
}

// toFloat32 turns little-endian doubles into floats; exact reports whether all came out the same.
func toFloat32(dst, src []byte) (n int, exact bool) {
	exact = true
	for k := 0; k+8 <= len(src); k += 8 {
		wide := binary.LittleEndian.Uint64(src[k:])
		v := float32(math.Float64frombits(wide))
		exact = exact && math.Float64bits(float64(v)) == wide
		binary.LittleEndian.PutUint32(dst[n:], math.Float32bits(v))
		n += 4
	}
	return n, exact
}

// put stores the samples under key. It is blob.ErrDiffers when the key is taken by others.
func (i *importer) put(ctx context.Context, from, key string, s *samples) error {
	info, err := i.blobs.Stat(ctx, key)
	switch {
	case err == nil && info.SHA256 == s.sum.SHA256 && info.Bytes == s.sum.Bytes:
		return nil
	case err == nil && info.SHA256 != "":
		return fmt.Errorf("store %s: %w", key, blob.ErrDiffers)
	case err != nil && !errors.Is(err, blob.ErrNotFound):
		return err
	}
	isNew := err != nil
	a, err := i.openArray(ctx, from)
	if err != nil {
		return err
	}
	defer a.object.Close()
	var r io.Reader = io.LimitReader(a.NPYReader, a.samples*int64(a.Format.Size()))
	if s.format != a.Format {
		r = &narrowed{r: r}
	}
	err = i.blobs.Put(ctx, key, r, s.sum)
	switch {
	case err == nil:
		return nil
	case a.heard.failed != nil:
		return sourceError(err)
	case isNew && errors.Is(err, blob.ErrDiffers), errors.Is(err, io.ErrUnexpectedEOF):
		return problemf(Changed, "has other bytes than a moment before")
	}
	return err
}

// narrowed gives doubles as floats.
type narrowed struct {
	r     io.Reader
	wide  [8192]byte
	half  [4096]byte
	ready []byte // of half
}

func (n *narrowed) Read(p []byte) (int, error) {
	if len(n.ready) == 0 {
		got, err := io.ReadFull(n.r, n.wide[:])
		if got%8 != 0 || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, err // ReadFull tells the end within from the end before
		}
		size, _ := toFloat32(n.half[:], n.wide[:got])
		n.ready = n.half[:size]
	}
	k := copy(p, n.ready)
	n.ready = n.ready[k:]
	return k, nil
}
