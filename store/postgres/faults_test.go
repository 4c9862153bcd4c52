package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

func TestAServerThatCrashesWhileCapturesEndLosesNothingAndStoresNothingTwice(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Private(t, true)
	s := open(t, cluster.URL("postgres"))
	ids := createWebSDRs(t, s, 7)
	const acquisitions, crashes = 20, 3
	var ended atomic.Int64
	var group sync.WaitGroup
	for range acquisitions {
		job := runningJob(t, s, ids)
		group.Go(func() {
			for _, c := range job.Captures {
				c, m := success(c, time.Now())
				retry(t, func() error { return s.FinishCapture(t.Context(), job.Lease, c, m) })
				ended.Add(1)
			}
			retry(t, func() error { return s.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, "") })
		})
	}
	for i := range crashes {
		for ended.Load() < int64(i*acquisitions) { // so that it strikes while they are being written
			<-time.After(time.Millisecond)
		}
		if err := errors.Join(cluster.Stop(), cluster.Start()); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
	if n := len(all(t, s, heimdall.MeasurementFilter{})); n != acquisitions*len(ids) {
		t.Errorf("there are %d measurements, want %d", n, acquisitions*len(ids))
	}
	storetest.Check(t, s)
}

// retry calls fn until the server is there, as package acquire does.
func retry(t *testing.T, fn func() error) {
	deadline := time.Now().Add(time.Minute)
	for err := fn(); err != nil; err = fn() {
		if time.Now().After(deadline) || errors.Is(err, heimdall.ErrLost) {
			t.Error(err)
			return
		}
		<-time.After(10 * time.Millisecond)
	}
}

func TestWorkersAreWokenAgainAfterTheServerWasAway(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Private(t, false)
	here, there := open(t, cluster.URL("postgres")), open(t, cluster.URL("postgres"))
	ids := createWebSDRs(t, there, 1)
	if err := errors.Join(cluster.Stop(), cluster.Start()); err != nil {
		t.Fatal(err)
	}
	retry(t, func() error { return there.Ping(t.Context()) })
	if err := here.Wait(t.Context(), soon); err != nil { // the connection is back, and there may be something
		t.Fatal(err)
	}
	create(t, there, ids)
	began := time.Now()
	if err := here.Wait(t.Context(), soon); err != nil || time.Since(began) >= soon {
		t.Errorf("a create elsewhere did not wake a worker here (%v)", err)
	}
}

func TestAServerThatDoesNotLetUsInIsAnErrorThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Private(t, false)
	conn := pgtest.Connect(t, cluster.URL("postgres"))
	exec(t, conn, `CREATE ROLE stranger LOGIN PASSWORD 'right'`)
	exec(t, conn, `CREATE ROLE guest LOGIN`)
	exec(t, conn, `CREATE DATABASE other`)
	exec(t, pgtest.Connect(t, cluster.URL("other")), `REVOKE CREATE ON SCHEMA public FROM PUBLIC`)
	for what, c := range map[string]struct{ url, want string }{
		"wrong password":   {strings.Replace(cluster.URL("postgres"), "user=postgres", "user=stranger&password=wr0ng", 1), "wrong user or password: check DATABASE_URL"},
		"missing database": {cluster.URL("missing"), "create it with createdb"},
		"no rights":        {strings.Replace(cluster.URL("other"), "user=postgres", "user=guest", 1), "lacks a right"},
		"no server":        {"postgres:///heimdall?host=" + filepath.Join(t.TempDir(), "none"), "does not answer"},
		"no URL":           {"postgres://user:wr0ng@host:port/", "must be like postgres://"},
	} {
		_, openErr := postgres.Open(t.Context(), c.url, postgres.Options{})
		for _, err := range []error{openErr, postgres.Migrate(t.Context(), c.url)} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got error %v, want one that says %q", what, err, c.want)
			} else if strings.Contains(err.Error(), "wr0ng") {
				t.Errorf("%s: the error tells the password: %v", what, err)
			}
		}
	}
}

func TestADatabaseThatTakesNoWritesIsStillReadAndSaysSo(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	ids := createWebSDRs(t, open(t, url), 1)
	conn := pgtest.Connect(t, url)
	exec(t, conn, fmt.Sprintf(`ALTER DATABASE %s SET default_transaction_read_only = on`, get[string](t, conn, `SELECT current_database()`)))
	s := open(t, url)
	if _, err := s.WebSDR(t.Context(), ids[0]); err != nil {
		t.Errorf("reading: %v", err)
	}
	_, err := s.CreateWebSDR(t.Context(), aWebSDR("another"))
	if err == nil || !strings.Contains(err.Error(), "takes no writes") {
		t.Errorf("writing: got error %v, want one that says that it takes no writes", err)
	}
}

func TestAFullDiskIsErrFullAndChangesNothing(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s := open(t, url)
	ids := createWebSDRs(t, s, 1)
	job := runningJob(t, s, ids)
	conn := pgtest.Connect(t, url)
	// The server's own error, though not for its own reason.
	exec(t, conn, `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`)
	exec(t, conn, `CREATE TRIGGER full_disk BEFORE INSERT ON measurement_rows FOR EACH ROW EXECUTE FUNCTION full_disk()`)
	c, m := success(job.Captures[0], time.Now())
	if err := s.FinishCapture(t.Context(), job.Lease, c, m); !errors.Is(err, heimdall.ErrFull) {
		t.Errorf("got error %v, want ErrFull", err)
	}
	got, err := s.Capture(t.Context(), c.TaskID, c.WebSDRID)
	if err != nil || got.State != heimdall.Running {
		t.Errorf("after ErrFull the capture is %s (%v)", got.State, err)
	}
	exec(t, conn, `DROP TRIGGER full_disk ON measurement_rows`)
	if err := s.FinishCapture(t.Context(), job.Lease, c, m); err != nil {
		t.Errorf("once there is room: %v", err)
	}
	storetest.Check(t, s)
}

func TestAStatementThatTakesTooLongIsEndedAndAStreamIsNot(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	const timeout = 500 * time.Millisecond
	patient := open(t, url)
	measure(t, patient, createWebSDRs(t, patient, 1), time.Now())
	s := openWith(t, url, postgres.Options{MaxConns: 4, StatementTimeout: timeout})
	conn := pgtest.Connect(t, url)
	exec(t, conn, `BEGIN`)
	exec(t, conn, `LOCK TABLE measurement_rows`)
	_, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 1})
	if err == nil || !strings.Contains(err.Error(), "took too long") || errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want one that says that it took too long", err)
	}
	streamed := make(chan error)
	go func() {
		n := 0
		for _, err := range s.EachMeasurement(t.Context(), heimdall.MeasurementFilter{}) {
			n++
			if err != nil {
				n = 0
			}
		}
		if n != 1 {
			streamed <- fmt.Errorf("%d rows were streamed, want 1", n)
		}
		close(streamed)
	}()
	select {
	case err := <-streamed:
		t.Errorf("the stream did not wait for its rows: %v", err)
	case <-time.After(2 * timeout):
	}
	exec(t, conn, `COMMIT`)
	if err := <-streamed; err != nil {
		t.Error(err)
	}
}

func TestAWaitForALockEndsWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s := open(t, url)
	job := runningJob(t, s, createWebSDRs(t, s, 1))
	conn := pgtest.Connect(t, url)
	exec(t, conn, `BEGIN`)
	exec(t, conn, `SELECT 1 FROM acquisitions FOR UPDATE`)
	c, m := success(job.Captures[0], time.Now())
	for name, call := range map[string]func(context.Context) error{
		"Extend":        func(ctx context.Context) error { _, err := s.Extend(ctx, job.Lease, time.Hour); return err },
		"FinishCapture": func(ctx context.Context) error { return s.FinishCapture(ctx, job.Lease, c, m) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		err := call(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
			t.Errorf("%s: got error %v after %v, want a deadline exceeded", name, err, time.Since(began))
		}
	}
	exec(t, conn, `ROLLBACK`)
	if err := s.FinishCapture(t.Context(), job.Lease, c, m); err != nil { // whether or not it was written meanwhile
		t.Error(err)
	}
	storetest.Check(t, s)
}

func TestAnIDThatTheDatabaseCannotKeepIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.Plain(t).Database(t))
	w := aWebSDR("far")
	w.ID = 1 << 40
	var invalid *heimdall.InvalidError
	if _, err := s.CreateWebSDR(t.Context(), w); !errors.As(err, &invalid) {
		t.Errorf("got error %v, want an *InvalidError", err)
	}
	if _, err := s.WebSDR(t.Context(), w.ID); !errors.Is(err, heimdall.ErrNotFound) {
		t.Errorf("got error %v, want ErrNotFound", err)
	}
	a := heimdall.Acquisition{TaskID: "mine", FrequencyHz: 100_000_000, Duration: time.Second, WebSDRIDs: createWebSDRs(t, s, 1)}
	if _, _, err := s.CreateAcquisition(t.Context(), a); !errors.As(err, &invalid) {
		t.Errorf("got error %v, want an *InvalidError", err)
	}
	if _, _, err := s.Acquisition(t.Context(), "mine"); !errors.Is(err, heimdall.ErrNotFound) {
		t.Errorf("got error %v, want ErrNotFound", err)
	}
	if list, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{TaskID: "mine", Limit: 1}); err != nil || len(list) != 0 {
		t.Errorf("measurements of an id that is none: %v (%v)", list, err)
	}
}
