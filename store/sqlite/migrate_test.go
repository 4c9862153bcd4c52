package sqlite_test

import (
	"database/sql"
	"encoding/json"
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

func TestTheNewestSchemaEqualsSchemaSQL(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "migrated.db")
	open(t, path)
	text, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	described := openRaw(t, filepath.Join(t.TempDir(), "described.db"))
	exec(t, described, string(text))
	if diff := cmp.Diff(schema(t, described), schema(t, openRaw(t, path))); diff != "" {
		t.Errorf("schema.sql and the migrations differ (-schema.sql +migrated):\n%s", diff)
	}
}

var (
	comment = regexp.MustCompile(`--[^\n]*`)
	space   = regexp.MustCompile(`\s+`)
)

// schema is the SQL of every object of ours, by name, without comments and layout.
func schema(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	rows, err := db.Query(`SELECT type || ' ' || name, COALESCE(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	objects := make(map[string]string)
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		objects[name] = space.ReplaceAllString(comment.ReplaceAllString(text, ""), " ")
	}
	if err := rows.Err(); err != nil || len(objects) < 4 {
		t.Fatalf("%d objects in the schema (%v)", len(objects), err)
	}
	return objects
}

func TestEveryReleasedSchemaUpgradesWithItsRows(t *testing.T) {
	t.Parallel()
	released, err := filepath.Glob("testdata/schemas/*.sql")
	if err != nil || len(released) == 0 {
		t.Fatalf("no released schemas found (%v)", err)
	}
	for _, dump := range released {
		t.Run(filepath.Base(dump), func(t *testing.T) {
			text, err := os.ReadFile(dump)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "old.db")
			raw := openRaw(t, path)
			exec(t, raw, string(text))
			before := counts(t, raw)

			s := open(t, path)
			storetest.Check(t, s)
			if diff := cmp.Diff(before, counts(t, raw)); diff != "" {
				t.Errorf("rows (-before +after):\n%s", diff)
			}
			fresh := filepath.Join(t.TempDir(), "new.db")
			open(t, fresh)
			if diff := cmp.Diff(schema(t, openRaw(t, fresh)), schema(t, raw)); diff != "" {
				t.Errorf("a fresh schema and the upgraded one differ (-fresh +upgraded):\n%s", diff)
			}
			ms, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
			if err != nil || len(ms) == 0 || ms[0].S3Path == "" || ms[0].SNRdB == nil {
				t.Errorf("the old measurements read as %+v (%v)", ms, err)
			}
			a, cs, err := s.Acquisition(t.Context(), ms[0].TaskID)
			if err != nil || a.State != heimdall.Partial || len(cs) != 2 || cs[0].Recording == nil || len(cs[0].Recording.Gaps) != 1 {
				t.Errorf("the old acquisition reads as %+v %+v (%v)", a, cs, err)
			}
		})
	}
}

func TestMetricsThatWereRenamedKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/schemas/0001.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "old.db")
	raw := openRaw(t, path)
	exec(t, raw, string(text))
	exec(t, raw, `UPDATE measurements SET drift_sigma = 0.125, obw_lo = -100.5, obw_hi = 200.25`)
	ms, err := open(t, path).Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	if err != nil || len(ms) != 1 {
		t.Fatalf("%d measurements (%v)", len(ms), err)
	}
	got := []*float64{ms[0].DriftSigmaHzS, ms[0].OBWLowHz, ms[0].OBWHighHz}
	if diff := cmp.Diff([]*float64{new(0.125), new(-100.5), new(200.25)}, got); diff != "" {
		t.Errorf("renamed metrics (-before +after):\n%s", diff)
	}
}

func counts(t *testing.T, db *sql.DB) map[string]int {
	t.Helper()
	out := make(map[string]int)
	for _, table := range []string{"websdrs", "acquisitions", "captures", "measurements"} {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			t.Errorf("there are no %s to upgrade", table)
		}
		out[table] = n
	}
	return out
}

func TestANewerSchemaThanKnownIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "heimdall.db")
	s := open(t, path)
	if _, err := s.CreateWebSDR(t.Context(), aWebSDR("kiwi")); err != nil {
		t.Fatal(err)
	}
	raw := openRaw(t, path)
	exec(t, raw, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil || !strings.Contains(err.Error(), "9999") || !strings.Contains(err.Error(), "newer") {
		t.Errorf("got error %v, want one that names schema 9999 and says that it is newer", err)
	}
}

func TestAFileThatIsNoDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.txt")
	text := strings.Repeat("these are notes, not rows\n", 100)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := sqlite.Open(t.Context(), path, sqlite.Options{}); err == nil {
		s.Close()
		t.Error("a text file was opened as a database")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestProgramsThatOpenANewFileAtOnceAllSucceed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heimdall.db")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	storetest.Check(t, open(t, path))
}

// modernc.org/sqlite is C translated against one version of modernc.org/libc, and asks for exactly that one.
// Another module may ask for a newer one, which Go would then select: go.mod must exclude it.
func TestLibcIsTheVersionThatSQLiteWasTranslatedFor(t *testing.T) {
	if _, err := os.ReadFile("../../go.mod"); err != nil { // so that a cached result does not outlive a change
		t.Fatal(err)
	}
	list := osexec.Command("go", "list", "-m", "-json=Version,Dir", "modernc.org/sqlite", "modernc.org/libc")
	list.Env = append(os.Environ(), "GOPROXY=off")
	out, err := list.Output()
	if err != nil {
		t.Skipf("SKIP: go list does not run here: %v", err)
	}
	var lite, libc struct{ Version, Dir string }
	dec := json.NewDecoder(strings.NewReader(string(out)))
	if err := dec.Decode(&lite); err != nil {
		t.Fatal(err)
	}
	if err := dec.Decode(&libc); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(lite.Dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`modernc\.org/libc (v\S+)`).FindStringSubmatch(string(mod))
	if want == nil || libc.Version != want[1] {
		t.Errorf("modernc.org/libc %s is selected, but modernc.org/sqlite %s asks for %v", libc.Version, lite.Version, want)
	}
}
