package webhook

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// PrivateSetting lets deliveries into private networks.
const PrivateSetting = "HEIMDALL_WEBHOOK_PRIVATE"

// closed are the networks that no delivery goes to unless that is allowed: those that only the server itself or its
// neighbours can reach, among them what clouds tell their machines, and those that lead into them in disguise
// (IANA's special-purpose address registries).
var closed = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("::/8"),                                                  // unspecified, loopback, IPv4 in old disguises
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), // IPv4 behind a translator
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("fc00::/7"),
	netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("ff00::/8"),
}

// isOpen reports whether anybody could reach the address.
func isOpen(at netip.Addr) bool {
	at = at.Unmap().WithZone("")
	for _, p := range closed {
		if p.Contains(at) {
			return false
		}
	}
	return at.IsValid()
}

// CheckURL refuses, as an *heimdall.InvalidError, an address that names a private place in so many words. Names that
// lead to one are found out when they are dialled.
func CheckURL(address string, private bool) error {
	u, err := url.Parse(address)
	if err != nil || private {
		return nil // Webhook.Validate has said so
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	at, err := netip.ParseAddr(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && !isOpen(at) {
		var bad heimdall.InvalidError
		bad.Add("url", "must not lie in a private network: set %s=true if it shall", PrivateSetting)
		return bad.Err()
	}
	return nil
}

// newClient follows no redirect, which would lead past whoever chose the address, and uses no proxy.
func newClient(private bool, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: timeout / 2}
	if !private {
		// Called with the address itself, after the name was looked up and before anything is sent.
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || !isOpen(at.Addr()) {
				return fmt.Errorf("the webhook leads into a private network, to %s: set %s=true if it shall", address, PrivateSetting)
			}
			return nil
		}
	}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: timeout / 2,
			MaxIdleConnsPerHost: ofEach, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10},
	}
}
