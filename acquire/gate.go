package acquire

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A Gate knows why a receiver should not be contacted now. It is asked before every attempt to open a stream, and
// told what came of those that were made. Its methods are safe for concurrent use, and do not take long: what they
// cannot find out or write down they log, and let the attempt pass.
type Gate interface {
	// Enter returns nil, or a *websdr.Failure that says what stands against contacting w.
	Enter(ctx context.Context, w *heimdall.WebSDR) error
	// Outcome is told how an attempt ended; f is nil when the stream is open.
	Outcome(ctx context.Context, w *heimdall.WebSDR, f *websdr.Failure)
}
