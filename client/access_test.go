package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// callAccess calls every operation about tokens; see checkCalled.
func (r *rig) callAccess(ctx context.Context) {
	r.Helper()
	made, err := r.CreateToken(ctx, wire.TokenRequest{Name: "one", Scope: "read"})
	r.must(err)
	s, err := r.Login(ctx, made.Value)
	r.must(err)
	if s.Name != "one" || !s.Session {
		r.Errorf("the session is %+v", s)
	}
	_, err = r.Logout(ctx)
	r.must(err)
	_, err = r.Client.Session(ctx)
	r.must(err)
	page, err := r.Tokens(ctx, 1, "")
	r.must(err)
	revoked, err := r.RevokeToken(ctx, page.Tokens[0].ID)
	r.must(err)
	if revoked.ID != made.ID || revoked.RevokedAt == nil {
		r.Errorf("the revoked token is %+v", revoked)
	}
	log, err := r.Audit(ctx, heimdall.AuditFilter{Action: "revoke-token", Limit: 10}, "")
	r.must(err)
	if len(log.Entries) != 1 || log.Entries[0].Object != "/api/v1/tokens/1" {
		r.Errorf("the audit log is %+v", log)
	}
}

func TestATokenGoesToTheServerAndIsNeverInAnError(t *testing.T) {
	t.Parallel()
	var got string
	r := newRig(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			got = req.Header.Get("Authorization")
			http.Error(w, "no", http.StatusForbidden)
		})
	})
	c, err := client.New(r.server.URL, client.Options{Token: "swordfish"})
	r.must(err)
	_, err = c.Health(t.Context())
	var p *client.Problem
	if got != "Bearer swordfish" || !errors.As(err, &p) || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("Authorization was %q, the error is %v", got, err)
	}
}
