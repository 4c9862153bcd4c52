package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
	"github.com/heimdall-sdr/heimdall/blob/s3/s3test"
	"github.com/heimdall-sdr/heimdall/client"
	"github.com/heimdall-sdr/heimdall/loadtest"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// A fleet is a server, two workers, a database and an object store, each of which may die at any instant.
type fleet struct {
	t        *testing.T
	dir      string
	cluster  *pgtest.Cluster
	objects  *s3test.Server
	server   *process
	address  string
	workers  [2]*process
	asked    int
	accepted []string
}

func TestAFleetLosesNothingWhoeverOfItDies(t *testing.T) {
	t.Parallel()
	f := &fleet{t: t, dir: t.TempDir(), cluster: pgtest.Private(t, true), objects: s3test.Private(t, "minio"), address: freeAddress(t)}
	onS3(t, f.objects)
	setenv(t, "DATABASE_URL", f.cluster.URL("postgres"))
	addSims(t, filepath.Join(f.dir, "server"))
	f.startServer()
	for i := range f.workers {
		f.startWorker(i)
	}
	c, err := client.New("http://"+f.address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rnd, begun := seeded(t), time.Now()
	died := map[string]int{}
	rounds := soakRounds(6)
	for range rounds {
		for range 2 {
			f.ask(c)
		}
		<-time.After(time.Duration(rnd.Int64N(int64(1200 * time.Millisecond)))) // an acquisition takes about 0.8 s
		died[f.loseOne(rnd)]++
	}
	for _, id := range f.accepted {
		mustBeWhole(t, c, id)
	}
	t.Logf("died: %v", died)
	count(t, c, begun, tally{Story: "kill -9 of server, worker, database or object store", On: "PostgreSQL, MinIO", Rounds: rounds})
	mustBeConsistent(t, filepath.Join(f.dir, "server"))
}

func (f *fleet) startServer() {
	f.server = background(f.t, "serving", "--data-dir", filepath.Join(f.dir, "server"), "serve", "--listen", f.address, "--acquisitions", "0")
}

func (f *fleet) startWorker(i int) {
	f.workers[i] = background(f.t, "working", "--data-dir", filepath.Join(f.dir, fmt.Sprint("worker", i)), "worker", "--lease", "1s", "--grace", "1s", "--acquisitions", "4")
}

// ask repeats what is not answered under one key: somebody may be dead.
func (f *fleet) ask(c *client.Client) {
	f.t.Helper()
	f.asked++
	key := fmt.Sprint("fleet ", f.asked)
	for deadline := time.Now().Add(time.Minute); ; <-time.After(50 * time.Millisecond) {
		a, _, err := c.CreateAcquisition(f.t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 0.4}, key)
		if err == nil {
			f.accepted = append(f.accepted, a.TaskID)
			return
		}
		if p, refused := errors.AsType[*client.Problem](err); refused && p.Status < 500 || time.Now().After(deadline) {
			f.t.Fatal(err)
		}
	}
}

// loseOne kills somebody, lets the others notice, and starts it again.
func (f *fleet) loseOne(rnd *rand.Rand) string {
	f.t.Helper()
	absence := time.Duration(rnd.Int64N(int64(2 * time.Second))) // a lease lasts one
	try := func(err error) {
		if err != nil {
			f.t.Fatal(err)
		}
	}
	switch rnd.IntN(5) {
	case 0:
		f.server.kill()
		<-time.After(absence)
		f.startServer()
		return "server"
	case 1:
		try(f.cluster.Stop())
		<-time.After(absence)
		try(f.cluster.Start())
		return "database"
	case 2:
		try(f.objects.Kill())
		<-time.After(absence)
		try(f.objects.Start())
		return "object store"
	}
	i := rnd.IntN(len(f.workers))
	f.workers[i].kill()
	<-time.After(absence)
	f.startWorker(i)
	return "worker"
}

// backlog is how many acquisitions wait while nobody works: ten thousand in a soak.
func backlog() int {
	if n, err := strconv.Atoi(os.Getenv("HEIMDALL_BACKLOG")); err == nil {
		return n
	}
	return 200
}

func TestWhatWaitedWhileNobodyWorkedIsDoneOnceWhenSomebodyComes(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		data := filepath.Join(t.TempDir(), "data")
		drain(t, data, "SQLite, folder")
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		setenv(t, "DATABASE_URL", pgtest.Private(t, true).URL("postgres"))
		onS3(t, s3test.Private(t, "minio"))
		drain(t, filepath.Join(t.TempDir(), "data"), "PostgreSQL, MinIO")
	})
}

func drain(t *testing.T, data, on string) {
	t.Helper()
	if r := command(t, data, "websdr", "add", "sim", "sim:///?pace=fast&snr_db=30", "--kind", "sim", "--latitude=45", "--longitude=7", "--sample-rate-hz=12000"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	idle, c := serve(t, data, "--acquisitions", "0")
	load := &loadtest.Load{Server: c, Groups: [][]int64{{1}}, Acquisitions: backlog(), Clients: 4, FrequencyHz: 7_100_000, Duration: 50 * time.Millisecond,
		Patience: 20 * time.Minute, Now: time.Now}
	begun := time.Now()
	if err := load.Submit(t.Context()); err != nil {
		t.Fatal(err)
	}
	submitted := time.Since(begun)
	idle.kill()
	_, c = serve(t, data, "--acquisitions", "16")
	for deadline := time.Now().Add(load.Patience); ; <-time.After(100 * time.Millisecond) {
		system, err := c.System(t.Context())
		if err == nil && system.Queue.Pending+system.Queue.Running == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("still waiting: %+v, %v", system.Queue, err)
		}
	}
	t.Logf("%d accepted in %.1f s, done in %.1f s more", load.Acquisitions, submitted.Seconds(), (time.Since(begun) - submitted).Seconds())
	count(t, c, begun, tally{Story: "a backlog while nobody works, then drained", On: on, Rounds: 1})
	mustBeConsistent(t, data)
}

// After many acquisitions, clients that hung up and streams that ended, a server holds what it held before.
func TestAServerLeaksNeitherGoroutinesNorDescriptors(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	addSims(t, data)
	address := freeAddress(t)
	var log bytes.Buffer
	cmd := program(t, "--data-dir", data, "serve", "--listen", address)
	cmd.Env, cmd.Stderr = append(cmd.Env, "GOTRACEBACK=all"), &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	c, err := client.New("http://"+address, client.Options{HTTP: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	use(t, c, 3) // pools fill up once
	transport.CloseIdleConnections()
	before := settled(t, cmd.Process.Pid, loadtest.Usage{})
	rounds := max(20, soakRounds(20))
	begun := time.Now()
	use(t, c, rounds)
	count(t, c, begun, tally{Story: "a server at work: descriptors and goroutines after", On: "SQLite, folder", Rounds: rounds})
	transport.CloseIdleConnections()
	after := settled(t, cmd.Process.Pid, before)
	const pooled = 8 // of connections that the database opens when several ask at once: two each
	if after.Descriptors > before.Descriptors+pooled {
		t.Errorf("%d descriptors are open after %d acquisitions, %d were before", after.Descriptors, rounds, before.Descriptors)
	}
	if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil { // Go's farewell is a list of goroutines
		t.Fatal(err)
	}
	cmd.Wait()      //nolint:errcheck // it was told to die
	const idle = 40 // of the runtime, the database, the listener and the workers: 30 are counted
	if n := strings.Count(log.String(), "\ngoroutine "); n > idle || n == 0 {
		t.Errorf("%d goroutines are left, %d are those of an idle server:\n%s", n, idle, log.String())
	} else {
		t.Logf("%d goroutines, %d descriptors", n, after.Descriptors)
	}
}

// use has the server acquire, some of it watched to the end, some of it by clients that go away.
func use(t *testing.T, c *client.Client, rounds int) {
	t.Helper()
	for i := range rounds {
		var a wire.Acquisition
		var err error
		for deadline := time.Now().Add(30 * time.Second); ; <-time.After(20 * time.Millisecond) {
			if a, _, err = c.CreateAcquisition(t.Context(), wire.AcquisitionRequest{FrequencyMHz: 7.1, DurationSeconds: 0.1}, ""); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		for _, err := range c.Watch(ctx, a.TaskID) {
			if i%2 == 0 || err != nil {
				break // and hang up
			}
		}
		cancel()
		if a = ended(t, c, a.TaskID); a.State != heimdall.Success {
			t.Fatalf("%s: %+v", a.State, a.Captures)
		}
	}
}

// settled returns what the process holds, once that is no more than before, or after a while.
func settled(t *testing.T, pid int, before loadtest.Usage) loadtest.Usage {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; <-time.After(100 * time.Millisecond) {
		u, err := loadtest.UsageOf(pid)
		if err != nil {
			t.Skip("SKIP: ", err)
		}
		if u.Descriptors <= before.Descriptors || time.Now().After(deadline) {
			return u
		}
	}
}
