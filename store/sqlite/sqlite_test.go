package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/sqlite/sqlitetest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		return open(t, sqlitetest.Create(t, filepath.Join(t.TempDir(), "heimdall.db")))
	})
}

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// openRaw is another program's view of the file.
func openRaw(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func aWebSDR(name string) heimdall.WebSDR {
	return heimdall.WebSDR{Name: name, Kind: "sim", URL: "sim:///kiwi", Active: true, Timeout: 30 * time.Second}
}

func TestAFullDiskIsErrFullAndChangesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "heimdall.db")
	s := open(t, path)
	w, err := s.CreateWebSDR(t.Context(), aWebSDR("first"))
	if err != nil {
		t.Fatal(err)
	}
	sqlite.LimitPages(t, s)
	w.Notes = string(make([]byte, 1<<20))
	if _, err := s.UpdateWebSDR(t.Context(), w); !errors.Is(err, heimdall.ErrFull) {
		t.Errorf("got error %v, want ErrFull", err)
	}
	got, err := s.WebSDR(t.Context(), w.ID)
	if err != nil || got.Notes != "" {
		t.Errorf("after ErrFull there are %d bytes of notes (%v)", len(got.Notes), err)
	}
	storetest.Check(t, s)
}

func TestAWaitForAnotherProgramsWriteEndsWhenItDoesOrWhenItIsCancelled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heimdall.db")
	s := open(t, path)
	other := openRaw(t, path)
	exec(t, other, "BEGIN IMMEDIATE")

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := s.CreateWebSDR(ctx, aWebSDR("first")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got error %v, want a deadline exceeded", err)
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("it took %v to see the deadline", d)
	}
	if _, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{}); err != nil {
		t.Errorf("reading while another program writes: %v", err)
	}
	done := make(chan error)
	go func() {
		_, err := s.CreateWebSDR(t.Context(), aWebSDR("second"))
		done <- err
	}()
	exec(t, other, "COMMIT")
	if err := <-done; err != nil {
		t.Errorf("writing after the other program: %v", err)
	}
}

func TestACommitIsOnTheDiskBeforeItReturnsAndRowsReferToRows(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "heimdall.db"))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		if got := sqlite.Pragma(t, s, pragma); got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
}

func TestAWriteCancelledBeforeItsCommitSaysSoAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "heimdall.db"))
	w, err := s.CreateWebSDR(t.Context(), aWebSDR("first"))
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlite.CutOff(t, s); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want context.Canceled", err)
	}
	if got, err := s.WebSDR(t.Context(), w.ID); err != nil || got.Notes != "" {
		t.Errorf("its notes are %q (%v)", got.Notes, err)
	}
}

func TestWhatAnotherProgramCreatesIsClaimedAfterPoll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "heimdall.db")
	here, there := open(t, path), open(t, path)
	w, err := there.CreateWebSDR(t.Context(), aWebSDR("kiwi"))
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := there.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: []int64{w.ID}})
	if err != nil {
		t.Fatal(err)
	}
	if err := here.Wait(t.Context(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	job, err := here.Claim(t.Context(), "worker", time.Hour, 0)
	if err != nil || job.TaskID != a.TaskID {
		t.Errorf("claimed %+v (%v), want %s", job, err, a.TaskID)
	}
}

func TestTheClockGivenIsTheClockOfLeases(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "heimdall.db"), sqlite.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w, err := s.CreateWebSDR(t.Context(), aWebSDR("kiwi"))
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := s.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 7_074_000, Duration: time.Second, WebSDRIDs: []int64{w.ID}})
	if err != nil || !a.CreatedAt.Equal(now) {
		t.Fatalf("created at %v (%v), want %v", a.CreatedAt, err, now)
	}
	for _, step := range []struct {
		after time.Duration
		want  error
	}{{0, nil}, {15*time.Second - time.Microsecond, heimdall.ErrNoWork}, {time.Microsecond, nil}} {
		now = now.Add(step.after)
		if _, err := s.Claim(t.Context(), "worker", 15*time.Second, 0); !errors.Is(err, step.want) {
			t.Errorf("at %v the claim gives %v, want %v", now, err, step.want)
		}
	}
}

func TestTwoUpdatesWithinOneMicrosecondAreToldApart(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "heimdall.db"), sqlite.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first, err := s.CreateWebSDR(t.Context(), aWebSDR("kiwi"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateWebSDR(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateWebSDR(t.Context(), first); !errors.Is(err, heimdall.ErrConflict) {
		t.Errorf("an update of a stale row gives %v, want ErrConflict", err)
	}
}

func TestPathsMayHoldAnyCharacter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c#d%20e&f=g.db")
	open(t, path)
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestOnlyItsOwnerCanReadTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heimdall.db")
	s := open(t, path)
	if _, err := s.CreateWebSDR(t.Context(), aWebSDR("kiwi")); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Error(err)
		} else if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(file), mode)
		}
	}
}

func TestOpeningWhereThereIsNoFolderSaysSo(t *testing.T) {
	_, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "missing", "heimdall.db"), sqlite.Options{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v, want one that the folder does not exist", err)
	}
}
