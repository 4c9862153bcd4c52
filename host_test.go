package heimdall_test

import (
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

func TestOnlyAddressesOnANetworkAreHosts(t *testing.T) {
	for url, want := range map[string]string{
		"http://kiwi.example:8073": "kiwi.example:8073", "tcp://10.0.0.1:1234": "10.0.0.1:1234",
		"ws://KIWI.example:8073/path?x=1": "kiwi.example:8073",
		"http://kiwi.example:80":          "kiwi.example", "http://kiwi.example": "kiwi.example",
		"https://kiwi.example:443/": "kiwi.example", "http://kiwi.example:443": "kiwi.example:443",
		"http://[2001:db8::1]:80/": "[2001:db8::1]",
		"sim:///?seed=1":           "", "sim://x/?seed=1": "", "file:///tmp/a.wav": "", "%zz": "",
	} {
		if got := (&heimdall.WebSDR{URL: url}).Host(); got != want {
			t.Errorf("host of %s is %q, want %q", url, got, want)
		}
	}
}
