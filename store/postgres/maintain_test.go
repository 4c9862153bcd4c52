package postgres_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

func TestTheNextFourteenDaysHaveTheirPartitions(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s, conn := open(t, url), pgtest.Connect(t, url)
	last := time.Now().UTC().AddDate(0, 0, 14).Format("20060102")
	exec(t, conn, `DROP TABLE measurement_rows_`+last)
	if err := s.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for d := -1; d <= 14; d++ {
		part := "measurement_rows_" + time.Now().UTC().AddDate(0, 0, d).Format("20060102")
		if !get[bool](t, conn, `SELECT to_regclass($1) IS NOT NULL`, part) {
			t.Errorf("%s is missing", part)
		}
	}
}

func TestRowsOfDaysWithoutPartitionAreMovedIntoTheirOwn(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s, conn := open(t, url), pgtest.Connect(t, url)
	ids := createWebSDRs(t, s, 2)
	for _, at := range []time.Time{time.Date(2001, 2, 3, 23, 59, 59, 999_999_000, time.UTC), time.Date(2001, 2, 4, 0, 0, 0, 0, time.UTC), time.Now().AddDate(0, 1, 0)} {
		measure(t, s, ids, at)
	}
	want := all(t, s, heimdall.MeasurementFilter{})
	var group sync.WaitGroup
	for range 4 { // at once: one does it
		group.Go(func() {
			if err := s.Maintain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := s.Maintain(t.Context()); err != nil {
		t.Error(err)
	}
	if n := get[int](t, conn, `SELECT count(*) FROM measurement_rows_default`); n != 0 {
		t.Errorf("%d rows are still in the default partition", n)
	}
	if n := get[int](t, conn, `SELECT count(*) FROM measurement_rows_20010203`); n != len(ids) {
		t.Errorf("%d rows are in the partition of their day, want %d", n, len(ids))
	}
	if diff := cmp.Diff(want, all(t, s, heimdall.MeasurementFilter{})); diff != "" {
		t.Errorf("measurements (-before +after):\n%s", diff)
	}
	storetest.Check(t, s)
}

func TestMaintenanceWaitsForNobody(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s, conn := open(t, url), pgtest.Connect(t, url)
	measure(t, s, createWebSDRs(t, s, 1), time.Date(2001, 2, 3, 0, 0, 0, 0, time.UTC))
	exec(t, conn, `BEGIN`)
	for _, lock := range []string{`SELECT count(*) FROM measurements`, `SELECT pg_advisory_xact_lock(hashtext('heimdall_maintain'))`} {
		exec(t, conn, lock) // a reader of all, then another program that maintains
		began := time.Now()
		if err := s.Maintain(t.Context()); err != nil || time.Since(began) > 5*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	}
	exec(t, conn, `COMMIT`)
	if err := s.Maintain(t.Context()); err != nil {
		t.Error(err)
	}
	if n := get[int](t, conn, `SELECT count(*) FROM measurement_rows_default`); n != 0 {
		t.Errorf("%d rows are still in the default partition", n)
	}
}

func TestCompressionFollowsItsSetting(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Database(t)
		for _, after := range []time.Duration{0, 0, 72 * time.Hour, 36 * time.Hour} {
			s := openWith(t, url, postgres.Options{MaxConns: 2, CompressAfter: after})
			if err := s.Maintain(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := time.Duration(0)
			if server.Name == "timescale" {
				want = max(after, postgres.DefaultCompressAfter)
				if after > 0 {
					want = after
				}
			}
			if can := s.Capabilities(); can.CompressAfter != want || (want > 0) != strings.Contains(can.String(), "compressed") {
				t.Errorf("with %v set, it is %v: %s", after, can.CompressAfter, can)
			}
			status, err := postgres.Status(t.Context(), url)
			if err != nil || status.Backend != s.Backend() {
				t.Errorf("the status says %q (%v), the store %q", status.Backend, err, s.Backend())
			}
		}
		if server.Name != "timescale" {
			return
		}
		conn := pgtest.Connect(t, url)
		if n := get[int](t, conn, `SELECT count(*) FROM timescaledb_information.jobs WHERE proc_name = 'policy_compression' AND hypertable_name = 'measurement_rows'`); n != 1 {
			t.Errorf("there are %d compression policies", n)
		}
		if s := get[string](t, conn, `SELECT string_agg(attname || ' ' || COALESCE(segmentby_column_index::text, '-') || ' ' || COALESCE(orderby_column_index::text, '-'), ', ' ORDER BY attname)
			FROM timescaledb_information.compression_settings WHERE hypertable_name = 'measurement_rows'`); s != "task_id - 2, timestamp_utc - 1, websdr_id 1 -" {
			t.Errorf("compression is by %s", s)
		}
	})
}

func TestChunksAreNotCompressedWhileTheyAreWrittenTo(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{1, time.Minute} {
		if _, err := postgres.Open(t.Context(), "postgres:///", postgres.Options{CompressAfter: after}); err == nil || !strings.Contains(err.Error(), "at least an hour") {
			t.Errorf("compression after %v gives error %v", after, err)
		}
	}
}

// What cannot run without full TimescaleDB is at least what was tried there.
func TestTheStatementsOfCompressionAreTheOldSpelling(t *testing.T) {
	t.Parallel()
	text := strings.Join(postgres.CompressionStatements, "\n")
	for _, want := range []string{
		"ALTER TABLE measurement_rows SET (timescaledb.compress,",
		"timescaledb.compress_segmentby = 'websdr_id'",
		"timescaledb.compress_orderby = 'timestamp_utc, task_id'",
		"add_compression_policy('measurement_rows', compress_after =>",
		"alter_job(job_id, config => jsonb_set(config, '{compress_after}', ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	for _, unwanted := range []string{"columnstore", "tsdb.", "if_not_exists", "add_retention_policy", "refresh_continuous_aggregate"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%s is in\n%s", unwanted, text)
		}
	}
}
