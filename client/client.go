// Package client speaks Heimdall's HTTP API: one method per operation, in the types of package api/wire.
//
// Filters are package heimdall's, so that a question reads the same whether it goes to a store or over the
// network. The package keeps no state but the address and the http.Client it was given, sets no time-outs of
// its own (ctx ends a call), and repeats nothing except a broken event stream, which is safe to repeat.
//
// The surprising part: an answer that says "no" is a *Problem, with every field that was wrong; any other
// error means that there was no answer that could be understood.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A Client speaks to one server. It is safe for concurrent use.
type Client struct {
	base      *url.URL
	http      *http.Client
	userAgent string
	token     string
}

// Options may be zero.
type Options struct {
	HTTP      *http.Client // nil means http.DefaultClient. A Timeout here also ends event streams and downloads
	UserAgent string       // "" means heimdall-client
	Token     string       // shown to the server with every call; "" means none
}

// New returns a client of the server at base, such as http://localhost:8001.
func New(base string, o Options) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("use server address %q: it must be like http://localhost:8001", base)
	}
	c := &Client{base: u, http: o.HTTP, userAgent: o.UserAgent, token: o.Token}
	if c.http == nil {
		c.http = http.DefaultClient
	}
	if c.userAgent == "" {
		c.userAgent = "heimdall-client"
	}
	return c, nil
}

// A Problem is an answer that says "no".
type Problem struct {
	wire.Problem
}

// Error is the detail, and the fields if the detail leaves them out.
func (p *Problem) Error() string {
	s := p.Detail
	if s == "" {
		s = p.Title
	}
	for _, f := range p.Errors {
		if !strings.Contains(s, f.Message) {
			s += "; " + strings.TrimSpace(f.Location+" "+f.Message)
		}
	}
	if p.Status >= 500 && p.RequestID != "" {
		s += " (request " + p.RequestID + ")"
	}
	return s
}

// A request is one call, before it is sent.
type request struct {
	method      string
	path        string // below the server's address, already escaped
	query       url.Values
	header      http.Header
	body        io.Reader
	contentType string
}

// at joins escaped path segments. One of dots alone must not climb to another address.
func at(segments ...any) string {
	var b strings.Builder
	for _, s := range segments {
		text := url.PathEscape(fmt.Sprint(s))
		if strings.Trim(text, ".") == "" {
			text = strings.ReplaceAll(text, ".", "%2E")
		}
		b.WriteString("/" + text)
	}
	return b.String()
}

// do sends r and returns the answer, whose body the caller closes. An answer of 400 or more is a *Problem.
func (c *Client) do(ctx context.Context, r request) (*http.Response, error) {
	u := c.base.JoinPath(r.path)
	u.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), r.body)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", u.Redacted(), err)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", c.userAgent)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	if resp.StatusCode >= 400 {
		defer resp.Body.Close()
		return nil, problemOf(resp)
	}
	return resp, nil
}

// problemOf reads an answer that says "no". A proxy in between may say it in other words than ours.
func problemOf(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("read the server's answer %s: %w", resp.Status, err)
	}
	p := &Problem{}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media != "application/problem+json" || json.Unmarshal(text, &p.Problem) != nil {
		p.Problem = wire.Problem{Type: "about:blank", Detail: firstLine(text)}
	}
	p.Status = resp.StatusCode
	if p.Title == "" {
		p.Title = http.StatusText(resp.StatusCode)
	}
	return p
}

func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	return string(line[:min(len(line), 200)])
}

// call sends r with in as its JSON body, unless in is nil, and decodes the answer into out, unless out is nil.
func (c *Client) call(ctx context.Context, r request, in, out any) (*http.Response, error) {
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		r.body = bytes.NewReader(text)
		if r.contentType == "" {
			r.contentType = "application/json"
		}
	}
	resp, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if out != nil {
		if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
			return nil, fmt.Errorf("read the server's answer to %s %s: %w", r.method, r.path, err)
		}
	}
	return resp, nil
}

// get is a call without a body.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	_, err := c.call(ctx, request{method: http.MethodGet, path: path, query: query}, nil, out)
	return err
}
