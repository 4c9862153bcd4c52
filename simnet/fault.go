package simnet

import (
	"slices"
	"sync"

	"github.com/heimdall-sdr/heimdall"
)

// A Fault is something that goes wrong at a receiver, on purpose.
type Fault struct {
	Kind         FaultKind `json:"kind"`
	Count        int       `json:"count,omitempty"`         // only the first so many connections; 0 means every one
	AfterSeconds float64   `json:"after_seconds,omitempty"` // slow: before the first sample; stall, drop, gap, stale_stamp, odd_bytes: of samples before it happens
	Samples      int64     `json:"samples,omitempty"`       // gap: how many are lost; a KiwiSDR loses whole frames
	URL          string    `json:"url,omitempty"`           // redirect, http_redirect: where to
}

// A FaultKind names a fault. The comment says who can have it; others ignore it.
type FaultKind string

const (
	FaultRefuse       FaultKind = "refuse"        // all: nobody listens; with a count, connections are reset
	FaultBusy         FaultKind = "busy"          // kiwisdr: too_busy=4; rtl_tcp: connects, but sends no header; http_iq: 503
	FaultDown         FaultKind = "down"          // kiwisdr: reason_disabled; rtl_tcp: closes at once; http_iq: 503
	FaultBadPassword  FaultKind = "bad_password"  // kiwisdr: badp=1 whatever the password; http_iq: 401
	FaultIPLimit      FaultKind = "ip_limit"      // kiwisdr: the day's listening time is used up
	FaultRedirect     FaultKind = "redirect"      // kiwisdr: full, try this other one
	FaultHTTPRedirect FaultKind = "http_redirect" // kiwisdr, http_iq: 302
	FaultHTML         FaultKind = "html"          // all: answers 200 with a web page
	FaultSlow         FaultKind = "slow"          // all: the first sample comes late
	FaultEmpty        FaultKind = "empty"         // all: everything is accepted, then the stream ends without a sample
	FaultStall        FaultKind = "stall"         // all: samples stop coming, the connection stays
	FaultDrop         FaultKind = "drop"          // all: the connection is cut
	FaultGap          FaultKind = "gap"           // all: samples are lost; only a KiwiSDR can tell
	FaultStaleStamp   FaultKind = "stale_stamp"   // kiwisdr: one stamp is 3.2 h old
	FaultNoStamps     FaultKind = "no_stamps"     // kiwisdr: its owner has disabled them
	FaultFrozenStamps FaultKind = "frozen_stamps" // kiwisdr: they do not advance within a second, as a Web-888's
	FaultWrap         FaultKind = "wrap"          // kiwisdr: overdrive wraps around instead of clipping
	FaultMasked       FaultKind = "masked"        // kiwisdr: the owner silences the frequency
	FaultOddBytes     FaultKind = "odd_bytes"     // http_iq, rtl_tcp: the stream ends in the middle of a sample
)

var faultKinds = []FaultKind{FaultRefuse, FaultBusy, FaultDown, FaultBadPassword, FaultIPLimit, FaultRedirect, FaultHTTPRedirect,
	FaultHTML, FaultSlow, FaultEmpty, FaultStall, FaultDrop, FaultGap, FaultStaleStamp, FaultNoStamps, FaultFrozenStamps,
	FaultWrap, FaultMasked, FaultOddBytes}

// validate reports what is wrong with f, the fault of the field named.
func (f *Fault) validate(bad *heimdall.InvalidError, field string) {
	if !slices.Contains(faultKinds, f.Kind) {
		bad.Add(field+".kind", "%q is not known: use one of %v", f.Kind, faultKinds)
	}
	if f.Count < 0 {
		bad.Add(field+".count", "must be 0 (always) or the number of connections it applies to")
	}
	if !(f.AfterSeconds >= 0 && f.AfterSeconds <= 86400) {
		bad.Add(field+".after_seconds", "must be from 0 to 86400")
	}
	if f.Kind == FaultGap && (f.Samples <= 0 || f.Samples > 1e7) {
		bad.Add(field+".samples", "must say how many samples are lost, 1 to 1e7")
	}
	if (f.Kind == FaultRedirect || f.Kind == FaultHTTPRedirect) && f.URL == "" {
		bad.Add(field+".url", "must say where to, for example http://127.0.0.1:8073")
	}
}

// A plan is the faults that one connection meets.
type plan []Fault

func (p plan) find(kind FaultKind) (Fault, bool) {
	for _, f := range p {
		if f.Kind == kind {
			return f, true
		}
	}
	return Fault{}, false
}

func (p plan) has(kind FaultKind) bool {
	_, ok := p.find(kind)
	return ok
}

// reached reports whether a fault that strikes after so many seconds of samples has struck.
func (p plan) reached(kind FaultKind, sent int64, rateHz float64) bool {
	f, ok := p.find(kind)
	return ok && float64(sent) >= f.AfterSeconds*rateHz
}

// faults deals out plans to connections.
type faults struct {
	mu    sync.Mutex
	list  []Fault
	dealt int // connections so far under this list
	total int // connections in all
}

func (f *faults) set(list []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.dealt = slices.Clone(list), 0
}

// next returns the plan of the next connection.
func (f *faults) next() plan {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dealt++
	f.total++
	return f.active(f.dealt)
}

// peek returns the plan that a connection would meet now, for requests that do not count as one.
func (f *faults) peek() plan {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.active(f.dealt + 1)
}

func (f *faults) active(connection int) plan {
	var p plan
	for _, x := range f.list {
		if x.Count == 0 || connection <= x.Count {
			p = append(p, x)
		}
	}
	return p
}

func (f *faults) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.total
}
