package access

import (
	"container/list"
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/heimdall-sdr/heimdall"
)

// Limits are how often a token, or an address without one, may ask. The zero value is the default; what is negative
// is no limit.
type Limits struct {
	PerSecond         float64 // calls in the long run; 0 means 50
	Burst             int     // calls at once; 0 means four seconds' worth
	FailuresPerMinute int     // wrong tokens from one address; 0 means 5
}

func (l Limits) withDefaults() Limits {
	if l.PerSecond == 0 {
		l.PerSecond = 50
	}
	if l.Burst == 0 {
		l.Burst = max(1, int(math.Ceil(4*l.PerSecond)))
	}
	if l.FailuresPerMinute == 0 {
		l.FailuresPerMinute = 5
	}
	return l
}

// A Quota is what is left of the calls that a caller may make.
type Quota struct {
	Limited   bool          // otherwise the rest says nothing
	Burst     int           // calls when it is full
	Remaining int           // calls now
	Refill    time.Duration // until it is full
	Wait      time.Duration // until the next call, when this one was one too many
}

// Header sets the fields of draft-ietf-httpapi-ratelimit-headers-10.
func (q Quota) Header(h http.Header) {
	if !q.Limited {
		return
	}
	h.Set("RateLimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, q.Burst, wholeSeconds(q.Refill)))
	h.Set("RateLimit", fmt.Sprintf(`"default";r=%d;t=%d`, q.Remaining, wholeSeconds(q.Wait)))
}

// wholeSeconds is never early.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// Take counts one call of c. One too many is a *Refusal. Who sits at the machine is not counted.
func (p *Policy) Take(c Caller, r *http.Request) (Quota, error) {
	if c.Local {
		return Quota{}, nil
	}
	key := addressKey(c.Address)
	if c.TokenID != 0 {
		value, _ := credential(r)
		hash, _ := HashOf(value)
		key = tokenKey(hash)
	}
	q := p.calls.take(key, p.Now())
	if q.Wait > 0 {
		return q, tooMany("too many calls", q.Wait)
	}
	return q, nil
}

func tooMany(what string, wait time.Duration) *Refusal {
	return &Refusal{Status: http.StatusTooManyRequests, RetryAfter: wait,
		Detail: fmt.Sprintf("%s: try again in %d s", what, wholeSeconds(wait))}
}

func tokenKey(hash heimdall.TokenHash) string { return "token " + hex.EncodeToString(hash[:16]) }

// addressKey takes an IPv6 network of /64 for one caller: its owner has all of its addresses.
func addressKey(a netip.Addr) string {
	if a.Is6() && !a.Is4In6() {
		if p, err := a.Prefix(64); err == nil {
			return "address " + p.String()
		}
	}
	return "address " + a.Unmap().String()
}

// maxKeys bounds what a limiter remembers. Whoever commands more addresses than that is not stopped by counting.
const maxKeys = 10_000

// A limiter is a token bucket (the other kind of token) per key; the key that was quiet for longest is forgotten
// first. mu guards everything but the settings.
type limiter struct {
	rate  rate.Limit
	burst int

	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List // of *bucket, the latest first
}

type bucket struct {
	key string
	*rate.Limiter
}

func newLimiter(perSecond float64, burst int) *limiter {
	return &limiter{rate: rate.Limit(perSecond), burst: burst, byKey: map[string]*list.Element{}, recent: list.New()}
}

// enter makes a bucket for key, unless there is one.
func (l *limiter) enter(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bucket(key)
}

// bucket needs mu.
func (l *limiter) bucket(key string) *bucket {
	if e, ok := l.byKey[key]; ok {
		l.recent.MoveToFront(e)
		return e.Value.(*bucket)
	}
	if len(l.byKey) >= maxKeys {
		oldest := l.recent.Remove(l.recent.Back()).(*bucket)
		delete(l.byKey, oldest.key)
	}
	b := &bucket{key, rate.NewLimiter(l.rate, l.burst)}
	l.byKey[key] = l.recent.PushFront(b)
	return b
}

// knows reports whether key has a bucket.
func (l *limiter) knows(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.byKey[key]
	return ok
}

// take takes one from key's bucket, or says how long to wait.
func (l *limiter) take(key string, now time.Time) Quota {
	if l.rate < 0 || l.burst < 0 {
		return Quota{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key)
	q := Quota{Limited: true, Burst: l.burst, Refill: time.Duration(float64(l.burst) / float64(l.rate) * float64(time.Second))}
	if !b.AllowN(now, 1) {
		q.Wait = time.Duration((1 - b.TokensAt(now)) / float64(l.rate) * float64(time.Second))
		return q
	}
	q.Remaining = max(0, int(b.TokensAt(now)))
	return q
}

// wait is how long key has to wait for one to take; nothing is taken.
func (l *limiter) wait(key string, now time.Time) time.Duration {
	if l.rate < 0 || l.burst < 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.byKey[key]
	if !ok {
		return 0
	}
	left := e.Value.(*bucket).TokensAt(now)
	return max(0, time.Duration((1-left)/float64(l.rate)*float64(time.Second)))
}
