package httpiq

import (
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/heimdall-sdr/heimdall"
)

const maxRetryAfter = 24 * time.Hour

// check decides by the status and the header whether samples follow.
func (r *request) check(resp *http.Response) error {
	// What a refusal says is worth a moment, not a trickle.
	defer time.AfterFunc(r.timeout, func() { resp.Body.Close() }).Stop()
	code := resp.StatusCode
	if code == http.StatusOK {
		return r.checkType(resp)
	}
	class, advice := classOf(code)
	if location := resp.Header.Get("Location"); class == heimdall.FailRedirect && location != "" {
		advice = "it has moved to " + location + ": if you trust that, change the address"
	}
	said := snippet(resp.Body)
	if said != "" {
		said = ": " + said
	}
	f := r.fail(class, nil, "%s (%s)%s", advice, statusOf(code), said)
	f.After = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	return f
}

// classOf says what a status other than 200 means for the next attempt.
func classOf(code int) (heimdall.FailureClass, string) {
	switch code {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return heimdall.FailProtocol, "there is no /iq at this address"
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusNotImplemented:
		return heimdall.FailUnsupported, "it cannot do this frequency or rate"
	case http.StatusRequestedRangeNotSatisfiable:
		return heimdall.FailOutOfRange, "it cannot tune there"
	case http.StatusUnauthorized, http.StatusForbidden:
		return heimdall.FailAuth, "it wants another password"
	case http.StatusTooManyRequests:
		return heimdall.FailQuota, "it wants to be asked less often"
	case http.StatusServiceUnavailable:
		return heimdall.FailBusy, "it is busy"
	}
	switch code / 100 {
	case 3:
		return heimdall.FailRedirect, "it redirects elsewhere, in a circle or to nowhere"
	case 5:
		return heimdall.FailTransport, "the bridge or a proxy before it has failed"
	}
	return heimdall.FailProtocol, "the answer is not the one of a bridge"
}

func statusOf(code int) string {
	return strings.TrimSpace("HTTP " + strconv.Itoa(code) + " " + http.StatusText(code))
}

// checkType refuses what can be no samples: a Flask or PHP page comes as text/html unless told otherwise.
func (r *request) checkType(resp *http.Response) error {
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return r.fail(heimdall.FailProtocol, nil, "the samples are compressed with %.40q although nobody asked for that", coding)
	}
	given := resp.Header.Get("Content-Type")
	kind, _, err := mime.ParseMediaType(given)
	if err != nil {
		kind = strings.ToLower(strings.TrimSpace(given))
	}
	top, _, _ := strings.Cut(kind, "/")
	switch {
	case kind == "text/html":
		return r.fail(heimdall.FailProtocol, nil, "a web page came instead of samples: %s", snippet(resp.Body))
	case top == "text", top == "image", top == "audio", top == "video", kind == "application/json", kind == "application/xml":
		return r.fail(heimdall.FailProtocol, nil,
			"the answer is of type %.60q: samples are application/octet-stream", kind)
	}
	return nil
}

// looksLikeHTML is for pages that come without a type.
func looksLikeHTML(b []byte) bool {
	text := strings.ToLower(strings.TrimSpace(string(b[:min(len(b), 64)])))
	return strings.HasPrefix(text, "<!doctype html") || strings.HasPrefix(text, "<html")
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3); what it cannot read it takes for nothing said.
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseUint(s, 10, 31); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// snippet is the beginning of what the bridge says, fit to be shown in one line.
func snippet(body io.Reader) string {
	b, _ := io.ReadAll(io.LimitReader(body, 200)) // half a message is better than none
	printable := strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case c == unicode.ReplacementChar || !unicode.IsPrint(c):
			return -1
		}
		return c
	}, string(b))
	return strings.Join(strings.Fields(printable), " ")
}
