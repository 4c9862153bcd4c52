package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/websdr"
)

func TestWhatWouldLetInSomebodyByASlipIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]AccessConfig{
		"a certificate without a key": {TLSCert: "cert.pem"},
		"open and closed at once":     {InsecureOpen: true, RequireToken: true},
		"any origin":                  {CORSOrigins: []string{"*"}},
		"an origin with a path":       {CORSOrigins: []string{"https://grafana.example/"}},
		"a proxy by name":             {TrustedProxies: []string{"proxy.example"}},
		"an audit log of no time":     {AuditDays: -1},
	} {
		if err := c.Validate(); err == nil {
			t.Errorf("%s is let pass", name)
		}
	}
	good := AccessConfig{CORSOrigins: []string{"https://grafana.example:3000"}, TrustedProxies: []string{"127.0.0.1", "10.0.0.0/8"}, AuditDays: 365}
	if err := (&serveCmd{AccessConfig: good, StoreConfig: StoreConfig{CompressAfterDays: 2}}).Validate(); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]serveCmd{
		"what is stored":  {AccessConfig: good, StoreConfig: StoreConfig{CompressAfterDays: -1}},
		"who is let in":   {AccessConfig: AccessConfig{AuditDays: -1}, StoreConfig: StoreConfig{CompressAfterDays: 2}},
		"what is deleted": {AccessConfig: good, StoreConfig: StoreConfig{CompressAfterDays: 2, RetentionConfig: RetentionConfig{RetentionDays: -1}}},
	} {
		if err := c.Validate(); err == nil {
			t.Errorf("serve does not check %s", name)
		}
	}
}

func TestOnlyAnAdminThatIsStillGoodOpensTheServerToTheWorld(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "heimdall.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, c := range []struct {
		token heimdall.Token
		want  bool
	}{
		{heimdall.Token{Name: "operator", Scope: heimdall.ScopeOperate}, false},
		{heimdall.Token{Name: "old", Scope: heimdall.ScopeAdmin, ExpiresAt: now.Add(-time.Hour)}, false},
		{heimdall.Token{Name: "admin", Scope: heimdall.ScopeAdmin, ExpiresAt: now.Add(time.Hour)}, true},
	} {
		if _, err := s.CreateToken(t.Context(), c.token, heimdall.TokenHash{byte(i)}); err != nil {
			t.Fatal(err)
		}
		if got, err := hasAdmin(t.Context(), s, now); err != nil || got != c.want {
			t.Errorf("with %s there is an admin: %v (%v), want %v", c.token.Name, got, err, c.want)
		}
	}
}

func TestALoopbackAddressIsOneThatNobodyElseReaches(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]bool{"127.0.0.1:8001": true, "[::1]:8001": true, "localhost:0": true,
		":8001": false, "0.0.0.0:8001": false, "[::]:8001": false, "192.168.1.1:8001": false, "heimdall.example:8001": false} {
		if got := listensLocally(listen); got != want {
			t.Errorf("%s is loopback: %v, want %v", listen, got, want)
		}
	}
}

func TestADriverIsNotLetInWhereReceiversMayNotBe(t *testing.T) {
	t.Parallel()
	c := ReceiverConfig{ReceiverNetworks: "public"}
	rule, err := c.rule()
	if err != nil {
		t.Fatal(err)
	}
	for kind, url := range map[string]string{"kiwisdr": "http://localhost:9", "rtl_tcp": "tcp://localhost:9", "http_iq": "http://localhost:9"} {
		w := heimdall.WebSDR{Name: kind, Kind: kind, URL: url, Timeout: 5 * time.Second}
		_, err := drivers(rule)[kind].Open(t.Context(), &w, websdr.Tuning{FrequencyHz: 7_000_000})
		f, ok := errors.AsType[*websdr.Failure](err)
		if !ok || f.Class != heimdall.FailUnsupported || !strings.Contains(err.Error(), "private address") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestAReplayIsAddedFromElsewhereOnlyOutOfTheFolderForIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		dir, url    string
		local, want bool
	}{
		{"", "file:///etc/passwd", true, true},
		{"", "file:///etc/passwd", false, false},
		{dir, "file://" + dir + "/a.wav", false, true},
		{dir, "file:///etc/passwd", false, false},
		{dir, "file:///etc/passwd", true, false},
	} {
		rule, err := (&ReceiverConfig{ReplayDir: c.dir}).rule()
		if err != nil {
			t.Fatal(err)
		}
		if err := rule.allow(heimdall.WebSDR{Kind: "replay", URL: c.url}, c.local); (err == nil) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
