package access_test

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
)

// A rig is a policy over a real database, with a clock that stands still.
type rig struct {
	*testing.T
	store  *sqlite.Store
	now    time.Time
	policy *access.Policy
}

func newRig(t *testing.T, c access.Config) *rig {
	t.Helper()
	r := &rig{T: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return r.now }
	path := sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db"))
	var err error
	if r.store, err = sqlite.Open(t.Context(), path, sqlite.Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.store.Close() })
	c.Store, c.Now = r.store, clock
	r.policy = access.New(c)
	return r
}

func newValue(t *testing.T) string {
	t.Helper()
	value, err := access.NewValue(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// token makes one that expires in an hour, and returns its value.
func (r *rig) token(name string, scope heimdall.Scope) (heimdall.Token, string) {
	r.Helper()
	value := newValue(r.T)
	hash, ok := access.HashOf(value)
	if !ok {
		r.Fatalf("the new value %q is not one", value)
	}
	token, err := r.store.CreateToken(r.Context(), heimdall.Token{Name: name, Scope: scope, ExpiresAt: r.now.Add(time.Hour)}, hash)
	if err != nil {
		r.Fatal(err)
	}
	return token, value
}

// ask is a request as it arrives, by default from the machine itself.
func ask(method string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "http://localhost:8001/api/v1/websdrs", nil)
	r.RemoteAddr = "127.0.0.1:40000"
	for i := 0; i+1 < len(header); i += 2 {
		switch header[i] {
		case "Host":
			r.Host = header[i+1]
		case "Peer":
			r.RemoteAddr = header[i+1]
		default:
			r.Header.Add(header[i], header[i+1])
		}
	}
	return r
}

// status is the answer that a request with this need gets: 200, or that of the refusal.
func (r *rig) status(req *http.Request, need heimdall.Scope) int {
	r.Helper()
	caller, err := r.policy.Caller(req)
	if err == nil {
		_, err = r.policy.Take(caller, req)
	}
	if err == nil {
		err = r.policy.Authorize(req, caller, need)
	}
	if err == nil {
		return http.StatusOK
	}
	refusal, ok := errors.AsType[*access.Refusal](err)
	if !ok {
		r.Fatal(err)
	}
	if refusal.Detail == "" {
		r.Errorf("the refusal %+v says nothing", refusal)
	}
	return refusal.Status
}

func prefixes(t *testing.T, list ...string) []netip.Prefix {
	t.Helper()
	out, err := access.ParsePrefixes(list)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
