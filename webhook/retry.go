package webhook

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Attempts follow after 5 s, 15 s, 45 s, 2 min, 7 min, 20 min, 1 h, 3 h, 9 h and then every 12 h, each a fifth sooner or
// later: the last about three days after the first. A restart of the other end is bridged within seconds, a weekend
// without anybody at all.
const (
	firstWait   = 5 * time.Second
	growth      = 3
	longestWait = 12 * time.Hour
	MaxAttempts = 15

	// maxWait is the longest that another end may ask us to wait.
	maxWait = 24 * time.Hour
)

// backoff is how long to wait after so many attempts.
func (d *Deliverer) backoff(attempts int) time.Duration {
	wait := firstWait
	for range attempts - 1 {
		wait = min(wait*growth, longestWait)
	}
	jitter := rand.Float64
	if d.Jitter != nil {
		jitter = d.Jitter
	}
	return time.Duration(float64(wait) * (0.8 + 0.4*jitter()))
}

// retryAfter is how long an answer asks to wait (RFC 9110, 10.2.3); 0 when it does not.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
