// Package openwebrx asks OpenWebRX and OpenWebRX+ receivers how they are: GET /status.json, which takes no listening
// slot.
//
// It is a prober and no driver: these servers give no IQ to anybody, and what is not IQ is not recorded as IQ. A WebSDR
// of this kind can be listed, located and watched, and no acquisition may name it.
//
// Left out: how many listen, which only the WebSocket tells. To open one for that would be counted as a visit, and
// several in a short time get an address banned for hours.
//
// The surprising part: a HEAD request is answered with 501 by servers in perfect health, so it has to be GET.
package openwebrx

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/websdr"
)

// A Prober asks OpenWebRX receivers. The zero value is ready for use.
type Prober struct {
	// TLS is for receivers behind https; nil means the defaults.
	TLS *tls.Config
	// DialContext opens TCP connections; nil means a net.Dialer, or the proxy that the environment names. A
	// *websdr.Failure of its own is passed on.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

var _ websdr.Prober = (*Prober)(nil)

const (
	maxStatus     = 1 << 20
	maxRetryAfter = 24 * time.Hour
)

// Probe asks for the status.
func (p *Prober) Probe(ctx context.Context, w *heimdall.WebSDR, identity string) (websdr.Report, error) {
	op := "ask the status of " + w.URL
	u, err := statusURL(w.URL)
	if err != nil {
		return websdr.Report{}, websdr.Fail(heimdall.FailUnsupported, "ask an OpenWebRX for its status", err, "the URL must look like http://host:8073")
	}
	timeout := w.Timeout
	if timeout <= 0 {
		timeout = heimdall.DefaultTimeout
	}
	statusCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	begun := time.Now()
	text, err := p.get(statusCtx, op, u, identity)
	switch {
	case ctx.Err() != nil:
		return websdr.Report{}, websdr.Fail(heimdall.FailTransport, op, ctx.Err(), "given up")
	case err != nil && errors.Is(err, context.DeadlineExceeded):
		return websdr.Report{}, websdr.Fail(heimdall.FailTransport, op, err, "no answer within %v", timeout)
	case err != nil:
		return websdr.Report{}, err
	}
	r, err := ParseStatus(text)
	if err != nil {
		return websdr.Report{}, websdr.Fail(heimdall.FailProtocol, op, err, "is it an OpenWebRX?")
	}
	r.Latency = time.Since(begun)
	return r, nil
}

func (p *Prober) get(ctx context.Context, op, address, identity string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, websdr.Fail(heimdall.FailUnsupported, op, nil, "the address is malformed")
	}
	req.Header.Set("User-Agent", "heimdall/"+heimdall.Version+" ("+identity+")")
	req.Header.Set("Accept", "application/json")
	way := &http.Transport{DialContext: p.DialContext, TLSClientConfig: p.TLS, DisableKeepAlives: true}
	if p.DialContext == nil { // through a proxy the address that is dialled would be the proxy's
		way.Proxy = http.ProxyFromEnvironment
	}
	client := http.Client{
		Transport:     way,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, transport(op, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, refusal(op, resp)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	if err != nil {
		return nil, transport(op, err)
	}
	return text, nil
}

func transport(op string, err error) error {
	if f, ok := errors.AsType[*websdr.Failure](err); ok {
		return f
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the address is in the op
	}
	return websdr.Fail(heimdall.FailTransport, op, err, "no connection: is the address right, and the receiver on?")
}

// refusal says what a status other than 200 means.
func refusal(op string, resp *http.Response) error {
	f := &websdr.Failure{Class: heimdall.FailProtocol, Op: op, Detail: "it answered with HTTP status " + strconv.Itoa(resp.StatusCode)}
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests:
		f.Class = heimdall.FailQuota
	case code == http.StatusUnauthorized:
		f.Class = heimdall.FailAuth
	case code == http.StatusForbidden:
		f.Class, f.Detail = heimdall.FailBanned, f.Detail+", as it does to addresses that it has banned"
	case code/100 == 3:
		f.Class, f.Detail = heimdall.FailRedirect, f.Detail+", to "+strconv.QuoteToASCII(resp.Header.Get("Location"))
	case code >= 500:
		f.Class, f.Detail = heimdall.FailTransport, f.Detail+": the receiver behind that address may be off"
	}
	if s, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 31); err == nil {
		f.After = min(time.Duration(s)*time.Second, maxRetryAfter)
	}
	return f
}

func statusURL(receiver string) (string, error) {
	u, err := url.Parse(receiver)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return "", errors.New("the address is malformed")
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	default:
		return "", fmt.Errorf("scheme %q is not that of a web address", u.Scheme)
	}
	u.RawQuery, u.Fragment = "", ""
	return u.JoinPath("status.json").String(), nil
}

// status is what the document holds of what is wanted. The owner's e-mail address is not.
type status struct {
	Receiver *struct {
		Name string `json:"name"`
		GPS  *struct {
			Latitude  float64 `json:"lat"`
			Longitude float64 `json:"lon"`
		} `json:"gps"`
		AltitudeM *float64 `json:"asl"`
		Location  string   `json:"location"`
	} `json:"receiver"`
	MaxClients *int   `json:"max_clients"`
	Version    string `json:"version"`
	SDRs       []struct {
		Name     string `json:"name"`
		Profiles []struct {
			Name     string  `json:"name"`
			CenterHz float64 `json:"center_freq"`
			RateHz   float64 `json:"sample_rate"`
		} `json:"profiles"`
	} `json:"sdrs"`
}

// ParseStatus reads status.json. What it tunes is reported from the lowest to the highest edge of its profiles, between
// which there may be gaps: the profiles themselves are in Raw.
func ParseStatus(text []byte) (websdr.Report, error) {
	var s status
	if err := json.Unmarshal(text, &s); err != nil {
		return websdr.Report{}, fmt.Errorf("read status.json: %w", err)
	}
	if s.Receiver == nil {
		return websdr.Report{}, errors.New("read status.json: it says nothing of a receiver")
	}
	r := websdr.Report{Dialect: "OpenWebRX", UsersMax: s.MaxClients, Name: s.Receiver.Name, LocationName: s.Receiver.Location, Raw: map[string]string{}}
	if s.Version != "" {
		r.Dialect += " " + s.Version
	}
	if g := s.Receiver.GPS; g != nil && math.Abs(g.Latitude) <= 90 && math.Abs(g.Longitude) <= 180 {
		r.LatitudeDeg, r.LongitudeDeg = &g.Latitude, &g.Longitude
	}
	r.AltitudeM = s.Receiver.AltitudeM
	var profiles []string
	for _, sdr := range s.SDRs {
		for _, p := range sdr.Profiles {
			low, high := p.CenterHz-p.RateHz/2, p.CenterHz+p.RateHz/2
			if !(low >= 0 && high > low && high <= heimdall.MaxFrequencyHz) {
				continue
			}
			if r.FrequencyMaxHz == 0 || int64(low) < r.FrequencyMinHz {
				r.FrequencyMinHz = int64(low)
			}
			r.FrequencyMaxHz = max(r.FrequencyMaxHz, int64(math.Ceil(high)))
			profiles = append(profiles, fmt.Sprintf("%s %.4g-%.4g MHz", p.Name, low/1e6, high/1e6))
		}
	}
	if len(profiles) > 0 {
		r.Raw["profiles"] = strings.Join(profiles, "; ")
	}
	return r, nil
}
