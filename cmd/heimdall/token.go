package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
)

// tokenCmd looks after tokens.
type tokenCmd struct {
	List   tokenListCmd   `cmd:"" default:"withargs" help:"List tokens, without their values."`
	Create tokenCreateCmd `cmd:"" help:"Make a token, and print its value: once, and never again."`
	Revoke tokenRevokeCmd `cmd:"" help:"Make a token useless, at once and for ever."`
}

type tokenCreateCmd struct {
	Name  string `arg:"" help:"What it is for, or whose it is."`
	Scope string `default:"read" enum:"read,operate,admin" help:"What its bearer may do: read looks; operate also acquires, schedules, holds and recomputes; admin also changes WebSDRs, tokens and what is deleted (${default})."`
	Days  int    `default:"365" help:"Days for which it is good; 0 means for ever (${default})."`
	JSON  bool   `help:"Print JSON."`
}

func (c *tokenCreateCmd) Run(a *app) error {
	if c.Days < 0 || c.Days > maxDays {
		return invalid("days", fmt.Errorf("must be from 1 to %d, or 0 for ever", maxDays))
	}
	r := wire.TokenRequest{Name: c.Name, Scope: c.Scope}
	if c.Days > 0 {
		r.ExpiresAt = new(time.Now().UTC().Add(time.Duration(c.Days) * day).Truncate(time.Second))
	}
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		t, err := cl.CreateToken(ctx, r)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, t)
		}
		// The value alone on stdout, for: TOKEN=$(heimdall token create ...)
		fmt.Fprintf(a.stderr, "token %d %q of scope %s, good %s. Keep it now, it is not shown again:\n", t.ID, t.Name, t.Scope, until(t.ExpiresAt))
		fmt.Fprintln(a.stdout, t.Value)
		return nil
	})
}

func until(t *time.Time) string {
	if t == nil {
		return "for ever"
	}
	return "until " + t.UTC().Format(time.RFC3339)
}

type tokenListCmd struct {
	JSON bool `help:"Print JSON."`
}

func (c *tokenListCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		list, err := allTokens(ctx, cl)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, list)
		}
		t := newTable(a.stdout, "ID", "NAME", "SCOPE", "STATE", "CREATED", "EXPIRES", "LAST USED")
		for _, k := range list {
			t.row(strconv.FormatInt(k.ID, 10), k.Name, k.Scope, tokenState(k, time.Now()), minuteOrNever(&k.CreatedAt), minuteOrNever(k.ExpiresAt), minuteOrNever(k.LastUsedAt))
		}
		return t.end()
	})
}

func tokenState(t wire.Token, now time.Time) string {
	switch {
	case t.RevokedAt != nil:
		return "revoked"
	case t.ExpiresAt != nil && !now.Before(*t.ExpiresAt):
		return "expired"
	}
	return "good"
}

func minuteOrNever(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func allTokens(ctx context.Context, cl *client.Client) ([]wire.Token, error) {
	list := []wire.Token{}
	for cursor := ""; ; {
		page, err := cl.Tokens(ctx, heimdall.MaxPage, cursor)
		if err != nil {
			return nil, err
		}
		list = append(list, page.Tokens...)
		if page.NextCursor == nil {
			return list, nil
		}
		cursor = *page.NextCursor
	}
}

type tokenRevokeCmd struct {
	Token string `arg:"" help:"Its id or its name."`
	JSON  bool   `help:"Print JSON."`
}

func (c *tokenRevokeCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		id, err := c.find(ctx, cl)
		if err != nil {
			return err
		}
		t, err := cl.RevokeToken(ctx, id)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, t)
		}
		fmt.Fprintf(a.stdout, "token %d %q opens nothing any more\n", t.ID, t.Name)
		return nil
	})
}

// find prefers a token that is not revoked: names are given again.
func (c *tokenRevokeCmd) find(ctx context.Context, cl *client.Client) (int64, error) {
	list, err := allTokens(ctx, cl)
	if err != nil {
		return 0, err
	}
	var revoked int64
	for _, t := range list {
		switch {
		case strconv.FormatInt(t.ID, 10) == c.Token:
			return t.ID, nil
		case t.Name == c.Token && t.RevokedAt == nil:
			return t.ID, nil
		case t.Name == c.Token:
			revoked = t.ID
		}
	}
	if revoked == 0 {
		return 0, invalid("token", errors.New("is none of those that heimdall token list shows"))
	}
	return revoked, nil
}

// auditCmd shows the audit log.
type auditCmd struct {
	Action string `placeholder:"ID" help:"Only this operation, such as create-websdr."`
	Limit  int    `short:"n" default:"50" help:"At most so many (${default})."`
	JSON   bool   `help:"Print JSON."`
}

func (c *auditCmd) Run(a *app) error {
	return a.connect(false, func(ctx context.Context, cl *client.Client) error {
		page, err := cl.Audit(ctx, heimdall.AuditFilter{Action: c.Action, Limit: c.Limit}, "")
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(a.stdout, page.Entries)
		}
		t := newTable(a.stdout, "AT", "ACTOR", "ADDRESS", "ACTION", "STATUS", "OBJECT")
		for _, e := range page.Entries {
			t.row(stamp(e.At), e.Actor, e.Address, e.Action, strconv.Itoa(e.Status), e.Object)
		}
		return t.end()
	})
}
