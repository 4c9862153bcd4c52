package e2e_test

import (
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // pgx, as a driver of database/sql

	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// imported is what heimdall import measurements --json prints.
type imported struct {
	Rows       int
	Imported   int
	Present    int `json:"already_there"`
	Rejected   int
	RejectFile string `json:"reject_file"`
}

// importFile runs the command and fails unless it ends with that exit code.
func importFile(t *testing.T, data string, code int, args ...string) (r imported) {
	t.Helper()
	got := command(t, data, append([]string{"import", "measurements", "--json"}, args...)...)
	if got.code != code {
		t.Fatalf("heimdall import %v: exit code %d, want %d\n%s%s", args, got.code, code, got.stdout, got.stderr)
	}
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatalf("heimdall import %v: %v in\n%s", args, err, got.stdout)
	}
	return r
}

// twoReceivers is a data folder with WebSDRs 1 and 2.
func twoReceivers(t *testing.T) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	for i := range 2 {
		if r := command(t, data, "websdr", "add", fmt.Sprint("sim ", i), "sim:///?pace=fast", "--kind", "sim", "--latitude=45", "--longitude=7", "--sample-rate-hz=12000"); r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	return data
}

// season writes a file of n rows, ten seconds apart, a thousand of each task.
func season(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("task_id,websdr_id,timestamp_utc,frequency_mhz,sample_rate_khz,samples_count,snr_db,frequency_offset_hz,power_dbm,s3_path\n")
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&b, "task-%d,%d,%s,145.5,12,120000,%d.5,-3.25,-80,\n", i/1000, i%2+1, start.Add(time.Duration(i)*10*time.Second).Format(time.RFC3339), i%30)
	}
	path := filepath.Join(t.TempDir(), "season.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sound fails t unless heimdall check finds nothing amiss.
func sound(t *testing.T, data string) {
	t.Helper()
	if r := command(t, data, "check", "--deep"); r.code != 0 {
		t.Errorf("check:\n%s%s", r.stdout, r.stderr)
	}
}

func TestMeasurementsMoveFromOneHeimdallToAnother(t *testing.T) {
	t.Parallel()
	from, to := twoReceivers(t), twoReceivers(t)
	if r := command(t, from, "acquire", "7.1", "-d", "0.2s"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	printed := command(t, from, "measurements", "--csv")
	path := filepath.Join(t.TempDir(), "export.csv")
	if err := os.WriteFile(path, []byte(printed.stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := importFile(t, to, 0, path, "--dry-run"); r.Imported != 2 {
		t.Errorf("the dry run says %+v", r)
	}
	if r := importFile(t, to, 0, path); r.Rows != 2 || r.Imported != 2 {
		t.Errorf("the import says %+v", r)
	}
	if got := command(t, to, "measurements", "--csv"); got.stdout != printed.stdout {
		t.Errorf("here it prints\n%s\nthere\n%s", got.stdout, printed.stdout)
	}
	if r := importFile(t, from, 0, path); r.Present != 2 || r.Imported != 0 {
		t.Errorf("imported where it was recorded: %+v", r)
	}
	if r := command(t, to, "recompute", "--dry-run"); r.code != 0 || !strings.Contains(r.stdout, "nothing to recompute") {
		t.Errorf("recompute, of what has no recordings: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	sound(t, from)
	sound(t, to)
}

func TestBadRowsOfAnImportGoIntoAFile(t *testing.T) {
	t.Parallel()
	data, path := twoReceivers(t), season(t, 50)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := strings.Replace(strings.Replace(string(text), ",7.5,", ",NaN,", 1), "task-0,2,", "task-0,9,", 1)
	if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
		t.Fatal(err)
	}
	r := importFile(t, data, 3, path)
	if r.Rows != 50 || r.Imported != 48 || r.Rejected != 2 || r.RejectFile != path+".rejected.csv" {
		t.Errorf("the import says %+v", r)
	}
	f, err := os.Open(path + ".rejected.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) != 3 {
		t.Fatalf("the file of rejects is %v (%v)", records, err)
	}
	for i, want := range [][]string{{"3", "websdr_id", "heimdall websdr add"}, {"9", "snr_db", "finite"}} {
		if got := records[i+1]; got[0] != want[0] || got[1] != want[1] || !strings.Contains(got[2], want[2]) {
			t.Errorf("reject %d is %v, want line %s for its %s", i, got, want[0], want[1])
		}
	}
	if got := command(t, data, "measurements", "--csv", "--task-id", "task-0"); strings.Count(got.stdout, "\n") != 49 {
		t.Errorf("by its name elsewhere, the acquisition has %d lines, want a header and 48 rows", strings.Count(got.stdout, "\n"))
	}
	mended := filepath.Join(t.TempDir(), "rejects of rejects.csv")
	if r := importFile(t, data, 4, path+".rejected.csv", "--reject", mended); r.Rejected != 2 || r.RejectFile != mended {
		t.Errorf("the rejects, imported as they are: %+v", r)
	}
	if r := importFile(t, data, 3, path+".rejected.csv", "--reject", mended, "--websdr", "9=2"); r.Imported != 1 {
		t.Errorf("the rejects, with WebSDR 9 told: %+v", r)
	}
	sound(t, data)
}

func TestAServerMustBeStoppedForAnImport(t *testing.T) {
	t.Parallel()
	data, path := twoReceivers(t), season(t, 10)
	p, _ := serve(t, data)
	r := command(t, data, "import", "measurements", path)
	if r.code != 1 || !strings.Contains(r.stderr, "stop the server") {
		t.Errorf("exit code %d, %s", r.code, r.stderr)
	}
	if r := importFile(t, data, 0, path, "--dry-run"); r.Imported != 10 {
		t.Errorf("a dry run beside the server says %+v", r)
	}
	p.kill()
	if r := importFile(t, data, 0, path); r.Imported != 10 {
		t.Errorf("after the server was stopped: %+v", r)
	}
	sound(t, data)
}

// An import is killed again and again, and started again. It must end with the rows of the file, once each.
func TestAnImportThatIsKilledEndsWithTheSameRows(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		data := twoReceivers(t)
		importKilled(t, data, openDatabase(t, "sqlite", filepath.Join(data, "heimdall.db")), 12_000, 1, 3_000, 7_500)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		url := pgtest.Plain(t).Empty(t)
		onPostgres(t, url)
		importKilled(t, twoReceivers(t), openDatabase(t, "pgx", url), 70_000, 1, 30_000)
	})
}

func openDatabase(t *testing.T, driver, at string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// importKilled kills the import of n rows each time that so many are stored.
func importKilled(t *testing.T, data string, db *sql.DB, n int, when ...int) {
	t.Helper()
	path := season(t, n)
	for _, enough := range when {
		killImport(t, db, enough, "--data-dir", data, "import", "measurements", path)
		if got := rowsIn(t, db); got < enough || got >= n {
			t.Errorf("%d rows were stored when it was killed, want from %d to below %d", got, enough, n)
		}
	}
	r := importFile(t, data, 0, path)
	if r.Imported+r.Present != n || r.Imported == 0 || r.Present == 0 {
		t.Errorf("the last run says %+v", r)
	}
	if r := importFile(t, data, 0, path); r.Present != n {
		t.Errorf("once more: %+v", r)
	}
	if got := rowsIn(t, db); got != n {
		t.Errorf("there are %d rows, want %d", got, n)
	}
	sound(t, data)
}

// killImport is kill -9 as soon as so many rows are stored.
func killImport(t *testing.T, db *sql.DB, enough int, args ...string) {
	t.Helper()
	cmd := program(t, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// The kernel ends the process with the thread that started it, which must not be lent to a test that ends it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for rowsIn(t, db) < enough {
		select {
		case err := <-ended:
			t.Fatalf("it ended before it had stored %d rows: %v", enough, err)
		case <-time.After(5 * time.Millisecond): // counting takes its time, too
		}
	}
	cmd.Process.Kill() //nolint:errcheck // it may have ended
	<-ended
}

func rowsIn(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(`SELECT count(*) FROM measurements`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
