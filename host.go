package heimdall

import (
	"net/netip"
	"net/url"
	"strings"
)

// defaultPorts are those that an address need not name.
var defaultPorts = map[string]string{"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}

// Host is what of w's address may be connected to only once at a time, such as kiwi.example:8073: receivers count
// connections per address, and ban those that open several. It is "" for what is no network receiver: a file, or a
// simulation in the process.
func (w *WebSDR) Host() string {
	u, err := url.Parse(w.URL)
	if err != nil || u.Scheme == "sim" || u.Scheme == "file" {
		return ""
	}
	host := strings.ToLower(u.Host)
	if port := defaultPorts[u.Scheme]; port != "" && u.Port() != "" {
		host = strings.TrimSuffix(host, port)
	}
	return host
}

// A Reach says whose a WebSDR's host is.
type Reach int

const (
	ReachLoopback Reach = iota // this machine
	ReachPrivate               // a network of our own
	ReachPublic                // somebody else's, as far as its name tells
)

// Reach says whose the host is, by its name alone: nobody is asked.
func (w *WebSDR) Reach() Reach {
	u, err := url.Parse(w.URL)
	if err != nil {
		return ReachPublic
	}
	host := strings.ToLower(u.Hostname())
	if w.Host() == "" || host == "localhost" {
		return ReachLoopback
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && ip.Unmap().IsLoopback():
		return ReachLoopback
	case err == nil && (ip.Unmap().IsPrivate() || ip.IsLinkLocalUnicast()):
		return ReachPrivate
	case err == nil:
		return ReachPublic
	case !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".lan") || strings.HasSuffix(host, ".internal"):
		return ReachPrivate
	}
	return ReachPublic
}
