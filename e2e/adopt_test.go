package e2e_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// A seedAdoption is what heimdall migrate adopt-seed --json prints.
type seedAdoption struct {
	Done       bool
	Rows       int
	Adopted    int
	Duplicates int
	Rejected   int
	RejectFile string `json:"reject_file"`
	Dropped    bool   `json:"old_tables_dropped"`
}

// seedDatabase is one of the Python system, with n good rows of two receivers and three bad ones.
func seedDatabase(t *testing.T, n int) *pgx.Conn {
	t.Helper()
	onPostgres(t, pgtest.Plain(t).Empty(t))
	conn := pgtest.Connect(t, getenv(t, "DATABASE_URL"))
	for _, s := range []string{`
CREATE TABLE measurements (id BIGSERIAL, task_id TEXT, websdr_id INTEGER, frequency_mhz DOUBLE PRECISION, sample_rate_khz DOUBLE PRECISION, samples_count INTEGER,
    timestamp_utc TIMESTAMPTZ, snr_db DOUBLE PRECISION, frequency_offset_hz DOUBLE PRECISION, power_dbm DOUBLE PRECISION, s3_path TEXT, PRIMARY KEY (id, timestamp_utc))`, `
INSERT INTO measurements (task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db)
SELECT md5((n / 20)::text)::uuid, n % 2 + 1, 145.5, 12.5, 125000, now() - n * INTERVAL '10 seconds', n % 30 FROM generate_series(1, $1::integer) AS n`, `
INSERT INTO measurements (task_id, websdr_id, frequency_mhz, timestamp_utc, snr_db) VALUES ('a', 1, 100, '2026-01-01', 'NaN'), ('a', 0, 100, '2026-01-01', 1), ('a', 1, 100, '1970-01-01', 1)`} {
		var args []any
		if strings.Contains(s, "$1") {
			args = append(args, n)
		}
		if _, err := conn.Exec(t.Context(), s, args...); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// adoptSeed runs the command and fails unless it ends with that exit code.
func adoptSeed(t *testing.T, data string, code int, args ...string) (r seedAdoption) {
	t.Helper()
	got := command(t, data, append([]string{"migrate", "adopt-seed", "--json"}, args...)...)
	if got.code != code {
		t.Fatalf("adopt-seed %v: exit code %d, want %d\n%s%s", args, got.code, code, got.stdout, got.stderr)
	}
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatalf("adopt-seed %v: %v in\n%s", args, err, got.stdout)
	}
	return r
}

func TestADatabaseOfThePythonSystemIsAdoptedHoweverOftenThatIsKilled(t *testing.T) {
	t.Parallel()
	const n = 9_000
	conn := seedDatabase(t, n)
	data, rejected := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "rejected.csv")
	if r := command(t, data, "serve", "--database-wait", "0s"); r.code != 1 || !strings.Contains(r.stderr, "heimdall migrate adopt-seed") {
		t.Errorf("a server on it: exit code %d, %s", r.code, r.stderr)
	}
	if r := command(t, data, "migrate", "status"); r.code != 0 || !strings.Contains(r.stdout, "heimdall migrate adopt-seed") {
		t.Errorf("its status: exit code %d, %s%s", r.code, r.stdout, r.stderr)
	}
	want := seedAdoption{Rows: n + 3, Adopted: n, Rejected: 3, RejectFile: rejected}
	if r := adoptSeed(t, data, 3, "--dry-run", "--reject", rejected); r != want {
		t.Errorf("the dry run says %+v", r)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 6 {
		cmd := program(t, "--data-dir", data, "migrate", "adopt-seed", "--reject", rejected)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(rnd.Int64N(int64(time.Second)))) // the whole takes a little longer
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil && cmd.ProcessState == nil {
			t.Log(err) // it had ended
		}
		_ = cmd.Wait() // it was killed
	}
	want.Done = true
	for range 2 {
		if r := adoptSeed(t, data, 3, "--reject", rejected); r != want {
			t.Errorf("the adoption says %+v", r)
		}
	}
	var rows, kept int
	err := conn.QueryRow(t.Context(), `
SELECT (SELECT count(*) FROM measurements_seed), (SELECT count(*) FROM measurements_seed AS o JOIN measurements AS m
    ON m.timestamp_utc = o.timestamp_utc AND m.websdr_id = o.websdr_id AND m.task_id::text = o.task_id AND m.snr_db = o.snr_db)`).Scan(&rows, &kept)
	if err != nil || rows != n+3 || kept != n {
		t.Errorf("the old table has %d rows, %d of which are measurements (%v)", rows, kept, err)
	}
	sound(t, data)
	mendRejects(t, data, rejected)
	want.Dropped = true
	if r := adoptSeed(t, data, 3, "--drop-old", "--reject", rejected); r != want {
		t.Errorf("the drop says %+v", r)
	}
	var left bool
	if err := conn.QueryRow(t.Context(), `SELECT to_regclass('measurements_seed') IS NOT NULL`).Scan(&left); err != nil || left {
		t.Errorf("the old table is there still (%v)", err)
	}
	sound(t, data)
}

// mendRejects has the NaN of the rejects taken out and imports them: one row of three is good then.
func mendRejects(t *testing.T, data, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mended := filepath.Join(t.TempDir(), "mended.csv")
	if err := os.WriteFile(mended, []byte(strings.Replace(string(text), ",NaN,", ",,", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := importFile(t, data, 3, mended); r.Rows != 3 || r.Imported != 1 || r.Rejected != 2 {
		t.Errorf("the mended rejects, imported: %+v", r)
	}
}

func TestThereIsNothingToAdoptElsewhere(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	if r := command(t, data, "migrate", "adopt-seed"); r.code != 2 || !strings.Contains(r.stderr, "SQLite") {
		t.Errorf("on SQLite: exit code %d, %s", r.code, r.stderr)
	}
	onPostgres(t, pgtest.Plain(t).Database(t))
	if r := command(t, data, "migrate", "adopt-seed"); r.code != 1 || !strings.Contains(r.stderr, "no table of the Python system") {
		t.Errorf("on a database of Heimdall: exit code %d, %s", r.code, r.stderr)
	}
}
