package access_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/access"
)

func TestATokenHasItsBurstAndThenItsRate(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{Limits: access.Limits{PerSecond: 2, Burst: 3}})
	_, a := r.token("a", heimdall.ScopeRead)
	_, b := r.token("b", heimdall.ScopeRead)
	call := func(value string) int {
		return r.status(ask("GET", "Authorization", "Bearer "+value), heimdall.ScopeRead)
	}
	for i := range 3 {
		if got := call(a); got != 200 {
			t.Fatalf("call %d: status is %d, want 200", i, got)
		}
	}
	if got := call(a); got != 429 {
		t.Errorf("one too many: status is %d, want 429", got)
	}
	if got := call(b); got != 200 {
		t.Errorf("another token: status is %d, want 200", got)
	}
	r.now = r.now.Add(500 * time.Millisecond)
	if first, second := call(a), call(a); first != 200 || second != 429 {
		t.Errorf("half a second later: statuses are %d and %d, want 200 and 429", first, second)
	}
}

func TestTheHeadersSayWhatIsLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{Limits: access.Limits{PerSecond: 2, Burst: 4}})
	req := ask("GET")
	caller, err := r.policy.Caller(req)
	if err != nil {
		t.Fatal(err)
	}
	q, err := r.policy.Take(caller, req)
	h := http.Header{}
	q.Header(h)
	if err != nil || h.Get("RateLimit-Policy") != `"default";q=4;w=2` || h.Get("RateLimit") != `"default";r=3;t=0` {
		t.Errorf("the headers are %v (%v)", h, err)
	}
}

func TestTheMachineItselfIsNotCounted(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{Loopback: true, Limits: access.Limits{PerSecond: 1, Burst: 1}})
	for range 10 {
		if got := r.status(ask("GET"), heimdall.ScopeRead); got != 200 {
			t.Fatalf("status is %d, want 200", got)
		}
	}
}

func TestWrongTokensAreRationedByAddressAndLockNobodyElseOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{})
	_, good := r.token("good", heimdall.ScopeRead)
	_, late := r.token("late", heimdall.ScopeRead)
	call := func(peer, value string) int {
		return r.status(ask("GET", "Peer", peer, "Authorization", "Bearer "+value), heimdall.ScopeRead)
	}
	const here, there = "203.0.113.7:1", "203.0.113.8:1"
	if got := call(here, good); got != 200 {
		t.Fatalf("status is %d, want 200", got)
	}
	for i := range 5 {
		if got := call(here, newValue(t)); got != 401 {
			t.Fatalf("wrong token %d: status is %d, want 401", i, got)
		}
	}
	for what, c := range map[string]struct{ got, want int }{
		"one wrong token too many":                         {call(here, newValue(t)), 429},
		"a token that was in use there":                    {call(here, good), 200},
		"one that was not":                                 {call(here, late), 429},
		"the same from another address":                    {call(there, late), 200},
		"nothing at all, which is no attempt at a token":   {r.status(ask("GET", "Peer", here), heimdall.ScopeRead), 401},
		"an address of the same IPv6 network, all of them": {networkOfOne(r), 429},
	} {
		if c.got != c.want {
			t.Errorf("%s: status is %d, want %d", what, c.got, c.want)
		}
	}
	r.now = r.now.Add(12 * time.Second)
	if got := call(here, newValue(t)); got != 401 {
		t.Errorf("12 s later: status is %d, want 401", got)
	}
}

// networkOfOne tries wrong tokens from six addresses of one /64.
func networkOfOne(r *rig) (last int) {
	for i := range 6 {
		last = r.status(ask("GET", "Peer", fmt.Sprintf("[2001:db8::%d]:1", i+1), "Authorization", "Bearer wrong"), heimdall.ScopeRead)
	}
	return last
}

func TestMoreAddressesTakeNoMoreMemoryThanTenThousand(t *testing.T) {
	t.Parallel()
	if got := access.KeysAfter(25_000); got != 10_000 {
		t.Errorf("%d keys are remembered, want 10000", got)
	}
}

func TestANegativeLimitIsNone(t *testing.T) {
	t.Parallel()
	r := newRig(t, access.Config{Limits: access.Limits{PerSecond: -1, FailuresPerMinute: -1}})
	for range 1000 {
		if got := r.status(ask("GET", "Authorization", "Bearer wrong"), heimdall.ScopeRead); got != 401 {
			t.Fatalf("status is %d, want 401", got)
		}
	}
}
