package webhook_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/webhook"
)

func TestAnAddressInAPrivateNetworkIsRefusedUnlessAllowed(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "127.1.2.3:8080", "localhost", "LOCALHOST.", "a.localhost", "10.0.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "100.100.1.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::7f00:1]",
		"[fe80::1%25eth0]", "[fc00::1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]"} {
		address := "http://" + host + "/hook"
		if _, err := url.Parse(address); err != nil {
			t.Fatal(err)
		}
		var bad *heimdall.InvalidError
		if err := webhook.CheckURL(address, false); !errors.As(err, &bad) || !strings.Contains(err.Error(), webhook.PrivateSetting) {
			t.Errorf("%s: %v", host, err)
		}
		if err := webhook.CheckURL(address, true); err != nil {
			t.Errorf("%s, allowed: %v", host, err)
		}
	}
	for _, host := range []string{"example.org", "8.8.8.8", "172.32.0.1", "[2606:4700::1111]", "localhost.example.org"} {
		if err := webhook.CheckURL("https://"+host+"/hook", false); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestANameThatLeadsIntoAPrivateNetworkIsFoundOutWhenItIsDialled(t *testing.T) {
	r := newRig(t)
	in := r.receiver(func(int, http.ResponseWriter, *http.Request) { t.Error("it was reached") })
	// A name that CheckURL knows nothing of: every resolver has it lead to loopback.
	w := r.webhook(strings.Replace(in.URL, "127.0.0.1", "localhost", 1))
	r.run(func(c *webhook.Config) { c.Private = false })
	r.ended()
	d := r.until(w, "refused", r.failed(1))
	if !strings.Contains(d.LastError, webhook.PrivateSetting) {
		t.Errorf("the error is %q", d.LastError)
	}
}
