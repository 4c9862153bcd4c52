package storetest

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// An EmitterStore keeps the transmitters that somebody knows: see package api.
type EmitterStore interface {
	Emitters(ctx context.Context, f heimdall.EmitterFilter) ([]heimdall.Emitter, error)
	Emitter(ctx context.Context, id int64) (heimdall.Emitter, error)
	CreateEmitter(ctx context.Context, e heimdall.Emitter) (heimdall.Emitter, error)
	UpdateEmitter(ctx context.Context, e heimdall.Emitter) (heimdall.Emitter, error)
	DeleteEmitter(ctx context.Context, id int64) error
	ImportEmitters(ctx context.Context, list []heimdall.Emitter) (created, updated int, err error)
}

var emitters = []promise{
	{"an emitter is stored, changed and removed whole, and its id is never given again", emitterStored},
	{"an unknown emitter is ErrNotFound", unknownEmitter},
	{"names of emitters differ by case, and a name in use is ErrExists", emitterNames},
	{"what is wrong with an emitter is refused by name, and nothing is stored", badEmitters},
	{"emitters are chosen by frequency and by place, in order of id", emittersChosen},
	{"an update of an emitter that changed since it was read is ErrConflict", staleEmitter},
	{"an import of emitters creates and replaces by name, all of them or none", emittersImported},
}

// emitterCalls are the calls that every store answers, about emitters.
func emitterCalls(s Store) map[string]func(context.Context) error {
	e := anEmitter("another")
	return map[string]func(context.Context) error{
		"Emitters":       func(ctx context.Context) error { _, err := s.Emitters(ctx, heimdall.EmitterFilter{}); return err },
		"Emitter":        func(ctx context.Context) error { _, err := s.Emitter(ctx, 1); return err },
		"CreateEmitter":  func(ctx context.Context) error { _, err := s.CreateEmitter(ctx, e); return err },
		"UpdateEmitter":  func(ctx context.Context) error { _, err := s.UpdateEmitter(ctx, e); return err },
		"DeleteEmitter":  func(ctx context.Context) error { return s.DeleteEmitter(ctx, 1) },
		"ImportEmitters": func(ctx context.Context) error { _, _, err := s.ImportEmitters(ctx, []heimdall.Emitter{e}); return err },
	}
}

func anEmitter(name string) heimdall.Emitter {
	return heimdall.Emitter{Name: name, FrequencyHz: 14_100_000, LatitudeDeg: 45.07, LongitudeDeg: 7.68}
}

func createEmitter(t *testing.T, s Store, e heimdall.Emitter) heimdall.Emitter {
	t.Helper()
	e, err := s.CreateEmitter(t.Context(), e)
	ok(t, err)
	return e
}

func theEmitters(t *testing.T, s Store) []heimdall.Emitter {
	t.Helper()
	list, err := s.Emitters(t.Context(), heimdall.EmitterFilter{})
	ok(t, err)
	return list
}

func emitterStored(t *testing.T, s Store) {
	plain := createEmitter(t, s, anEmitter("plain"))
	n := 0
	var full heimdall.Emitter
	fill(reflect.ValueOf(&full).Elem(), &n)
	full.ID, full.Notes = 0, "on the air from 18:00\nto 6:00, \"è\""
	stored := createEmitter(t, s, full)
	if stored.ID <= plain.ID || stored.CreatedAt.IsZero() || !stored.CreatedAt.Equal(stored.UpdatedAt) {
		t.Errorf("stored with id %d after %d, at %v, changed at %v", stored.ID, plain.ID, stored.CreatedAt, stored.UpdatedAt)
	}
	full.ID, full.CreatedAt, full.UpdatedAt = stored.ID, stored.CreatedAt, stored.UpdatedAt
	same(t, "as stored", stored, full)
	same(t, "list", theEmitters(t, s), []heimdall.Emitter{plain, stored})

	change := anEmitter("moved")
	change.ID, change.CreatedAt = stored.ID, aTime
	changed, err := s.UpdateEmitter(t.Context(), change)
	ok(t, err)
	if !changed.UpdatedAt.After(stored.UpdatedAt) {
		t.Errorf("changed at %v, before that at %v", changed.UpdatedAt, stored.UpdatedAt)
	}
	change.CreatedAt, change.UpdatedAt = stored.CreatedAt, changed.UpdatedAt
	same(t, "as changed", changed, change)
	got, err := s.Emitter(t.Context(), stored.ID)
	ok(t, err)
	same(t, "as read", got, change)

	ok(t, s.DeleteEmitter(t.Context(), stored.ID))
	same(t, "list without it", theEmitters(t, s), []heimdall.Emitter{plain})
	if again := createEmitter(t, s, anEmitter("moved")); again.ID <= stored.ID {
		t.Errorf("the id %d is given after %d", again.ID, stored.ID)
	}
}

func unknownEmitter(t *testing.T, s Store) {
	_, err := s.Emitter(t.Context(), 42)
	wantErr(t, err, heimdall.ErrNotFound)
	e := anEmitter("nobody")
	e.ID = 42
	_, err = s.UpdateEmitter(t.Context(), e)
	wantErr(t, err, heimdall.ErrNotFound)
	wantErr(t, s.DeleteEmitter(t.Context(), 42), heimdall.ErrNotFound)
}

func emitterNames(t *testing.T, s Store) {
	createEmitter(t, s, anEmitter("DCF77"))
	other := createEmitter(t, s, anEmitter("dcf77"))
	_, err := s.CreateEmitter(t.Context(), anEmitter("DCF77"))
	wantErr(t, err, heimdall.ErrExists)
	other.Name = "DCF77"
	_, err = s.UpdateEmitter(t.Context(), other)
	wantErr(t, err, heimdall.ErrExists)
	if list := theEmitters(t, s); len(list) != 2 || list[1].Name != "dcf77" {
		t.Errorf("stored are %+v", list)
	}
}

func badEmitters(t *testing.T, s Store) {
	old := createEmitter(t, s, anEmitter("old"))
	bad := old
	bad.LatitudeDeg = 91
	_, err := s.UpdateEmitter(t.Context(), bad)
	wantInvalid(t, err, "latitude")
	bad.Name = "new"
	_, err = s.CreateEmitter(t.Context(), bad)
	wantInvalid(t, err, "latitude")
	same(t, "list", theEmitters(t, s), []heimdall.Emitter{old})
}

func emittersChosen(t *testing.T, s Store) {
	at := func(name string, hz int64, latitude float64) heimdall.Emitter {
		e := anEmitter(name)
		e.FrequencyHz, e.LatitudeDeg = hz, latitude
		return createEmitter(t, s, e)
	}
	c, a, b := at("c", 100_000_000, 45), at("a", 77_500, 50), at("b", 10_000_000, 45.5)
	circle := &heimdall.Near{LatitudeDeg: 45, LongitudeDeg: 7.68, RadiusKm: 100}
	for _, q := range []struct {
		what   string
		filter heimdall.EmitterFilter
		want   []heimdall.Emitter
	}{
		{"all", heimdall.EmitterFilter{}, []heimdall.Emitter{c, a, b}},
		{"from a frequency on, itself included", heimdall.EmitterFilter{FrequencyMinHz: 10_000_000}, []heimdall.Emitter{c, b}},
		{"up to a frequency, itself included", heimdall.EmitterFilter{FrequencyMaxHz: 10_000_000}, []heimdall.Emitter{a, b}},
		{"between two", heimdall.EmitterFilter{FrequencyMinHz: 77_501, FrequencyMaxHz: 99_999_999}, []heimdall.Emitter{b}},
		{"within 100 km", heimdall.EmitterFilter{Near: circle}, []heimdall.Emitter{c, b}},
		{"within 100 km, up to a frequency", heimdall.EmitterFilter{Near: circle, FrequencyMaxHz: 50_000_000}, []heimdall.Emitter{b}},
		{"none", heimdall.EmitterFilter{FrequencyMinHz: 200_000_000}, []heimdall.Emitter{}},
	} {
		got, err := s.Emitters(t.Context(), q.filter)
		ok(t, err)
		same(t, q.what, got, q.want)
	}
}

func staleEmitter(t *testing.T, s Store) {
	e := createEmitter(t, s, anEmitter("shared"))
	mine, theirs := e, e
	mine.Notes, theirs.Notes = "mine", "theirs"
	theirs, err := s.UpdateEmitter(t.Context(), theirs)
	ok(t, err)
	_, err = s.UpdateEmitter(t.Context(), mine)
	wantErr(t, err, heimdall.ErrConflict)
	same(t, "after the conflict", theEmitters(t, s), []heimdall.Emitter{theirs})

	mine.UpdatedAt = time.Time{} // whatever is there
	_, err = s.UpdateEmitter(t.Context(), mine)
	ok(t, err)
}

func emittersImported(t *testing.T, s Store) {
	old := createEmitter(t, s, anEmitter("b"))
	broken := anEmitter("c")
	broken.FrequencyHz = 0
	for field, last := range map[string]heimdall.Emitter{"features[2].frequency_mhz": broken, "features[2].name": anEmitter("a")} {
		created, updated, err := s.ImportEmitters(t.Context(), []heimdall.Emitter{anEmitter("a"), anEmitter("b"), last})
		wantInvalid(t, err, field)
		if created != 0 || updated != 0 {
			t.Errorf("a refused import says that it created %d and replaced %d", created, updated)
		}
		same(t, "after a refused import", theEmitters(t, s), []heimdall.Emitter{old})
	}

	moved := anEmitter("b")
	moved.Notes, moved.ID = "moved", 77
	created, updated, err := s.ImportEmitters(t.Context(), []heimdall.Emitter{anEmitter("a"), moved, anEmitter("c")})
	ok(t, err)
	if created != 2 || updated != 1 {
		t.Errorf("created %d and replaced %d, want 2 and 1", created, updated)
	}
	list := theEmitters(t, s)
	if len(list) != 3 || list[0].ID != old.ID || list[0].Notes != "moved" || !list[0].CreatedAt.Equal(old.CreatedAt) || list[1].Name != "a" || list[2].Name != "c" {
		t.Errorf("stored are %+v", list)
	}
}
