package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/blob"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/spectrogram"
)

const (
	maxPyramid   = 256 << 20       // bytes of a stored pyramid
	buildingTime = 5 * time.Minute // at most, for one
)

// pyramids are those of recordings: each is made once, by the first who asks, and stored beside the recording. Those
// last asked for are kept, because a page asks for many pieces of all recordings of an acquisition.
type pyramids struct {
	building singleflight.Group // by key of the object

	mu   sync.Mutex // guards the rest
	kept []keptPyramid
}

// A keptPyramid is one in memory, with the key of its object.
type keptPyramid struct {
	key string
	*spectrogram.Pyramid
}

// keptBytes is how much memory pyramids may take between requests. The last one is kept whatever it takes.
const keptBytes = 64 << 20

func (p *pyramids) get(rec *heimdall.Recording) *spectrogram.Pyramid {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, k := range p.kept {
		if k.key == rec.SpectrogramPath() && k.SHA256 == rec.SHA256 {
			p.kept = append(slices.Delete(p.kept, i, i+1), k)
			return k.Pyramid
		}
	}
	return nil
}

func (p *pyramids) keep(rec *heimdall.Recording, last *spectrogram.Pyramid) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := rec.SpectrogramPath()
	p.kept = append(slices.DeleteFunc(p.kept, func(k keptPyramid) bool { return k.key == key }), keptPyramid{key, last})
	total := 0
	for i, k := range slices.Backward(p.kept) {
		if total += k.Bytes(); total > keptBytes && i < len(p.kept)-1 {
			p.kept = slices.Delete(p.kept, 0, i+1)
			return
		}
	}
}

// pyramid is that of a recording, from memory, from the object store or from its samples. store is nil, or puts it into
// the object store: the caller does that after it has answered.
func (s *service) pyramid(ctx context.Context, c heimdall.Capture, shape spectrogram.Shape) (p *spectrogram.Pyramid, store func(), err error) {
	rec := c.Recording
	if p := s.pyramids.get(rec); p != nil {
		return p, nil, nil
	}
	// Many may wait for it: it must not depend on whether the first of them does.
	made := s.pyramids.building.DoChan(rec.SpectrogramPath(), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), buildingTime)
		defer cancel()
		b := &builtPyramid{}
		var err error
		if b.pyramid, err = s.storedPyramid(ctx, rec); err == nil && b.pyramid == nil {
			b.fresh = true
			b.pyramid, err = s.buildPyramid(ctx, rec, shape)
		}
		if err == nil {
			s.pyramids.keep(rec, b.pyramid)
		}
		return b, err
	})
	select {
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case result := <-made:
		if result.Err != nil {
			return nil, nil, result.Err
		}
		b := result.Val.(*builtPyramid)
		if b.fresh {
			store = func() { b.stored.Do(func() { s.storePyramid(context.WithoutCancel(ctx), c, b.pyramid) }) }
		}
		return b.pyramid, store, nil
	}
}

// A builtPyramid is what all who waited for it get. One of them stores it.
type builtPyramid struct {
	pyramid *spectrogram.Pyramid
	fresh   bool
	stored  sync.Once
}

// storedPyramid is the one in the object store; nil when there is none of this recording that can be read. One that
// cannot is deleted, so that a new one can take its place.
func (s *service) storedPyramid(ctx context.Context, rec *heimdall.Recording) (*spectrogram.Pyramid, error) {
	key := rec.SpectrogramPath()
	obj, err := s.Blobs.Open(ctx, key)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer obj.Close()
	if obj.Info().Bytes > maxPyramid {
		return nil, s.Blobs.Delete(ctx, key)
	}
	text, err := io.ReadAll(obj)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, nil
	}
	if err != nil && !errors.Is(err, blob.ErrDiffers) {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	if err == nil {
		p, err := spectrogram.Decode(text)
		if err == nil && p.SHA256 == rec.SHA256 {
			return p, nil
		}
	}
	return nil, s.Blobs.Delete(ctx, key)
}

func (s *service) buildPyramid(ctx context.Context, rec *heimdall.Recording, shape spectrogram.Shape) (*spectrogram.Pyramid, error) {
	format, err := iq.ParseFormat(rec.Datatype)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", rec.S3Path, err)
	}
	obj, err := s.openSamples(ctx, rec)
	if err != nil {
		return nil, err
	}
	defer obj.Close()
	p, err := spectrogram.Build(ctx, obj, format, shape, rec.Bytes, rec.SHA256)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", rec.S3Path, err)
	}
	return p, nil
}

func (s *service) openSamples(ctx context.Context, rec *heimdall.Recording) (blob.Object, error) {
	obj, err := s.Blobs.Open(ctx, rec.S3Path)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, fmt.Errorf("the recording was stored as %s, which is no longer in the object store: %w", rec.S3Path, err)
	}
	return obj, err
}

// storePyramid keeps a pyramid for those who come later. When it cannot, it is made again: nobody need know. What
// another server has stored meanwhile is as good.
func (s *service) storePyramid(ctx context.Context, c heimdall.Capture, p *spectrogram.Pyramid) {
	ctx, cancel := context.WithTimeout(ctx, buildingTime)
	defer cancel()
	key := c.Recording.SpectrogramPath()
	text, err := p.Encode()
	if err == nil {
		_, err = s.Store.Capture(ctx, c.TaskID, c.WebSDRID) // deleted since it was drawn?
	}
	if err == nil {
		err = s.Blobs.Put(ctx, key, bytes.NewReader(text), blob.SumOf(text))
	}
	if err != nil && !errors.Is(err, heimdall.ErrNotFound) && !errors.Is(err, blob.ErrDiffers) {
		s.Log.WarnContext(ctx, "spectrogram not stored", "acquisition", c.TaskID, "websdr", c.WebSDRID, "object", key, "err", err)
	}
}
