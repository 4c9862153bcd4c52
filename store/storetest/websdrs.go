package storetest

import (
	"reflect"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

var websdrs = []promise{
	{"create then get gives the same WebSDR", createThenGet},
	{"an unknown WebSDR is ErrNotFound", unknownWebSDR},
	{"names differ by case, and a name in use is ErrExists", uniqueNames},
	{"an id is never given twice", idsAreNotReused},
	{"lists are in order of id, and disabled WebSDRs are not offered for acquisition", listWebSDRs},
	{"an update replaces the whole row but its id and time of creation", updateWebSDR},
	{"an update of a row that changed since it was read is ErrConflict", staleUpdate},
	{"a WebSDR with captures is not deleted", deleteReferred},
	{"an import creates and updates by name", importByName},
	{"an import happens as a whole or not at all", importAllOrNothing},
	{"an invalid WebSDR is refused, naming the field", invalidWebSDR},
}

func createThenGet(t *testing.T, s Store) {
	plain := createWebSDR(t, s, aWebSDR("plain"))
	n := 1
	var full heimdall.WebSDR
	fill(reflect.ValueOf(&full).Elem(), &n)
	full.ID, full.Kind, full.URL, full.Active = 0, "rtl_tcp", "tcp://radio.example:1234", false
	full.RetryCount, full.FrequencyMaxHz = 7, full.FrequencyMinHz+1
	created := createWebSDR(t, s, full)

	if created.ID <= plain.ID || created.CreatedAt.IsZero() || !created.CreatedAt.Equal(created.UpdatedAt) {
		t.Errorf("created with id %d after %d, at %v, updated at %v", created.ID, plain.ID, created.CreatedAt, created.UpdatedAt)
	}
	full.ID, full.CreatedAt, full.UpdatedAt = created.ID, created.CreatedAt, created.UpdatedAt
	same(t, "as created", created, full)
	for _, want := range []heimdall.WebSDR{plain, created} {
		got, err := s.WebSDR(t.Context(), want.ID)
		ok(t, err)
		same(t, "as read", got, want)
	}
}

func unknownWebSDR(t *testing.T, s Store) {
	_, err := s.WebSDR(t.Context(), 42)
	wantErr(t, err, heimdall.ErrNotFound)
	w := aWebSDR("nobody")
	w.ID = 42
	_, err = s.UpdateWebSDR(t.Context(), w)
	wantErr(t, err, heimdall.ErrNotFound)
	wantErr(t, s.DeleteWebSDR(t.Context(), 42), heimdall.ErrNotFound)
}

func uniqueNames(t *testing.T, s Store) {
	createWebSDR(t, s, aWebSDR("Kiwi"))
	other := createWebSDR(t, s, aWebSDR("kiwi"))
	_, err := s.CreateWebSDR(t.Context(), aWebSDR("Kiwi"))
	wantErr(t, err, heimdall.ErrExists)
	other.Name = "Kiwi"
	_, err = s.UpdateWebSDR(t.Context(), other)
	wantErr(t, err, heimdall.ErrExists)
}

func idsAreNotReused(t *testing.T, s Store) {
	first := createWebSDR(t, s, aWebSDR("first"))
	ok(t, s.DeleteWebSDR(t.Context(), first.ID))
	second := createWebSDR(t, s, aWebSDR("second"))
	if second.ID <= first.ID {
		t.Errorf("id %d was given after id %d", second.ID, first.ID)
	}
	again := aWebSDR("first again")
	again.ID = first.ID
	_, err := s.CreateWebSDR(t.Context(), again)
	wantErr(t, err, heimdall.ErrExists)

	chosen := aWebSDR("chosen")
	chosen.ID = second.ID + 100
	if got := createWebSDR(t, s, chosen); got.ID != chosen.ID {
		t.Errorf("id %d was asked for, %d given", chosen.ID, got.ID)
	}
	if next := createWebSDR(t, s, aWebSDR("next")); next.ID <= chosen.ID {
		t.Errorf("id %d was given after id %d", next.ID, chosen.ID)
	}
}

func listWebSDRs(t *testing.T, s Store) {
	a := createWebSDR(t, s, aWebSDR("z"))
	off := aWebSDR("y")
	off.Active = false
	b := createWebSDR(t, s, off)
	c := createWebSDR(t, s, aWebSDR("x"))
	for _, q := range []struct {
		what   string
		filter heimdall.WebSDRFilter
		want   []heimdall.WebSDR
	}{
		{"all", heimdall.WebSDRFilter{}, []heimdall.WebSDR{a, b, c}},
		{"the active ones", heimdall.WebSDRFilter{ActiveOnly: true}, []heimdall.WebSDR{a, c}},
		{"by id", heimdall.WebSDRFilter{IDs: []int64{c.ID, 999, b.ID}}, []heimdall.WebSDR{b, c}},
		{"by no id", heimdall.WebSDRFilter{IDs: []int64{}}, []heimdall.WebSDR{}},
		{"the active ones by id", heimdall.WebSDRFilter{IDs: []int64{b.ID}, ActiveOnly: true}, []heimdall.WebSDR{}},
	} {
		got, err := s.WebSDRs(t.Context(), q.filter)
		ok(t, err)
		same(t, q.what, got, q.want)
	}
	_, _, err := s.CreateAcquisition(t.Context(), aRequest(a.ID, b.ID))
	wantInvalid(t, err, "websdrs")
}

func updateWebSDR(t *testing.T, s Store) {
	old := createWebSDR(t, s, aWebSDR("old"))
	change := aWebSDR("new")
	change.ID, change.AltitudeM, change.Notes = old.ID, pointer(250.5), "moved"
	change.CreatedAt = aTime
	updated, err := s.UpdateWebSDR(t.Context(), change)
	ok(t, err)
	if !updated.UpdatedAt.After(old.UpdatedAt) {
		t.Errorf("updated at %v, before that at %v", updated.UpdatedAt, old.UpdatedAt)
	}
	change.CreatedAt, change.UpdatedAt = old.CreatedAt, updated.UpdatedAt
	same(t, "as updated", updated, change)
	got, err := s.WebSDR(t.Context(), old.ID)
	ok(t, err)
	same(t, "as read", got, change)
}

func staleUpdate(t *testing.T, s Store) {
	w := createWebSDR(t, s, aWebSDR("shared"))
	mine, theirs := w, w
	mine.Notes, theirs.Notes = "mine", "theirs"
	theirs, err := s.UpdateWebSDR(t.Context(), theirs)
	ok(t, err)
	_, err = s.UpdateWebSDR(t.Context(), mine)
	wantErr(t, err, heimdall.ErrConflict)
	got, err := s.WebSDR(t.Context(), w.ID)
	ok(t, err)
	same(t, "after the conflict", got, theirs)

	mine.UpdatedAt = time.Time{} // whatever is there
	_, err = s.UpdateWebSDR(t.Context(), mine)
	ok(t, err)
}

func deleteReferred(t *testing.T, s Store) {
	ids := createWebSDRs(t, s, 2)
	create(t, s, aRequest(ids[0]))
	wantErr(t, s.DeleteWebSDR(t.Context(), ids[0]), heimdall.ErrConflict)
	ok(t, s.DeleteWebSDR(t.Context(), ids[1]))
	_, err := s.WebSDR(t.Context(), ids[0])
	ok(t, err)
}

func importByName(t *testing.T, s Store) {
	old := createWebSDR(t, s, aWebSDR("b"))
	moved := aWebSDR("b")
	moved.LocationName, moved.ID = "Genova", 77
	created, updated, err := s.ImportWebSDRs(t.Context(), []heimdall.WebSDR{aWebSDR("a"), moved, aWebSDR("c")})
	ok(t, err)
	if created != 2 || updated != 1 {
		t.Errorf("created %d and updated %d, want 2 and 1", created, updated)
	}
	got, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
	ok(t, err)
	var names []string
	for _, w := range got {
		names = append(names, w.Name)
	}
	same(t, "names in order of id", names, []string{"b", "a", "c"})
	if b := got[0]; b.ID != old.ID || b.LocationName != "Genova" || !b.CreatedAt.Equal(old.CreatedAt) {
		t.Errorf("after the import b is %+v", b)
	}
}

func importAllOrNothing(t *testing.T, s Store) {
	old := createWebSDR(t, s, aWebSDR("b"))
	broken := aWebSDR("c")
	broken.Kind = "crystal"
	for _, list := range [][]heimdall.WebSDR{
		{aWebSDR("a"), aWebSDR("b"), broken},
		{aWebSDR("a"), aWebSDR("b"), aWebSDR("a")},
	} {
		created, updated, err := s.ImportWebSDRs(t.Context(), list)
		wantInvalid(t, err, "websdrs[2]")
		if created != 0 || updated != 0 {
			t.Errorf("a refused import says that it created %d and updated %d", created, updated)
		}
		got, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
		ok(t, err)
		same(t, "after a refused import", got, []heimdall.WebSDR{old})
	}
}

func invalidWebSDR(t *testing.T, s Store) {
	w := aWebSDR("far north")
	w.LatitudeDeg = 91
	_, err := s.CreateWebSDR(t.Context(), w)
	wantInvalid(t, err, "latitude")
	good := createWebSDR(t, s, aWebSDR("good"))
	w.ID = good.ID
	_, err = s.UpdateWebSDR(t.Context(), w)
	wantInvalid(t, err, "latitude")
	got, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
	ok(t, err)
	same(t, "after the refusals", got, []heimdall.WebSDR{good})
}
