package sim

import (
	"context"
	"net/url"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

var _ websdr.Prober = (*Driver)(nil)

// Probe finds every simulated receiver well whose address makes sense: its faults are those of Open.
func (*Driver) Probe(_ context.Context, w *heimdall.WebSDR, _ string) (websdr.Report, error) {
	u, err := url.Parse(w.URL)
	if err == nil {
		_, err = parseParams(u.RawQuery)
	}
	if err != nil {
		return websdr.Report{}, websdr.Fail(heimdall.FailUnsupported, "ask simulated receiver", nil, "%v", err)
	}
	return websdr.Report{Dialect: "sim"}, nil
}
