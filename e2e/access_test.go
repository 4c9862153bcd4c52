package e2e_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// writeCertificate writes one for localhost and 127.0.0.1 that signs itself, and returns a pool that trusts it.
func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "heimdall test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	for file, text := range map[string][]byte{keyFile: keyPEM, certFile: certPEM} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return pool
}

// freePort is one that nobody listened on a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestBeyondLoopbackAServerAsksForTokensAndOverTLSItTakesANewCertificate(t *testing.T) {
	t.Parallel()
	dir, keys := t.TempDir(), t.TempDir()
	port := freePort(t)
	listen := []string{"serve", "--listen", fmt.Sprintf("0.0.0.0:%d", port)}
	refused := command(t, dir, listen...)
	if refused.code != 2 || !strings.Contains(refused.stderr, "heimdall token create") {
		t.Fatalf("without an admin the server ended with %d: %s", refused.code, refused.stderr)
	}
	var admin, reader wire.NewToken
	mustJSON(t, &admin, dir, "token", "create", "admin", "--scope", "admin")
	mustJSON(t, &reader, dir, "token", "create", "grafana", "--days", "1")

	certFile, keyFile := filepath.Join(keys, "cert.pem"), filepath.Join(keys, "key.pem")
	pool := writeCertificate(t, certFile, keyFile, 1)
	server := background(t, "msg=serving", append([]string{"--data-dir", dir}, append(listen, "--tls-cert", certFile, "--tls-key", keyFile)...)...)
	at := fmt.Sprintf("https://localhost:%d", port)
	as := func(token string, trusted *x509.CertPool) *client.Client {
		c, err := client.New(at, client.Options{Token: token, HTTP: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	wantStatus := func(err error, want int) {
		t.Helper()
		got := 0
		if p, ok := err.(*client.Problem); ok {
			got = p.Status
		} else if err != nil {
			t.Error(err)
		}
		if got != want {
			t.Errorf("the answer is %d (%v), want %d", got, err, want)
		}
	}
	list := func(token string) error {
		_, err := as(token, pool).WebSDRs(t.Context(), false)
		return err
	}
	add := func(token, kind, url string) error {
		_, err := as(token, pool).CreateWebSDR(t.Context(), wire.WebSDRInput{Name: url, Kind: kind, URL: url})
		return err
	}
	wantStatus(list(""), 401)
	wantStatus(list(reader.Value), 0)
	wantStatus(add(reader.Value, "sim", "sim://a"), 403)
	wantStatus(add(admin.Value, "sim", "sim://a"), 0)
	wantStatus(add(admin.Value, "http_iq", "http://169.254.169.254/latest/meta-data"), 422)
	wantStatus(add(admin.Value, "replay", "file:///etc/passwd"), 422)

	// Commands on the data folder need neither a token nor to trust the certificate.
	if r := command(t, dir, "token", "revoke", "grafana"); r.code != 0 {
		t.Errorf("heimdall token revoke ended with %d: %s", r.code, r.stderr)
	}
	wantStatus(list(reader.Value), 401)
	var entries []wire.AuditEntry
	mustJSON(t, &entries, dir, "audit", "--action", "create-websdr")
	if len(entries) != 4 || entries[2].Actor != "admin" || entries[2].Status != 201 || entries[3].Actor != "grafana" || entries[3].Status != 403 {
		t.Errorf("the audit log is %+v", entries)
	}

	renewed := writeCertificate(t, certFile, keyFile, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		if _, err := as(admin.Value, renewed).Health(ctx); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("the new certificate was never taken")
		case <-tick.C:
		}
	}
	server.kill()
}

func TestOnLoopbackACommandNeedsATokenOnlyWhenItIsAskedFor(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), freePort(t)
	at := fmt.Sprintf("127.0.0.1:%d", port)
	background(t, "msg=serving", "--data-dir", dir, "serve", "--listen", at, "--require-token")
	if r := command(t, t.TempDir(), "--server", "http://"+at, "websdr", "list"); r.code != 1 || !strings.Contains(r.stderr, "a token of scope read is needed") {
		t.Errorf("without a token the command ended with %d: %s", r.code, r.stderr)
	}
	var token wire.NewToken
	mustJSON(t, &token, dir, "token", "create", "cli", "--scope", string(heimdall.ScopeOperate))
	if r := command(t, t.TempDir(), "--server", "http://"+at, "--token", token.Value, "websdr", "list"); r.code != 0 {
		t.Errorf("with a token the command ended with %d: %s", r.code, r.stderr)
	}
}
