package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

// anOldDay has its partition or chunk, which is empty.
func anOldDay(t *testing.T, conn *pgx.Conn, daysAgo int) (noon time.Time, partition string) {
	t.Helper()
	noon = time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -daysAgo).Add(12 * time.Hour)
	exec(t, conn, `SELECT heimdall_create_partitions($1::text::date, 1)`, noon.Format(time.DateOnly))
	return noon, "measurement_rows_" + noon.Format("20060102")
}

func remove(t *testing.T, s *postgres.Store, taskIDs ...string) {
	t.Helper()
	var plans []heimdall.Deletion
	for _, id := range taskIDs {
		plans = append(plans, heimdall.Deletion{TaskID: id, Reason: "test"})
	}
	if err := s.PlanDeletion(t.Context(), plans); err != nil {
		t.Fatal(err)
	}
	if done, err := s.FinishDeletion(t.Context(), taskIDs); err != nil || len(done) != len(taskIDs) {
		t.Fatalf("%d of %d deletions are done (%v)", len(done), len(taskIDs), err)
	}
}

// compressNow does what the policy does later, or has begun to do.
func compressNow(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	exec(t, conn, `SELECT remove_compression_policy('measurement_rows', if_exists => true)`)
	exec(t, conn, `SELECT compress_chunk(c, if_not_compressed => true) FROM show_chunks('measurement_rows') AS c`)
}

const relationSize = `SELECT pg_relation_size($1::text::regclass)`

func TestADayOfWhichAllGoesIsTruncatedAndItsPartitionDropped(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s, conn := open(t, url), pgtest.Connect(t, url)
	ids := createWebSDRs(t, s, 3)
	noon, gone := anOldDay(t, conn, 40)
	_, kept := anOldDay(t, conn, 39)
	first, second := measure(t, s, ids, noon), measure(t, s, ids, noon.Add(time.Hour))
	both := measure(t, s, ids, noon.Add(36*time.Hour-13*time.Hour)) // the next day's
	stays := measure(t, s, ids, noon.Add(25*time.Hour))

	remove(t, s, first)
	if n := get[int64](t, conn, relationSize, gone); n == 0 {
		t.Error("a day was emptied of which an acquisition is kept")
	}
	remove(t, s, second, both)
	if n := get[int64](t, conn, relationSize, gone); n != 0 {
		t.Errorf("a day of which all is gone still takes %d bytes", n)
	}
	if err := s.Reclaim(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{gone: false, kept: true, "measurement_rows_" + time.Now().UTC().Format("20060102"): true} {
		if got := get[bool](t, conn, `SELECT to_regclass($1) IS NOT NULL`, name); got != want {
			t.Errorf("%s is there: %v, want %v", name, got, want)
		}
	}
	left := all(t, s, heimdall.MeasurementFilter{})
	if len(left) != len(ids) || slices.ContainsFunc(left, func(m heimdall.Measurement) bool { return m.TaskID != stays }) {
		t.Errorf("%d rows are left, want the %d of one acquisition", len(left), len(ids))
	}
	storetest.Check(t, s)
	measure(t, s, ids, noon) // whose partition is gone: the default one keeps it
	storetest.Check(t, s)
}

func TestADayThatSomebodyReadsIsEmptiedRowByRow(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s, conn := open(t, url), pgtest.Connect(t, url)
	ids := createWebSDRs(t, s, 3)
	noon, partition := anOldDay(t, conn, 40)
	task := measure(t, s, ids, noon)
	exec(t, conn, `BEGIN ISOLATION LEVEL REPEATABLE READ`)
	if n := get[int](t, conn, `SELECT count(*) FROM measurements`); n != len(ids) {
		t.Fatalf("%d rows at first", n)
	}
	remove(t, s, task)
	if err := s.Reclaim(t.Context()); err != nil {
		t.Errorf("nothing can be dropped now, which is no error: %v", err)
	}
	if n := get[int](t, conn, `SELECT count(*) FROM measurements`); n != len(ids) {
		t.Errorf("the reader sees %d rows of the %d that there were when it began", n, len(ids))
	}
	exec(t, conn, `COMMIT`)
	if n := len(all(t, s, heimdall.MeasurementFilter{})); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if n := get[int64](t, conn, relationSize, partition); n == 0 {
		t.Error("the day was truncated under its reader")
	}
	storetest.Check(t, s)
}

// What a TRUNCATE leaves is empty also for a snapshot of before.
func TestADayIsNotEmptiedUnderACheckOrAQuestionThatHasBegun(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s, conn := open(t, url), pgtest.Connect(t, url)
	noon, partition := anOldDay(t, conn, 40)
	measure(t, s, createWebSDRs(t, s, 1), noon)
	f := heimdall.AnalyticsFilter{From: noon.Add(-time.Minute), To: noon.Add(time.Minute)}
	for what, read := range map[string]struct {
		before string // what is read before the rows
		call   func() error
	}{
		"Check":             {"acquisitions", func() error { _, err := s.Check(t.Context()); return err }},
		"PerformanceReport": {"captures_hourly", func() error { _, err := s.PerformanceReport(t.Context(), f); return err }},
	} {
		exec(t, conn, `BEGIN`)
		exec(t, conn, `LOCK TABLE `+read.before)
		done := make(chan error)
		go func() { done <- read.call() }()
		other := pgtest.Connect(t, url)
		for get[int](t, other, `SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::text::regclass`, read.before) == 0 {
			<-time.After(time.Millisecond)
		}
		exec(t, other, `BEGIN`)
		_, err := other.Exec(t.Context(), `LOCK TABLE `+partition+` IN ACCESS EXCLUSIVE MODE NOWAIT`)
		if err == nil || !strings.Contains(err.Error(), "55P03") {
			t.Errorf("%s: the day was emptied while it was being read (%v)", what, err)
		}
		exec(t, conn, `COMMIT`)
		if err := <-done; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A worker that was away for long brings a recording of a day that is being deleted.
func TestWhatIsStoredIntoADayWhileItIsEmptiedStays(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Database(t)
		s, conn := open(t, url), pgtest.Connect(t, url)
		ids := createWebSDRs(t, s, 1)
		noon, _ := anOldDay(t, conn, 40)
		const rounds = 10
		for i := range rounds {
			going := measure(t, s, ids, noon.Add(time.Duration(i)*time.Minute))
			job := runningJob(t, s, ids)
			stored := make(chan error)
			go func() {
				c, m := success(job.Captures[0], noon.Add(time.Duration(i)*time.Second))
				stored <- s.FinishCapture(t.Context(), job.Lease, c, m)
			}()
			remove(t, s, going)
			if err := <-stored; err != nil {
				t.Fatal(err)
			}
			if err := s.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, ""); err != nil {
				t.Fatal(err)
			}
			if got := all(t, s, heimdall.MeasurementFilter{}); len(got) != 1 || got[0].TaskID != job.TaskID {
				t.Fatalf("round %d: the rows are %v, want the one that came late", i, got)
			}
			storetest.Check(t, s)
			remove(t, s, job.TaskID)
		}
	})
}

func TestTheChunksOfDaysOfWhichAllGoesAreDropped(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		if server.Name == "plain" {
			t.Skip("SKIP: chunks are TimescaleDB's")
		}
		url := server.Database(t)
		s, conn := open(t, url), pgtest.Connect(t, url)
		ids := createWebSDRs(t, s, 3)
		noon, _ := anOldDay(t, conn, 40)
		var going []string
		for d := range 3 {
			going = append(going, measure(t, s, ids, noon.AddDate(0, 0, d)))
		}
		stays := measure(t, s, ids, noon.AddDate(0, 0, 1).Add(time.Minute))
		if server.Name == "timescale" {
			compressNow(t, conn)
		}
		remove(t, s, going...)
		if n := get[int](t, conn, `SELECT count(*) FROM show_chunks('measurement_rows')`); n != 1 {
			t.Errorf("%d chunks are left, want that of the day of which an acquisition is kept", n)
		}
		left := all(t, s, heimdall.MeasurementFilter{})
		if len(left) != len(ids) || left[0].TaskID != stays {
			t.Errorf("%d rows are left, want the %d of one acquisition", len(left), len(ids))
		}
		if n := get[int64](t, conn, `SELECT sum(deleted)::bigint FROM captures_daily`); n != int64(len(going)*len(ids)) {
			t.Errorf("the rollups remember %d deleted captures, want %d", n, len(going)*len(ids))
		}
		storetest.Check(t, s)
		remove(t, s, stays)
		measure(t, s, ids, noon)
		storetest.Check(t, s)
		if err := s.Reclaim(t.Context()); err != nil {
			t.Error(fmt.Errorf("reclaim on %s: %w", server.Name, err))
		}
	})
}

// What is recorded at midnight ends on the next day, and stays a day longer.
func TestOfADayThatGoesWhatEndedOnTheNextStays(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Database(t)
		s, conn := open(t, url), pgtest.Connect(t, url)
		ids := createWebSDRs(t, s, 4)
		noon, partition := anOldDay(t, conn, 40)
		var going []string
		for i := range 10 {
			going = append(going, measure(t, s, ids, noon.Add(time.Duration(i)*time.Hour)))
		}
		stays := measure(t, s, ids, noon.Add(9*time.Hour+time.Minute)) // in the hour of others that go
		before := all(t, s, heimdall.MeasurementFilter{TaskID: stays})
		storage := `SELECT relfilenode::text FROM pg_class WHERE oid = $1::text::regclass`
		if server.Name != "plain" {
			storage = `SELECT chunk_name::text FROM timescaledb_information.chunks WHERE hypertable_name = 'measurement_rows' AND $1 <> ''`
		}
		if server.Name == "timescale" {
			compressNow(t, conn)
		}
		old := get[string](t, conn, storage, partition)
		remove(t, s, going...)
		if now := get[string](t, conn, storage, partition); now == old {
			t.Error("the day was emptied row by row")
		}
		if diff := cmp.Diff(before, all(t, s, heimdall.MeasurementFilter{})); diff != "" {
			t.Errorf("what stays (-before +after):\n%s", diff)
		}
		storetest.Check(t, s)
	})
}

func TestADayOfWhichRollupsSayTooLittleIsEmptiedRowByRow(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Database(t)
		s, conn := open(t, url), pgtest.Connect(t, url)
		ids := createWebSDRs(t, s, 1)
		noon, _ := anOldDay(t, conn, 40)
		stays := measure(t, s, ids, noon)
		for what, spoil := range map[string]string{
			"says that nothing stays": `UPDATE captures_hourly SET captures = captures - 1 WHERE captures > deleted`,
			"was deleted by hand":     `DELETE FROM captures_hourly`,
		} {
			var going []string
			for i := range 10 {
				going = append(going, measure(t, s, ids, noon.Add(time.Duration(i+1)*time.Minute)))
			}
			exec(t, conn, spoil)
			remove(t, s, going...)
			if left := all(t, s, heimdall.MeasurementFilter{}); len(left) != 1 || left[0].TaskID != stays {
				t.Errorf("the rollup %s: %d rows are left, want that of the acquisition that stays", what, len(left))
			}
		}
	})
}
