package acquire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/heimdall-sdr/heimdall/dsp"
)

// spooled returns what an earlier worker left: a sealed entry as it is, and an unsealed one sealed now if it
// holds enough. Otherwise it is fs.ErrNotExist.
func (k *capture) spooled(ctx context.Context, entry *spoolEntry) (*sealed, error) {
	s, err := entry.loadSealed()
	if err == nil {
		return &s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	b, err := entry.loadBeginning()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(entry.samplesPath())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	size := int64(b.Meter.Format.Size())
	samples := info.Size() / size
	if float64(samples) < minimumKept*b.Duration.Seconds()*b.Clock.RateHz {
		return nil, fs.ErrNotExist
	}
	return k.sealPartial(ctx, entry, b, io.LimitReader(f, samples*size))
}

// sealPartial finishes what a worker that died had recorded.
func (k *capture) sealPartial(ctx context.Context, entry *spoolEntry, b beginning, samples io.Reader) (*sealed, error) {
	meter, err := dsp.NewMeter(b.Meter)
	if err != nil {
		return nil, err
	}
	w := newSummer()
	if _, err := io.Copy(io.MultiWriter(meter, &w), samples); err != nil {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	if err := os.Truncate(entry.samplesPath(), w.bytes); err != nil {
		return nil, fmt.Errorf("trim spool: %w", err)
	}
	e := ending{beginning: b, clock: b.Clock, sum: w.sum(),
		reason: "its worker stopped in the middle; what was recorded until then is kept"}
	return k.seal(ctx, entry, meter, e)
}
