package api

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A TokenStore keeps tokens and the audit log.
type TokenStore interface {
	access.Store
	// CreateToken stores t with the hash of its value; heimdall.ErrExists when the name is taken.
	CreateToken(ctx context.Context, t heimdall.Token, hash heimdall.TokenHash) (heimdall.Token, error)
	// Tokens returns a page in order of token_id.
	Tokens(ctx context.Context, afterID int64, limit int) ([]heimdall.Token, error)
	// RevokeToken makes a token useless, or is heimdall.ErrNotFound.
	RevokeToken(ctx context.Context, id int64) (heimdall.Token, error)
	// AddAudit appends to the audit log.
	AddAudit(ctx context.Context, e heimdall.AuditEntry) error
	// Audit returns a page of it, newest first.
	Audit(ctx context.Context, f heimdall.AuditFilter) ([]heimdall.AuditEntry, error)
}

// A TokenPath names a token.
type TokenPath struct {
	ID int64 `path:"token_id" minimum:"1" doc:"Identity of the token" example:"1"`
}

type newTokenOutput struct {
	CacheControl string `header:"Cache-Control" hidden:"true"`
	Location     string `header:"Location" hidden:"true"`
	Body         wire.NewToken
}

func (s *service) createToken(ctx context.Context, in *struct{ Body wire.TokenRequest }) (*newTokenOutput, error) {
	t := in.Body.Root()
	if !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(s.Now()) {
		var bad heimdall.InvalidError
		bad.Add("expires_at", "must lie ahead, or be null for never")
		return nil, bad.Err()
	}
	if strings.HasPrefix(t.Name, heimdall.LoginPrefix) {
		var bad heimdall.InvalidError
		bad.Add("name", "must not begin with %s: so do those of sessions through another service", heimdall.LoginPrefix)
		return nil, bad.Err()
	}
	value, err := access.NewValue(rand.Reader)
	if err != nil {
		return nil, err
	}
	hash, _ := access.HashOf(value)
	if t, err = s.Store.CreateToken(ctx, t, hash); err != nil {
		return nil, err
	}
	return &newTokenOutput{CacheControl: "no-store", Location: "/api/v1/tokens/" + strconv.FormatInt(t.ID, 10),
		Body: wire.NewToken{Token: wire.TokenOf(t), Value: value}}, nil
}

type tokenPageOutput struct{ Body wire.TokenPage }

func (s *service) listTokens(ctx context.Context, in *struct{ Page }) (*tokenPageOutput, error) {
	after, err := numberAfter(in.Cursor, tokenCursor)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Tokens(ctx, after, in.limit())
	if err != nil {
		return nil, ofList(err)
	}
	out := &tokenPageOutput{wire.TokenPage{Tokens: []wire.Token{}}}
	for _, t := range list {
		out.Body.Tokens = append(out.Body.Tokens, wire.TokenOf(t))
	}
	if len(list) == in.limit() {
		out.Body.NextCursor = encodeCursor(tokenCursor, strconv.FormatInt(list[len(list)-1].ID, 10))
	}
	return out, nil
}

type tokenOutput struct{ Body wire.Token }

func (s *service) revokeToken(ctx context.Context, in *TokenPath) (*tokenOutput, error) {
	t, err := s.Store.RevokeToken(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &tokenOutput{wire.TokenOf(t)}, nil
}

type listAuditInput struct {
	Page
	Period
	Action  string `query:"action" maxLength:"100" doc:"Id of an operation" example:"create-websdr"`
	TokenID int64  `query:"token_id" minimum:"1" doc:"What was done with this token"`
}

type auditPageOutput struct{ Body wire.AuditPage }

func (s *service) listAudit(ctx context.Context, in *listAuditInput) (*auditPageOutput, error) {
	after, wrongCursor := numberAfter(in.Cursor, auditCursor)
	if err := allOf(in.Period.check(), wrongCursor); err != nil {
		return nil, err
	}
	list, err := s.Store.Audit(ctx, heimdall.AuditFilter{From: in.From, To: in.To, Action: in.Action, TokenID: in.TokenID, AfterID: after, Limit: in.limit()})
	if err != nil {
		return nil, ofList(err)
	}
	out := &auditPageOutput{wire.AuditPage{Entries: []wire.AuditEntry{}}}
	for _, e := range list {
		out.Body.Entries = append(out.Body.Entries, wire.AuditEntryOf(e))
	}
	if len(list) == in.limit() {
		out.Body.NextCursor = encodeCursor(auditCursor, strconv.FormatInt(list[len(list)-1].ID, 10))
	}
	return out, nil
}

// Cursors of lists whose rows are numbered.
const (
	tokenCursor = "t1"
	auditCursor = "u1"
)

func numberAfter(cursor, list string) (int64, error) {
	parts, err := decodeCursor(cursor, list, 1)
	if err != nil || parts == nil {
		return 0, err
	}
	n, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || n <= 0 {
		return 0, badCursor()
	}
	return n, nil
}

// allowed refuses a WebSDR that the server may not go to, or not for this caller. What stays where it was is not asked
// about again: it may still be renamed or switched off.
func (s *service) allowed(ctx context.Context, w heimdall.WebSDR, old *heimdall.WebSDR) error {
	if s.Receivers == nil || old != nil && old.URL == w.URL && old.Kind == w.Kind {
		return nil
	}
	return s.Receivers(w, visitOf(ctx).caller.Local)
}
