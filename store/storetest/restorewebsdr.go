package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func restoreWebSDR(t *testing.T, s Store) {
	var w heimdall.WebSDR
	n := 0
	fill(reflect.ValueOf(&w).Elem(), &n)
	good := aWebSDR("far above")
	w.Name, w.Kind, w.URL, w.Timeout, w.RetryCount = good.Name, good.Kind, good.URL, 30*time.Second, 3
	w.LatitudeDeg, w.LongitudeDeg, w.ID = 45.5, -7.25, 41
	w.CreatedAt, w.UpdatedAt = w.CreatedAt.Truncate(time.Microsecond), w.UpdatedAt.Truncate(time.Microsecond)
	for i := range 2 {
		restored, err := s.RestoreWebSDR(t.Context(), w)
		ok(t, err)
		if restored != (i == 0) {
			t.Errorf("the call %d restored: %v", i+1, restored)
		}
	}
	got, err := s.WebSDR(t.Context(), w.ID)
	ok(t, err)
	same(t, "the WebSDR", got, w)

	below := aWebSDR("below")
	below.ID = 7
	_, err = s.RestoreWebSDR(t.Context(), below)
	ok(t, err)
	if next := createWebSDR(t, s, aWebSDR("next")); next.ID <= 41 {
		t.Errorf("the next id is %d", next.ID)
	}
	twin := aWebSDR("below")
	twin.ID = 8
	_, err = s.RestoreWebSDR(t.Context(), twin)
	wantErr(t, err, heimdall.ErrExists)
	for field, spoil := range map[string]func(*heimdall.WebSDR){
		"websdr_id": func(w *heimdall.WebSDR) { w.ID = 0 },
		"kind":      func(w *heimdall.WebSDR) { w.Kind = "telegraph" },
	} {
		bad := aWebSDR("bad")
		bad.ID = 9
		spoil(&bad)
		_, err := s.RestoreWebSDR(t.Context(), bad)
		wantInvalid(t, err, field)
	}
}
