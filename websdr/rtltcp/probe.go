package rtltcp

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

var _ websdr.Prober = (*Driver)(nil)

// Probe connects, reads the header and hangs up. For that moment it holds the one place that the server has: ask
// seldom, and never while somebody records. A server that takes the connection and says nothing is busy.
func (d *Driver) Probe(ctx context.Context, w *heimdall.WebSDR, _ string) (websdr.Report, error) {
	address, err := addressOf(w.URL)
	if err != nil {
		return websdr.Report{}, websdr.Fail(heimdall.FailUnsupported, "ask rtl_tcp", nil, "%v", err)
	}
	timeout := w.Timeout
	if timeout <= 0 {
		timeout = heimdall.DefaultTimeout
	}
	begun := time.Now()
	conn, err := d.connect(ctx, address, timeout)
	if err != nil {
		return websdr.Report{}, err
	}
	s := newStream(ctx, conn, address, timeout, settings{rateHz: defaultRateHz})
	defer s.Close()
	tuner, err := s.readHeader()
	if err != nil {
		return websdr.Report{}, err
	}
	return websdr.Report{Latency: time.Since(begun), Dialect: "rtl_tcp " + tuner, Raw: map[string]string{"tuner": tuner}}, nil
}
