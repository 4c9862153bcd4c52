package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/api"
)

// AccessConfig is who may use a server, and how: see docs/access.md.
type AccessConfig struct {
	RequireToken   bool       `env:"HEIMDALL_REQUIRE_TOKEN" help:"Ask for a token also on loopback, as for a machine with several users or behind a proxy on the same machine."`
	InsecureOpen   bool       `env:"HEIMDALL_INSECURE_OPEN" help:"Let everybody who reaches the address do everything, without a token."`
	TLSCert        string     `name:"tls-cert" env:"HEIMDALL_TLS_CERT" type:"path" placeholder:"FILE" help:"Answer over TLS with this certificate and its chain, in PEM form; read again when the file changes."`
	TLSKey         string     `name:"tls-key" env:"HEIMDALL_TLS_KEY" type:"path" placeholder:"FILE" help:"Key that belongs to it."`
	TrustedProxies []string   `env:"HEIMDALL_TRUSTED_PROXIES" placeholder:"NETWORK,..." help:"Proxies whose X-Forwarded-For and X-Forwarded-Proto count, such as 127.0.0.1 or 10.0.0.0/8. With any, a token is asked for also on loopback."`
	CORSOrigins    []string   `name:"cors-origin" env:"HEIMDALL_CORS_ORIGINS" placeholder:"ORIGIN,..." help:"Other sites whose pages may use the API, such as https://grafana.example; none by default."`
	RatePerSecond  float64    `name:"rate" env:"HEIMDALL_RATE" default:"50" help:"Calls a second that a token, or an address without one, may make in the long run; below 0 no limit (${default})."`
	RateBurst      int        `env:"HEIMDALL_RATE_BURST" default:"200" help:"Calls that may come at once (${default})."`
	AuditDays      int        `env:"HEIMDALL_AUDIT_DAYS" default:"365" help:"Days that the audit log is kept; 0 keeps it for ever (${default})."`
	OIDC           OIDCConfig `embed:"" prefix:"oidc-"`

	loopback bool // who is on this machine needs no token; set by who listens, not by the user
}

// Validate refuses what would let in somebody by a slip.
func (c *AccessConfig) Validate() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("HEIMDALL_TLS_CERT and HEIMDALL_TLS_KEY go together: set both, or neither")
	}
	if c.InsecureOpen && c.RequireToken {
		return errors.New("HEIMDALL_INSECURE_OPEN and HEIMDALL_REQUIRE_TOKEN contradict each other: unset one")
	}
	if c.AuditDays < 0 || c.AuditDays > maxDays {
		return fmt.Errorf("HEIMDALL_AUDIT_DAYS is %d: it must be from 1 to %d, or 0 to keep everything for ever", c.AuditDays, maxDays)
	}
	for _, origin := range c.CORSOrigins {
		if u, err := url.Parse(origin); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
			return fmt.Errorf("HEIMDALL_CORS_ORIGINS holds %q: an origin is like https://grafana.example, without a path and never *", origin)
		}
	}
	if _, err := access.ParsePrefixes(c.TrustedProxies); err != nil {
		return fmt.Errorf("HEIMDALL_TRUSTED_PROXIES: %w", err)
	}
	return nil
}

// policy is what c means on a database. own is a token that is good for as long as the process runs.
func (c *AccessConfig) policy(store access.Store, own string, log *slog.Logger) (*access.Policy, error) {
	proxies, err := access.ParsePrefixes(c.TrustedProxies)
	if err != nil {
		return nil, invalid("HEIMDALL_TRUSTED_PROXIES", err)
	}
	p := access.Config{
		Store: store, Log: log, Open: c.InsecureOpen, Loopback: c.loopback && !c.RequireToken, TrustedProxies: proxies,
		Limits: access.Limits{PerSecond: c.RatePerSecond, Burst: c.RateBurst},
	}
	p.Own, _ = access.HashOf(own)
	return access.New(p), nil
}

// lock decides who will be let in. Commands on the data folder are known by a token that stands in server.json, which
// only the user of the server can read, who can read the database as well.
func (n *node) lock(c *AccessConfig) (err error) {
	if n.own, err = access.NewValue(rand.Reader); err != nil {
		return err
	}
	if n.policy, err = c.policy(n.store, n.own, n.log); err != nil {
		return err
	}
	n.tls, err = c.loadCertificate(n.log)
	n.auditDays = c.AuditDays
	return err
}

// mayListen refuses to open a door that nobody can lock, and says what is odd about one that is open.
func (c *AccessConfig) mayListen(ctx context.Context, listen string, store api.TokenStore, log *slog.Logger) error {
	if c.loopback {
		return nil
	}
	if c.InsecureOpen {
		log.Warn("anybody who reaches this address may do everything, because of HEIMDALL_INSECURE_OPEN", "listen", listen)
		return nil
	}
	admin, err := hasAdmin(ctx, store, time.Now())
	if err != nil {
		return err
	}
	if !admin {
		return &outcome{code: exitUsage, text: fmt.Sprintf("%s can be reached from other machines, and there is no token of scope admin yet: "+
			"make one with heimdall token create NAME --scope admin (or listen on 127.0.0.1; --insecure-open lets in everybody)", listen)}
	}
	if c.TLSCert == "" && len(c.TrustedProxies) == 0 {
		log.Warn("tokens travel in the clear: set HEIMDALL_TLS_CERT, or put a proxy in front and name it in HEIMDALL_TRUSTED_PROXIES", "listen", listen)
	}
	return nil
}

// hasAdmin reports whether somebody can administer the server from elsewhere.
func hasAdmin(ctx context.Context, store api.TokenStore, now time.Time) (bool, error) {
	for after := int64(0); ; {
		page, err := store.Tokens(ctx, after, heimdall.MaxPage)
		if err != nil {
			return false, err
		}
		for _, t := range page {
			if after = t.ID; t.Scope == heimdall.ScopeAdmin && t.Usable(now) {
				return true, nil
			}
		}
		if len(page) < heimdall.MaxPage {
			return false, nil
		}
	}
}

// listensLocally reports whether nobody but this machine reaches an address to listen on.
func listensLocally(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && isLoopback(host)
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && a.IsLoopback()
}
