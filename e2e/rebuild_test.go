package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func TestALostDatabaseIsMadeOfTheObjectsAgain(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	tellOfALostDatabase(t, data, func() {
		files, err := filepath.Glob(filepath.Join(data, "heimdall.db*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("there is no database to lose: %v", err)
		}
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestALostDatabaseOfPostgreSQLIsMadeOfTheObjectsAgain(t *testing.T) {
	t.Parallel()
	server := pgtest.Plain(t)
	onPostgres(t, server.Database(t))
	tellOfALostDatabase(t, filepath.Join(t.TempDir(), "data"), func() { setenv(t, "DATABASE_URL", server.Database(t)) })
}

// tellOfALostDatabase records, loses the database, makes it again, and finds all that it asks for as it was.
func tellOfALostDatabase(t *testing.T, data string, lose func()) {
	t.Helper()
	for _, name := range []string{"seed=1", "fault=busy", "seed=3&gap_at_s=0.2&gap_samples=100"} {
		r := command(t, data, "websdr", "add", name, "sim:///?pace=fast&"+name, "--kind", "sim", "--latitude", "45", "--longitude", "7", "--sample-rate-hz", "12000")
		if r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	var ids []string
	for _, label := range []string{"first", "second"} {
		var report struct {
			Acquisition struct {
				TaskID string `json:"task_id"`
			}
		}
		r := command(t, data, "acquire", "7.1", "-d", "500ms", "--label", label, "--json")
		if r.code != 3 {
			t.Fatalf("acquire: exit code %d, want 3 (partial): %s", r.code, r.stderr)
		}
		decode(t, r.stdout, &report)
		ids = append(ids, report.Acquisition.TaskID)
	}
	ask := func() []string {
		var answers []string
		for _, q := range []string{"websdr export", "acquisitions --json", "measurements --csv -n 0", "acquisitions show --json " + ids[0], "acquisitions show --json " + ids[1]} {
			r := command(t, data, strings.Fields(q)...)
			if r.code != 0 {
				t.Fatalf("heimdall %s: %s", q, r.stderr)
			}
			answers = append(answers, r.stdout)
		}
		return answers
	}
	before := ask()
	lose()
	var plan, report struct{ Restored, WebSDRs, Recordings, Failed int }
	mustJSON(t, &plan, data, "rebuild", "--dry-run")
	mustJSON(t, &report, data, "rebuild")
	if report.Restored != 2 || report.WebSDRs != 3 || report.Recordings != 4 || report.Failed != 0 || plan != report {
		t.Errorf("the report is %+v, the plan was %+v", report, plan)
	}
	if diff := cmp.Diff(before, ask()); diff != "" {
		t.Errorf("answers (-before +after):\n%s", diff)
	}
	if r := command(t, data, "check", "--deep"); r.code != 0 {
		t.Errorf("check: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

func TestRepairSaysFirstWhatItWouldDo(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	if r := command(t, data, "websdr", "add", "sim", "sim:///?pace=fast", "--kind", "sim", "--latitude", "45", "--longitude", "7", "--sample-rate-hz", "12000"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	if r := command(t, data, "acquire", "7.1", "-d", "500ms"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	metas, err := filepath.Glob(filepath.Join(data, "objects", "sessions", "*", "*.sigmf-meta"))
	if err != nil || len(metas) != 1 {
		t.Fatalf("metadata: %v (%v)", metas, err)
	}
	if err := os.Remove(metas[0]); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args string
		code int
		says string
	}{
		{"check", 4, "--repair"},
		{"check --yes", 2, "--repair"},
		{"check --repair", 4, "planned"},
		{"check", 4, "object_missing"},
		{"check --repair --yes", 0, "done"},
		{"check --repair --yes", 0, "nothing amiss"},
		{"check --deep", 0, "nothing amiss"},
	} {
		r := command(t, data, strings.Fields(step.args)...)
		if r.code != step.code || !strings.Contains(r.stdout+r.stderr, step.says) {
			t.Errorf("heimdall %s: exit code %d, want %d and %q:\n%s%s", step.args, r.code, step.code, step.says, r.stdout, r.stderr)
		}
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}
