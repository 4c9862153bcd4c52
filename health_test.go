package heimdall_test

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func TestAnAddressTellsWhoseItsHostIs(t *testing.T) {
	for url, want := range map[string]heimdall.Reach{
		"sim:///": heimdall.ReachLoopback, "file:///a.wav": heimdall.ReachLoopback, "http://localhost:8073": heimdall.ReachLoopback,
		"tcp://127.0.0.1:1234": heimdall.ReachLoopback, "http://[::1]:80": heimdall.ReachLoopback, "http://[::ffff:127.0.0.1]": heimdall.ReachLoopback,
		"tcp://192.168.1.2:1234": heimdall.ReachPrivate, "http://[fe80::1]:8073": heimdall.ReachPrivate, "http://[fd00::1]": heimdall.ReachPrivate,
		"udp://hf.local:5004": heimdall.ReachPrivate, "http://kiwi:8073": heimdall.ReachPrivate, "http://Kiwi.LAN": heimdall.ReachPrivate,
		"http://kiwi.example:8073": heimdall.ReachPublic, "http://93.184.216.34": heimdall.ReachPublic, "http://localhost.example": heimdall.ReachPublic,
		"%zz": heimdall.ReachPublic,
	} {
		if got := (&heimdall.WebSDR{URL: url}).Reach(); got != want {
			t.Errorf("the host of %s is taken for %d, want %d", url, got, want)
		}
	}
}

func TestOnlyAddressesOnANetworkHaveAHost(t *testing.T) {
	for url, want := range map[string]string{
		"http://Kiwi.Example:8073/wb": "kiwi.example:8073", "tcp://10.0.0.1:1234": "10.0.0.1:1234", "sim://x/": "", "file:///tmp/a.wav": "", "%zz": "",
	} {
		if got := (&heimdall.WebSDR{URL: url}).Host(); got != want {
			t.Errorf("host of %s is %q, want %q", url, got, want)
		}
	}
}

func TestALateObservationDoesNotTurnTimeBack(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h := heimdall.Health{Breaker: heimdall.BreakerClosed}.After(heimdall.Observation{At: now, OK: true}, "kiwisdr")
	h = h.After(heimdall.Observation{At: now.Add(-time.Second), OK: true}, "kiwisdr")
	if !h.LastAt.Equal(now) || !h.LastUpAt.Equal(now) {
		t.Errorf("it was last heard of at %v, and last up at %v", h.LastAt, h.LastUpAt)
	}
}
