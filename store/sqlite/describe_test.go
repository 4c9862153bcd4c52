package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

func TestLookingAtADatabaseThatIsNotThereMakesNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heimdall.db")
	if _, err := sqlite.Look(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got error %v, want that there is none", err)
	}
	plan, err := sqlite.Plan(t.Context(), path)
	if err != nil || !strings.Contains(plan, "CREATE TABLE websdrs") {
		t.Errorf("the plan for a new database is %.200q, %v", plan, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("now there is one")
	}
}

func TestADatabaseSaysWhereItStands(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heimdall.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	empty, err := sqlite.Look(t.Context(), path)
	if err != nil || empty.Schema != 0 || len(empty.Pending) == 0 || empty.Known == 0 {
		t.Errorf("an empty file is %+v, %v", empty, err)
	}
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	looked, err := sqlite.Look(t.Context(), path)
	if err != nil || looked.Schema != looked.Known || len(looked.Pending) != 0 || looked.Bytes == 0 {
		t.Errorf("a migrated file is %+v, %v", looked, err)
	}
	described, err := s.Describe(t.Context())
	if err != nil || described.Schema != looked.Schema || described.Version != looked.Version {
		t.Errorf("the open database says %+v (%v), looked at from outside %+v", described, err, looked)
	}
	if plan, err := sqlite.Plan(t.Context(), path); plan != "" || err != nil {
		t.Errorf("the plan for it is %.200q, %v", plan, err)
	}
}
