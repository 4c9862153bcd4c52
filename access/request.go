package access

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// SessionCookie holds the token of somebody who has logged in with a browser.
const SessionCookie = "heimdall_session"

// credential is what a request shows: a bearer token, or else a session's. Another scheme of Authorization is that of
// a proxy in front of us.
func credential(r *http.Request) (value string, session bool) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(value), false
	}
	if cookie, err := r.Cookie(SessionCookie); err == nil {
		return cookie.Value, true
	}
	return "", false
}

// forwarding are the headers by which proxies say that a request is not their own.
var forwarding = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"}

// isLocal reports whether a request comes from this machine and was meant for it. A page of evil.example whose name
// has been made to lead to 127.0.0.1 (DNS rebinding) still sends Host: evil.example.
func isLocal(r *http.Request) bool {
	for _, name := range forwarding {
		if len(r.Header.Values(name)) > 0 {
			return false
		}
	}
	return peer(r).IsLoopback() && isLoopbackName(r.Host)
}

func isLoopbackName(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.Trim(hostPort, "[]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}

// peer is who opened the connection.
func peer(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap().WithZone("")
}

// Address is who asks: the peer, or, as far back as all in between are trusted, the one on whose behalf it asks.
func (p *Policy) Address(r *http.Request) netip.Addr {
	at := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil || !p.trusts(at) {
			break
		}
		at = next.Unmap().WithZone("")
	}
	return at
}

func (p *Policy) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(p.TrustedProxies, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Secure reports whether the caller's end of the connection is encrypted.
func (p *Policy) Secure(r *http.Request) bool {
	return r.TLS != nil || p.trusts(peer(r)) && r.Header.Get("X-Forwarded-Proto") == "https"
}

func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// isSameOrigin reports whether a page of this very server sent the request. Browsers say so in Sec-Fetch-Site, old
// ones in Origin; whoever says neither is no browser.
func isSameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host != "" && origin.Host == r.Host
}
