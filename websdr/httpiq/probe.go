package httpiq

import (
	"context"
	"net/http"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

var _ websdr.Prober = (*Driver)(nil)

// Probe asks for the header of an answer and takes no samples: HEAD, or, where a bridge knows only GET, a GET that is
// closed after the header. It asks for the middle of what the WebSDR tunes; a bridge that cannot tune there is up all
// the same.
func (d *Driver) Probe(ctx context.Context, w *heimdall.WebSDR, identity string) (websdr.Report, error) {
	r, err := newRequest(w, websdr.Tuning{FrequencyHz: middleHz(w), Identity: identity})
	if err != nil {
		return websdr.Report{}, err
	}
	r.op, r.dial = "ask "+w.URL+" for a header", d.DialContext
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	begun := time.Now()
	for _, r.method = range []string{http.MethodHead, http.MethodGet} {
		var resp *http.Response
		if resp, err = r.send(ctx); err == nil {
			resp.Body.Close()
			break
		}
		// A bridge that does not know HEAD says so in one of many ways.
		if class := websdr.AsFailure(err).Class; class != heimdall.FailProtocol && class != heimdall.FailUnsupported {
			break
		}
	}
	if err != nil && !answered(err) {
		return websdr.Report{}, err
	}
	return websdr.Report{Latency: time.Since(begun), Dialect: "http_iq"}, nil
}

// answered reports whether the bridge spoke as one that only cannot do this frequency or rate.
func answered(err error) bool {
	class := websdr.AsFailure(err).Class
	return class == heimdall.FailUnsupported || class == heimdall.FailOutOfRange
}

func middleHz(w *heimdall.WebSDR) int64 {
	low, high := w.TuningRangeHz()
	if w.FrequencyMinHz == 0 && w.FrequencyMaxHz == 0 { // the usual range of the kind is everything
		return max(low, min(high, 100_000_000+w.FrequencyOffsetHz))
	}
	return low + (high-low)/2
}
