package replay

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

var _ websdr.Prober = (*Driver)(nil)

// Probe looks whether the file is there.
func (*Driver) Probe(_ context.Context, w *heimdall.WebSDR, _ string) (websdr.Report, error) {
	a, err := parseAddress(w.URL)
	if err != nil {
		return websdr.Report{}, websdr.Fail(heimdall.FailUnsupported, "look for recording", nil, "%v", err)
	}
	begun := time.Now()
	info, err := os.Stat(a.path)
	if err != nil {
		return websdr.Report{}, websdr.Fail(heimdall.FailDown, "look for recording "+a.path, err, "the file is not there, or not readable")
	}
	if !info.Mode().IsRegular() {
		return websdr.Report{}, websdr.Fail(heimdall.FailUnsupported, "look for recording "+a.path, nil, "it is no file")
	}
	return websdr.Report{Latency: time.Since(begun), Dialect: "replay", Raw: map[string]string{"bytes": strconv.FormatInt(info.Size(), 10)}}, nil
}
