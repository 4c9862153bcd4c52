package websdr_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

func TestAReportIsKeptWithoutWhatCannotBeTrue(t *testing.T) {
	r := websdr.Report{
		Latency: time.Second, Dialect: "v1", Users: new(math.MaxInt64), UsersMax: new(4), FixesPerMin: new(-1), Satellites: new(0), SNRdB: new(math.NaN()),
		Name: "kiwi", Antenna: strings.Repeat("ä", 1000), Raw: map[string]string{"uptime_s": "7"},
	}
	want := heimdall.Observation{
		Latency: time.Second, Version: "v1", UsersMax: new(4), Satellites: new(0),
		Details: map[string]string{"name": "kiwi", "antenna": strings.Repeat("ä", 200) + "…", "uptime_s": "7"},
	}
	if diff := cmp.Diff(want, r.Observation()); diff != "" {
		t.Errorf("observation (-want +got):\n%s", diff)
	}
}
