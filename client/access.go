package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// Session returns who the server takes the caller for.
func (c *Client) Session(ctx context.Context) (s wire.Session, err error) {
	err = c.get(ctx, "/api/v1/session", nil, &s)
	return s, err
}

// Login tries a token, as the dashboard does. The session's cookie is kept only by an http.Client that has a Jar;
// programs give Options.Token instead.
func (c *Client) Login(ctx context.Context, token string) (s wire.Session, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: "/api/v1/login"}, wire.Login{Token: token}, &s)
	return s, err
}

// Logout ends the session of an http.Client that has a Jar.
func (c *Client) Logout(ctx context.Context) (s wire.Session, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: "/api/v1/logout"}, nil, &s)
	return s, err
}

// CreateToken makes a token. Its value is in this answer and nowhere else.
func (c *Client) CreateToken(ctx context.Context, r wire.TokenRequest) (t wire.NewToken, err error) {
	_, err = c.call(ctx, request{method: http.MethodPost, path: "/api/v1/tokens"}, r, &t)
	return t, err
}

// Tokens returns one page of tokens, oldest first. See Acquisitions about cursor.
func (c *Client) Tokens(ctx context.Context, limit int, cursor string) (page wire.TokenPage, err error) {
	q := url.Values{}
	addPage(q, limit, cursor)
	err = c.get(ctx, "/api/v1/tokens", q, &page)
	return page, err
}

// RevokeToken makes a token useless, at once and for ever.
func (c *Client) RevokeToken(ctx context.Context, id int64) (t wire.Token, err error) {
	_, err = c.call(ctx, request{method: http.MethodDelete, path: at("api", "v1", "tokens", id)}, nil, &t)
	return t, err
}

// Audit returns one page of the audit log, newest first. The cursor stands for f.AfterID.
func (c *Client) Audit(ctx context.Context, f heimdall.AuditFilter, cursor string) (page wire.AuditPage, err error) {
	q := url.Values{}
	addPage(q, f.Limit, cursor)
	addTime(q, "from", f.From)
	addTime(q, "to", f.To)
	addText(q, "action", f.Action)
	if f.TokenID != 0 {
		q.Set("token_id", strconv.FormatInt(f.TokenID, 10))
	}
	err = c.get(ctx, "/api/v1/audit", q, &page)
	return page, err
}
