package acquire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/dsp"
	"github.com/heimdall-sdr/heimdall/websdr"
)

const (
	readSize = 32 << 10 // bytes asked of a stream at once; a multiple of every sample size
	// showInterval is how often the count of bytes is shown while recording, in the first seconds of it. Somebody may be
	// looking on; what goes on for longer is shown at showLater, because each time costs a row.
	showInterval = 200 * time.Millisecond
	showLater    = time.Second
	showFirst    = 2 * time.Second // how long the former is kept up
)

// A tape reads a stream and knows where it is.
type tape struct {
	websdr.Stream
	size int // of a sample
	pos  int64
	buf  []byte
}

func newTape(s websdr.Stream) *tape {
	return &tape{Stream: s, size: s.Header().Format.Size(), buf: make([]byte, readSize)}
}

// next reads samples, at most up to index limit.
func (t *tape) next(limit int64) ([]byte, error) {
	n := min(int64(len(t.buf)), (limit-t.pos)*int64(t.size))
	got, err := t.Read(t.buf[:n])
	t.pos += int64(got / t.size)
	return t.buf[:got], err
}

// discard reads up to index limit and reports an error only if it is not reached.
func (t *tape) discard(limit int64) error {
	for t.pos < limit {
		if _, err := t.next(limit); err != nil && t.pos < limit {
			return err
		}
	}
	return nil
}

// position is the time of the next sample.
func (t *tape) position() time.Time {
	c := t.Clock()
	return c.At(t.pos)
}

// meet lets the stream settle, agrees with the others on a window and reads up to its first sample.
func (k *capture) meet(ctx context.Context, s websdr.Stream) (*tape, error) {
	t, h := newTape(s), s.Header()
	k.show(func(c *heimdall.Capture) {
		c.Phase, c.FailureClass, c.Reason = heimdall.PhaseSettling, "", ""
	})
	if err := t.discard(int64(h.Settle.Seconds() * h.NominalRateHz)); err != nil {
		return nil, k.streamError(ctx, err)
	}
	seat := k.meeting.arrive(k.c.WebSDRID, h.Live, t.position())
	if seat == nil {
		return nil, k.late()
	}
	k.show(func(c *heimdall.Capture) { c.Phase = heimdall.PhaseReady })
	if err := k.awaitWindow(ctx, t, seat); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if !seat.agreed {
		return nil, websdr.Fail(heimdall.FailProtocol, "agree on a common window", nil,
			"its time stamps say %s, more than %v from the other receivers'", t.position().Format(time.RFC3339), clockSpread)
	}
	for {
		c := t.Clock()
		first := c.SampleAt(k.meeting.start)
		if t.pos >= first {
			return t, nil
		}
		if _, err := t.next(first); err != nil && t.pos < first {
			if errors.Is(err, io.EOF) {
				return nil, websdr.Fail(heimdall.FailOutOfRange, "join the common window", nil,
					"its samples end at %s, before the window begins at %s", t.position().Format(time.RFC3339Nano), k.meeting.start.Format(time.RFC3339Nano))
			}
			return nil, k.streamError(ctx, err)
		}
	}
}

// awaitWindow keeps a live stream flowing until the window is agreed on.
func (k *capture) awaitWindow(ctx context.Context, t *tape, seat *seat) error {
	if !seat.live {
		select {
		case <-k.meeting.decided:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for {
		select {
		case <-k.meeting.decided:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		default:
		}
		if _, err := t.next(math.MaxInt64 / int64(t.size)); err != nil {
			return k.streamError(ctx, err)
		}
		seat.position.Store(t.position().UnixNano())
	}
}

// streamError is why a stream gave no more; the end of ctx comes first.
func (k *capture) streamError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, io.EOF) {
		return websdr.Fail(heimdall.FailTransport, "read "+k.w.Name, nil, "its samples ended too early")
	}
	return websdr.AsFailure(err)
}

// recordWindow writes the window's samples to the spool, measures them on the way if they are many, and seals the entry,
// which goes on until whole ends: what is complete by then has freed its receiver, and is kept whoever cancels.
func (k *capture) recordWindow(whole, ctx context.Context, t *tape, entry *spoolEntry) (*sealed, error) {
	b := k.beginning(t)
	if err := b.Meter.Validate(); err != nil {
		return nil, websdr.Fail(heimdall.FailUnsupported, "measure", err, "choose a channel inside what %s receives", k.w.Name)
	}
	w, err := entry.begin(b)
	if err != nil {
		return nil, err
	}
	var meter *dsp.Meter // stays nil when seal is to measure what the spool holds
	to := io.Writer(w)
	if b.Meter.ExpectedSamples > dsp.WholeSamples {
		if meter, err = dsp.NewMeter(b.Meter); err != nil {
			return nil, errors.Join(err, w.close())
		}
		to = io.MultiWriter(w, meter)
	}
	cut := t.pos
	recording, recorded := k.step(ctx, "record")
	cause := k.copyWindow(recording, t, to, b)
	recorded(cause)
	if err := w.close(); err != nil {
		meter = nil // it was told of samples that the disk did not take
		if cause == nil {
			cause = err
		}
	}
	trailer, clock := t.Trailer(), t.Clock()
	t.Close()
	k.release()

	e := ending{beginning: b, clock: clock.Rebase(cut), trailer: trailer, sum: w.sum()}
	if cause != nil {
		kept := float64(t.pos-cut) / max(1, float64(e.expectedSamples()))
		if ctx.Err() != nil || kept < minimumKept {
			return nil, cause
		}
		e.reason = fmt.Sprintf("%.0f %% of the window: %v", 100*kept, cause)
	}
	_, measured := k.step(ctx, "measure")
	s, err := k.seal(whole, entry, meter, e)
	measured(err)
	return s, err
}

// copyWindow copies samples until the window's end, as the stream's clock tells it.
func (k *capture) copyWindow(ctx context.Context, t *tape, w io.Writer, b beginning) error {
	begun, shown, interval := k.a.Now(), time.Time{}, showInterval
	var bytes int64
	until := b.Window.Add(b.Duration)
	for {
		c := t.Clock()
		last := c.SampleAt(until)
		if now := k.a.Now(); now.Sub(shown).Abs() >= interval || t.pos >= last {
			if shown = now; now.Sub(begun) > showFirst {
				interval = showLater
			}
			k.show(func(c *heimdall.Capture) {
				c.Phase, c.BytesReceived, c.Elapsed = heimdall.PhaseRecording, bytes, now.Sub(begun)
			})
		}
		if t.pos >= last {
			return nil
		}
		p, err := t.next(last)
		if _, e := w.Write(p); e != nil {
			return e
		}
		bytes += int64(len(p))
		if err != nil {
			if c := t.Clock(); t.pos < c.SampleAt(until) {
				return k.streamError(ctx, err)
			}
		}
	}
}

// beginning is what is known of the recording when its first sample is next.
func (k *capture) beginning(t *tape) beginning {
	a, h, c := &k.job.Acquisition, t.Header(), t.Clock()
	clock := c.Rebase(t.pos)
	return beginning{
		Window: k.meeting.start, Duration: a.Duration, Clock: clock,
		Recording: heimdall.Recording{
			Datatype: h.Format.String(), NominalRateHz: h.NominalRateHz, FrequencyHz: h.FrequencyHz,
			PassbandLowHz: h.PassbandLowHz, PassbandHighHz: h.PassbandHighHz, Dialect: h.Dialect,
		},
		Meter: dsp.Config{
			Format: h.Format, SampleRateHz: h.NominalRateHz,
			// A receiver may be tuned beside the frequency asked for, to keep it clear of its oscillator.
			ChannelCenterHz:    a.ChannelCenterHz + float64(a.FrequencyHz-h.FrequencyHz),
			ChannelBandwidthHz: a.ChannelBandwidthHz,
			PassbandLowHz:      h.PassbandLowHz, PassbandHighHz: h.PassbandHighHz,
			ZeroIF: h.ZeroIF, AGC: h.AGC,
			ExpectedSamples:  int64(math.Round(a.Duration.Seconds() * clock.RateHz)),
			RadioFrequencyHz: float64(h.FrequencyHz), ClockSigmaPPM: k.w.ClockSigmaPPM,
		},
	}
}
