// Package websdr is the seam to radios: what a driver promises, in words and types.
//
// Each folder below this one speaks one protocol. package websdrtest holds the promise as a test that every
// driver runs. The surprising part: a driver neither retries nor logs, and never fills a gap. It reports.
package websdr

import (
	"context"
	"io"

	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/stamp"
)

// A Driver opens streams from one kind of WebSDR. It is safe for concurrent use.
type Driver interface {
	// Open connects, tunes and returns once the first sample is at hand, or fails with a *Failure.
	//
	// The receiver's own Timeout stands on connecting and on the first sample, and later on each wait for
	// more (a stall), never on the total. A cancelled ctx ends everything within a second, also Reads of the
	// stream in progress: ctx governs the stream's whole life.
	Open(ctx context.Context, w *heimdall.WebSDR, t Tuning) (Stream, error)
}

// A Tuning is what an acquisition asks of a receiver.
type Tuning struct {
	FrequencyHz  int64  // radio frequency; the driver subtracts the WebSDR's FrequencyOffsetHz
	SampleRateHz int64  // wanted; 0 means the WebSDR's own. The driver takes the nearest it can at or above
	Identity     string // how we introduce ourselves to the receiver's owner

	// SpanHz is the width around FrequencyHz that matters; 0 means all there is. A driver may tune beside
	// FrequencyHz, to keep this span clear of what the receiver itself emits.
	SpanHz float64
}

// A Stream is samples as received from one receiver, until it is closed. One goroutine uses it at a time,
// except Close, which any goroutine may call.
type Stream interface {
	// Read fills p with whole samples in Header().Format and never splits one; p holds at least one sample.
	// It returns io.EOF when the source has properly ended (a file), otherwise a *Failure. Samples that
	// arrived before the end are delivered first.
	io.Reader

	// Close frees the remote slot. It may be called more than once; a Read in progress returns.
	io.Closer

	// Header describes the stream and does not change after Open.
	Header() Header

	// Clock maps the index of a sample, counted from the first one Read gave, to UTC, as well as is known
	// now. It sharpens as stamps arrive; its Gaps lists every run of samples lost so far.
	Clock() stamp.Clock

	// Trailer sums up what was seen between the first sample and now.
	Trailer() Trailer
}

// A Header describes a stream.
type Header struct {
	Format         iq.Format
	NominalRateHz  float64 // the rate the receiver claims; Clock has the true one
	FrequencyHz    int64   // radio frequency at 0 Hz of the stream, converter included; may lie beside the one asked for
	PassbandLowHz  float64 // receive filter relative to FrequencyHz; 0, 0 when unknown
	PassbandHighHz float64
	Settle         time.Duration // how much of the stream's beginning is not to be trusted
	Live           bool          // samples keep coming whether or not they are read
	ZeroIF         bool          // the local oscillator leaks at 0 Hz
	AGC            bool          // gain changes by itself, so that absolute power means nothing
	Dialect        string        // variant of the protocol, such as "kiwisdr 1.709"
}

// A Trailer sums up a stream.
type Trailer struct {
	Samples      int64    // given by Read so far
	Overloads    int64    // packets in which the receiver's converter overloaded
	Masked       bool     // the owner silences this frequency
	SMeterDBM    *float64 // median S-meter reading; nil when the receiver has none
	SMeterFrames int64
	// CalibrationDB is dBm minus dBFS of these very samples, from comparing the S-meter with them packet by
	// packet, like with like; nil when the receiver has no S-meter or AGC was on.
	CalibrationDB      *float64
	CalibrationSigmaDB *float64
}
