package storetest

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// knownUptimes reckons histories whose uptimes can be told by hand. Times are minutes after observed.
func knownUptimes(t *testing.T, s Store) {
	type seen struct {
		minute float64
		is     heimdall.FailureClass // "" is up
		holds  float64
	}
	histories := []struct {
		name     string
		rows     []seen
		up, down float64
	}{
		{"nothing is known of nothing", nil, 0, 0},
		{"each row holds until the next", []seen{{0, "", 15}, {5, "down", 15}, {10, "", 15}, {15, "", 15}}, 5 + 5 + 15, 5},
		{"no row holds longer than it may", []seen{{0, "", 15}, {40, "down", 15}}, 15, 15},
		{"a row from before counts while it holds", []seen{{-10, "", 15}, {30, "transport", 15}}, 5, 15},
		{"a row from long before does not", []seen{{-20, "", 15}}, 0, 0},
		{"nothing counts after the end", []seen{{55, "", 15}, {70, "down", 15}}, 5, 0},
		{"busy is up", []seen{{0, "busy", 30}, {30, "down", 30}}, 30, 30},
		{"what has shut us out is unknown until it says something", []seen{{0, "", 60}, {10, "banned", 60}, {40, "", 60}}, 10 + 20, 0},
		{"a receiver that is down is asked seldom, and is down in between", []seen{{0, "down", 180}, {59, "", 15}}, 1, 59},
		{"rows out of order are put in order", []seen{{30, "down", 60}, {0, "", 60}}, 30, 30},
	}
	ids := createHosts(t, s, len(histories))
	at := func(minutes float64) time.Time { return observed.Add(time.Duration(minutes * float64(time.Minute))) }
	for i, h := range histories {
		for _, row := range h.rows {
			o := upAt(ids[i], at(row.minute))
			if row.is != "" {
				o = failedAt(ids[i], at(row.minute), row.is)
			}
			o.Holds = at(row.holds).Sub(observed)
			observe(t, s, o)
		}
	}
	list, err := s.Uptimes(t.Context(), nil, observed, at(60))
	ok(t, err)
	got := map[int64]heimdall.Uptime{}
	for _, u := range list {
		got[u.WebSDRID] = u
	}
	for i, h := range histories {
		u := got[ids[i]]
		if u.Up != at(h.up).Sub(observed) || u.Down != at(h.down).Sub(observed) {
			t.Errorf("%s: up %v, down %v, want %v min and %v min", h.name, u.Up, u.Down, h.up, h.down)
		}
		if (u.Share() == nil) != (h.up+h.down == 0) {
			t.Errorf("%s: the share is %v", h.name, u.Share())
		}
	}
	one, err := s.Uptimes(t.Context(), ids[1:2], observed, at(60))
	ok(t, err)
	same(t, "of one", one, []heimdall.Uptime{got[ids[1]]})
	split := time.Duration(0)
	for i := range 6 { // parts make the whole
		part, err := s.Uptimes(t.Context(), ids[1:2], at(float64(10*i)), at(float64(10*i+10)))
		ok(t, err)
		for _, u := range part {
			split += u.Up
		}
	}
	same(t, "sum of the parts", split, got[ids[1]].Up)
}

func attemptsCounted(t *testing.T, s Store) {
	id := createHosts(t, s, 1)[0]
	good := upAt(id, observed)
	good.Source = heimdall.FromCapture
	for _, o := range []heimdall.Observation{
		upAt(id, observed), good, good, failedAt(id, observed, heimdall.FailBusy), failedAt(id, observed.Add(-time.Minute), heimdall.FailDown),
	} {
		observe(t, s, o)
	}
	list, err := s.Uptimes(t.Context(), []int64{id}, observed, observed.Add(time.Hour))
	ok(t, err)
	if len(list) != 1 || list[0].Attempts != 3 || list[0].Successes != 2 {
		t.Errorf("%+v, want 3 attempts of which 2 succeeded", list)
	}
}
