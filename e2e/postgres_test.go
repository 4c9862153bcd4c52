package e2e_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// onPostgres has every program that the test starts from now on work on that database, and with one folder of
// recordings.
func onPostgres(t *testing.T, url string) {
	t.Helper()
	setenv(t, "DATABASE_URL", url)
	setenv(t, "HEIMDALL_OBJECTS_DIR", filepath.Join(t.TempDir(), "objects"))
}

// addSims adds seven simulated receivers, half of which deliver in real time, so that kills hit recording as well as
// storing.
func addSims(t *testing.T, data string) {
	t.Helper()
	for i := range 7 {
		pace := []string{"fast", "real"}[i%2]
		r := command(t, data, "websdr", "add", fmt.Sprint("sim ", i), fmt.Sprintf("sim:///?pace=%s&seed=%d&snr_db=30", pace, i),
			"--kind", "sim", "--latitude=45", "--longitude=7", "--sample-rate-hz=12000")
		if r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
}

// mustBeWhole fails unless the acquisition ends in success with seven captures and as many measurements.
func mustBeWhole(t *testing.T, c *client.Client, taskID string) {
	t.Helper()
	a := ended(t, c, taskID)
	if a.State != heimdall.Success || len(a.Captures) != 7 {
		t.Errorf("acquisition %s ended %s with %d captures: %+v", taskID, a.State, len(a.Captures), a.Captures)
	}
	seen := map[int64]int{}
	for m, err := range c.EachMeasurement(t.Context(), heimdall.MeasurementFilter{TaskID: taskID}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[m.WebSDRID]++
	}
	for _, capture := range a.Captures {
		if seen[capture.WebSDRID] != 1 {
			t.Errorf("acquisition %s has %d measurements of WebSDR %d, want 1", taskID, seen[capture.WebSDRID], capture.WebSDRID)
		}
	}
}

// ended waits for the end. While the database is away the server says so.
func ended(t *testing.T, c *client.Client, taskID string) wire.Acquisition {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		a, err := c.Acquisition(t.Context(), taskID)
		if err == nil && a.State.Ended() {
			return a
		}
		if p, refused := errors.AsType[*client.Problem](err); err != nil && (!refused || p.Status < 500) {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("acquisition %s has not ended: it is %s with %+v (%v)", taskID, a.State, a.Captures, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func mustBeConsistent(t *testing.T, data string) {
	t.Helper()
	r := command(t, data, "check", "--deep")
	if r.code != 0 {
		t.Errorf("check:\n%s%s", r.stdout, r.stderr)
	}
	t.Log(strings.TrimSpace(r.stdout))
}

func TestTheDemoRunsOnPostgreSQLAndWhatItStoredStays(t *testing.T) {
	t.Parallel()
	onPostgres(t, pgtest.Plain(t).Empty(t))
	data := filepath.Join(t.TempDir(), "data")
	var demo struct {
		Acquisition wire.Acquisition
		Compared    []struct{ Name string }
	}
	for range 2 { // it is not in its own way
		mustJSON(t, &demo, data, "demo", "--once", "--duration", "1s", "--listen", "127.0.0.1:0")
		if demo.Acquisition.State != heimdall.Success || len(demo.Compared) != 7 {
			t.Fatalf("%s with %d receivers compared, want success with 7", demo.Acquisition.State, len(demo.Compared))
		}
	}
	var stored int
	conn := pgtest.Connect(t, getenv(t, "DATABASE_URL"))
	err := conn.QueryRow(t.Context(), `SELECT count(*) FROM measurements WHERE task_id = $1 AND snr_db > 3`, demo.Acquisition.TaskID).Scan(&stored)
	if err != nil || stored != 7 {
		t.Errorf("the database has %d measurements of it, want 7 (%v)", stored, err)
	}
	var active []wire.WebSDR
	if mustJSON(t, &active, data, "websdr", "list", "--active"); len(active) > 0 {
		t.Errorf("receivers that ended with the demo are still asked for recordings: %+v", active)
	}
	mustBeConsistent(t, data)
}

func TestTheDemoRefusesADatabaseThatSomebodyWorksWith(t *testing.T) {
	t.Parallel()
	onPostgres(t, pgtest.Plain(t).Database(t))
	data := filepath.Join(t.TempDir(), "data")
	add := func(name, url, kind string) {
		if r := command(t, data, "websdr", "add", name, url, "--kind", kind, "--latitude=45", "--longitude=7"); r.code != 0 {
			t.Fatal(r.stderr)
		}
	}
	add("giaveno", "http://kiwi.example:8073", "kiwisdr")
	r := command(t, data, "demo", "--once", "--listen", "127.0.0.1:0")
	if r.code != 2 || !strings.Contains(r.stderr, "giaveno") {
		t.Errorf("a name is taken: exit code %d, %s", r.code, r.stderr)
	}
}

// Of two workers on one database one is killed again and again, at any instant.
func TestTwoWorkersEndEveryAcquisitionOnceHoweverOftenOneIsKilled(t *testing.T) {
	t.Parallel()
	onPostgres(t, pgtest.Plain(t).Database(t))
	dir := t.TempDir()
	server, steady, shaky := filepath.Join(dir, "server"), filepath.Join(dir, "steady"), filepath.Join(dir, "shaky")
	addSims(t, server)
	_, c := serve(t, server, "--acquisitions", "0")
	work := func(data string) *process {
		return background(t, "working", "--data-dir", data, "worker", "--lease", "1s", "--grace", "1s", "--acquisitions", "2")
	}
	work(steady)
	rnd, begun := seeded(t), time.Now()
	rounds := soakRounds(6)
	var ids []string
	for range rounds {
		victim := work(shaky)
		for range 3 { // more than the steady one takes at a time
			a, _, err := c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 0.4}, "")
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, a.TaskID)
		}
		<-time.After(time.Duration(rnd.Int64N(int64(1200 * time.Millisecond)))) // an acquisition takes about 0.8 s
		victim.kill()
	}
	taken := 0
	for _, id := range ids {
		mustBeWhole(t, c, id)
		if ended(t, c, id).Claims > 1 {
			taken++
		}
	}
	t.Logf("%d of %d acquisitions were taken over", taken, len(ids))
	count(t, c, begun, tally{Story: "kill -9 of one of two workers", On: "PostgreSQL, folder", Rounds: rounds})
	mustBeConsistent(t, server)
	work(shaky) // it finds in its spool what it is rid of
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
		left, err := filepath.Glob(filepath.Join(dir, "*", "spool", "*", "*"))
		if err == nil && len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the spools still hold %v, %v", left, err)
		}
	}
}

func TestADatabaseThatIsLostInTheMidstOfAnAcquisitionLosesNothing(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Private(t, true)
	onPostgres(t, cluster.URL("postgres"))
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	_, c := serve(t, data)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for range 3 {
		a, _, err := c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 0.4}, "")
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(rnd.Int64N(int64(900 * time.Millisecond))))
		if err := cluster.Stop(); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(rnd.Int64N(int64(2 * time.Second)))) // a lease lasts one
		if err := cluster.Start(); err != nil {
			t.Fatal(err)
		}
		mustBeWhole(t, c, a.TaskID)
	}
	mustBeConsistent(t, data)
}

func TestADatabaseServerThatIsDownAtTheStartIsAnErrorThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	setenv(t, "DATABASE_URL", "postgres://somebody:s3cret@127.0.0.1:1/heimdall?sslmode=disable")
	data := filepath.Join(t.TempDir(), "data")
	for _, args := range [][]string{
		{"serve", "--listen", "127.0.0.1:0", "--database-wait", "0s"},
		{"worker", "--objects-dir", data, "--database-wait", "1500ms"},
		{"acquire", "7.1"}, {"check"}, {"migrate", "status"}, {"migrate", "up"}, {"migrate", "plan"},
	} {
		r := command(t, data, args...)
		if r.code != 1 || !strings.Contains(r.stderr, "the database server does not answer") {
			t.Errorf("heimdall %s: exit code %d, %s", args[0], r.code, r.stderr)
		}
		if strings.Contains(r.stdout+r.stderr, "s3cret") {
			t.Errorf("heimdall %s tells the password: %s%s", args[0], r.stdout, r.stderr)
		}
	}
}

func TestAServerWaitsForADatabaseThatIsOnlyStarting(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Private(t, false)
	onPostgres(t, cluster.URL("postgres"))
	if err := cluster.Stop(); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	background(t, "it is tried again", "--data-dir", filepath.Join(t.TempDir(), "data"), "serve", "--listen", address)
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	c, err := client.New("http://"+address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
		system, err := c.System(t.Context())
		if err == nil {
			if system.Database.Backend != "postgresql" || system.RetentionDays == nil || *system.RetentionDays != 30 {
				t.Errorf("the system is %+v", system)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestAWorkerWithoutWhatItMustShareIsRefused(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	setenv(t, "DATABASE_URL", "")
	if r := command(t, data, "worker"); r.code != 2 || !strings.Contains(r.stderr, "DATABASE_URL") {
		t.Errorf("without a database: exit code %d, %s", r.code, r.stderr)
	}
	setenv(t, "DATABASE_URL", "postgres:///heimdall")
	if r := command(t, data, "worker"); r.code != 2 || !strings.Contains(r.stderr, "HEIMDALL_OBJECTS_DIR") {
		t.Errorf("without a folder of recordings: exit code %d, %s", r.code, r.stderr)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("it made a data folder all the same")
	}
}
