package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

var standings = []promise{
	{"a ban counts for every WebSDR at the host until it is over or forgiven", hostBlocked},
	{"a refused password counts for one WebSDR, until that is changed", passwordBlocked},
	{"a pause that is over counts for nothing", blockOver},
	{"connections to one host are an interval apart, and those to others are not", approachApart},
	{"the use of a host is counted by UTC day, for all WebSDRs at it", useCounted},
	{"a WebSDR without a host is never blocked", hostlessNotBlocked},
	{"a daily budget comes back as it was given, and an impossible one is refused", budgetKept},
}

// twins are two WebSDRs at one host, and a third at another.
func twins(t *testing.T, s Store) (one, two, other int64) {
	t.Helper()
	for i, url := range []string{"http://kiwi.example:8073", "http://kiwi.example:8073/", "http://other.example:8073"} {
		*[]*int64{&one, &two, &other}[i] = createWebSDR(t, s, aHost("at "+url, url)).ID
	}
	return one, two, other
}

func standingOf(t *testing.T, s Store, id int64) heimdall.Standing {
	t.Helper()
	list, err := s.Standings(t.Context(), []int64{id})
	ok(t, err)
	if len(list) > 1 || len(list) == 1 && list[0].WebSDRID != id {
		t.Fatalf("the standing of WebSDR %d is %+v", id, list)
	}
	if len(list) == 0 {
		return heimdall.Standing{WebSDRID: id}
	}
	return list[0]
}

func hostBlocked(t *testing.T, s Store) {
	one, two, other := twins(t, s)
	ok(t, s.BlockReceiver(t.Context(), one, heimdall.FailBanned, "go away", time.Hour))
	for _, id := range []int64{one, two} {
		b := standingOf(t, s, id).Block
		if b.Class != heimdall.FailBanned || b.Reason != "go away" || b.Until.Sub(b.Since) != time.Hour {
			t.Errorf("WebSDR %d is blocked as %+v", id, b)
		}
	}
	if st := standingOf(t, s, other); !st.Block.IsZero() {
		t.Errorf("another host is blocked, too: %+v", st)
	}
	all, err := s.Standings(t.Context(), nil)
	ok(t, err)
	if len(all) != 2 || all[0].WebSDRID != one || all[1].WebSDRID != two {
		t.Errorf("all standings are %+v", all)
	}
	ok(t, s.ForgiveReceiver(t.Context(), two)) // the host is the same
	ok(t, s.ForgiveReceiver(t.Context(), two))
	if st := standingOf(t, s, one); !st.Block.IsZero() {
		t.Errorf("forgiven it is still blocked: %+v", st)
	}
}

func passwordBlocked(t *testing.T, s Store) {
	one, two, _ := twins(t, s)
	ok(t, s.BlockReceiver(t.Context(), one, heimdall.FailAuth, "wrong password", time.Hour))
	if st := standingOf(t, s, one); st.Block.Class != heimdall.FailAuth {
		t.Errorf("it is blocked as %+v", st)
	}
	if st := standingOf(t, s, two); !st.Block.IsZero() {
		t.Errorf("its twin, which has a password of its own, is blocked: %+v", st)
	}
	w, err := s.WebSDR(t.Context(), one)
	ok(t, err)
	w.Password = "another"
	_, err = s.UpdateWebSDR(t.Context(), w)
	ok(t, err)
	if st := standingOf(t, s, one); !st.Block.IsZero() {
		t.Errorf("with another password it is still blocked: %+v", st)
	}
}

func blockOver(t *testing.T, s Store) {
	one, _, _ := twins(t, s)
	ok(t, s.BlockReceiver(t.Context(), one, heimdall.FailQuota, "come back tomorrow", 0))
	if st := standingOf(t, s, one); !st.Block.IsZero() {
		t.Errorf("it is blocked as %+v", st)
	}
}

func approachApart(t *testing.T, s Store) {
	var waits []time.Duration
	for range 3 {
		d, err := s.ApproachHost(t.Context(), "kiwi.example:8073", time.Minute)
		ok(t, err)
		waits = append(waits, d)
	}
	if waits[0] != 0 || waits[1] <= 30*time.Second || waits[1] > time.Minute || waits[2] <= 90*time.Second || waits[2] > 2*time.Minute {
		t.Errorf("three connections at once have to wait %v", waits)
	}
	d, err := s.ApproachHost(t.Context(), "other.example:8073", time.Minute)
	ok(t, err)
	if d != 0 {
		t.Errorf("the first connection to another host has to wait %v", d)
	}
}

func useCounted(t *testing.T, s Store) {
	one, two, other := twins(t, s)
	now := time.Now() // by the machine's clock, which is the database's in a test
	ok(t, s.CountUse(t.Context(), "kiwi.example:8073", now, 90*time.Second))
	ok(t, s.CountUse(t.Context(), "kiwi.example:8073", now, 10*time.Second))
	ok(t, s.CountUse(t.Context(), "kiwi.example:8073", now.AddDate(0, 0, -1), time.Hour))
	if heimdall.DayOf(time.Now()) != heimdall.DayOf(now) {
		return // midnight has just passed
	}
	for _, id := range []int64{one, two} {
		if st := standingOf(t, s, id); st.UsedToday != 100*time.Second {
			t.Errorf("WebSDR %d used %v today", id, st.UsedToday)
		}
	}
	if st := standingOf(t, s, other); st.UsedToday != 0 {
		t.Errorf("another host was used %v", st.UsedToday)
	}
}

func hostlessNotBlocked(t *testing.T, s Store) {
	id := createWebSDRs(t, s, 1)[0]
	ok(t, s.BlockReceiver(t.Context(), id, heimdall.FailBanned, "never", time.Hour))
	if st := standingOf(t, s, id); !st.Block.IsZero() {
		t.Errorf("it is blocked as %+v", st)
	}
}

func budgetKept(t *testing.T, s Store) {
	w := aHost("thrifty", "http://kiwi.example:8073")
	w.DailyBudget = 90 * time.Minute
	w = createWebSDR(t, s, w)
	if w.DailyBudget != 90*time.Minute {
		t.Errorf("the budget is %v", w.DailyBudget)
	}
	w.DailyBudget = 25 * time.Hour
	_, err := s.UpdateWebSDR(t.Context(), w)
	wantInvalid(t, err, "daily_budget_seconds")
	if err != nil && !strings.Contains(err.Error(), "86400") {
		t.Errorf("the error %v does not say what would do", err)
	}
}
