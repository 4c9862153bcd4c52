package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

// mustBeAdopted fails unless every row of the old table is in the view once, and the rest of the database agrees.
func mustBeAdopted(t *testing.T, url string, rows int64) {
	t.Helper()
	conn := pgtest.Connect(t, url)
	if n := get[int64](t, conn, `SELECT count(*) FROM measurements`); n != rows {
		t.Errorf("there are %d measurements, want %d", n, rows)
	}
	if n := get[int64](t, conn, `
SELECT count(*) FROM measurements_seed AS o WHERE NOT EXISTS (
    SELECT 1 FROM measurements AS m WHERE m.timestamp_utc = o.timestamp_utc AND m.websdr_id = o.websdr_id AND m.task_id::text = lower(o.task_id)
      AND (m.snr_db, m.frequency_mhz, m.sample_rate_khz, m.samples_count, m.s3_path) = (o.snr_db, o.frequency_mhz, o.sample_rate_khz, o.samples_count, o.s3_path)
      AND m.frequency_offset_hz IS NOT DISTINCT FROM o.frequency_offset_hz AND m.power_dbm IS NOT DISTINCT FROM o.power_dbm)`); n != 0 {
		t.Errorf("%d rows of the old table are not among them, or not as they were", n)
	}
	storetest.Check(t, open(t, url))
}

func TestAnAdoptionThatIsCutOffAtAnyPointGoesOn(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		statements := []string{seedPlain, seedWebSDRs, fmt.Sprintf(seedRows, seedTask, 60)}
		if server.Name != "plain" {
			statements = append(statements[:1:1], append([]string{seedHypertable}, statements[1:]...)...)
		}
		url := oldDatabase(t, server, statements...)
		conn := pgtest.Connect(t, url)
		stages := map[string]int{}
		var last postgres.Adoption
		err := context.Canceled
		for left, most := 10*time.Millisecond, 1; err != nil; left += left / 3 {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			batches := 0
			last, err = postgres.AdoptSeed(ctx, url, postgres.AdoptOptions{Batch: 25, Progress: func(postgres.Adoption) {
				if batches++; batches == most { // mostly in the midst of a day
					cancel()
				}
			}})
			cancel()
			if batches > 0 {
				most++
			}
			if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("cut off, the adoption is %+v, error %v", last, err)
			}
			stage := "none"
			if get[bool](t, conn, `SELECT to_regclass('seed_adoption') IS NOT NULL`) {
				stage = get[string](t, conn, `SELECT stage FROM seed_adoption`)
			}
			if stages[stage]++; stages[stage] > 100 {
				t.Fatalf("it comes no further: %v", stages)
			}
			if stages[stage] > 1 {
				continue
			}
			s, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 2})
			if stage == "none" || stage == "renamed" {
				if err == nil || !strings.Contains(err.Error(), "adopt-seed") {
					t.Fatalf("at stage %s the database opens with error %v", stage, err)
				}
			} else if err != nil {
				t.Fatal(err)
			} else if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("cut off at stages %v", stages)
		if !last.Done || last.Rows != 180 || last.Adopted != 180 || last.Duplicates != 0 || last.Rejected != 0 || last.DaysDone != last.Days {
			t.Errorf("in the end the adoption is %+v", last)
		}
		mustBeAdopted(t, url, 180)
	})
}

func TestProgramsThatAdoptAtOnceCopyEveryRowOnce(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := oldDatabase(t, server, seedPlain, seedWebSDRs, fmt.Sprintf(seedRows, seedTask, 60))
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				a, err := postgres.AdoptSeed(t.Context(), url, postgres.AdoptOptions{Batch: 20})
				if err != nil || !a.Done || a.Adopted != 180 {
					t.Errorf("one of them says %+v (%v)", a, err)
				}
			})
		}
		group.Wait()
		mustBeAdopted(t, url, 180)
	})
}

// badRows are rows that the ORM's table takes and Heimdall does not, after 9 that it does.
const badRows = `
INSERT INTO measurements (task_id, websdr_id, timestamp_utc, frequency_mhz, sample_rate_khz, samples_count, snr_db, power_dbm) VALUES
    ('` + seedTask + `', 1, '2026-01-01 00:00:00', 100, 12.5, 1000, 1, NULL),
    (upper('` + seedTask + `'), 1, '2026-01-01 00:00:00', 100, 12.5, 1000, 2, NULL), -- the same
    ('` + seedTask + `', 1, '2026-01-01 00:00:00', 100, 12.5, 1000, 1, NULL), -- the same
    ('` + seedTask + `', 2, '2026-01-01 00:00:00', 100, 12.5, 1000, 'NaN', NULL),
    ('` + seedTask + `', 2, '2026-01-01 00:00:00', 100, 12.5, 1000, 7, NULL), -- the same, of which the first is bad
    ('field day', 1, '2026-01-01 00:00:00', 100, 12.5, 1000, 3, NULL),
    ('Field day', 1, '2026-01-01 00:00:00', 100, NULL, NULL, NULL, NULL),
    (NULL, 1, '2026-01-02', 100, 12.5, 1000, 1, NULL), ('', 1, '2026-01-02', 100, 12.5, 1000, 1, NULL),
    ('a', NULL, '2026-01-02', 100, 12.5, 1000, 1, NULL), ('a', 0, '2026-01-02', 100, 12.5, 1000, 1, NULL),
    ('a', 2147483647, '2026-01-02', 100, 12.5, 1000, 1, NULL),
    ('a', 1, NULL, 100, 12.5, 1000, 1, NULL), ('a', 1, 'infinity', 100, 12.5, 1000, 1, NULL), ('a', 1, '-infinity', 100, 12.5, 1000, 1, NULL),
    ('a', 1, '1970-01-01', 100, 12.5, 1000, 1, NULL), ('a', 1, '12026-01-01', 100, 12.5, 1000, 1, NULL), ('a', 1, '0044-03-15 BC', 100, 12.5, 1000, 1, NULL),
    ('a', 1, '294276-12-31 23:00', 100, 12.5, 1000, 1, NULL),
    ('a', 1, '2026-01-03', NULL, 12.5, 1000, 1, NULL), ('a', 1, '2026-01-03', 0, 12.5, 1000, 1, NULL), ('a', 1, '2026-01-03', 'NaN', 12.5, 1000, 1, NULL),
    ('a', 1, '2026-01-03', 100, 'Infinity', 1000, 1, NULL), ('a', 1, '2026-01-03', 100, 12.5, -1, 1, NULL), ('a', 1, '2026-01-03', 100, 12.5, 1000, 1, '-Infinity')`

func TestRowsThatMayNotBeStoredAreReportedAndNothingElse(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := oldDatabase(t, server, seedLoose, badRows)
		before := relations(t, url)
		collect := func(out *[]postgres.SeedReject) func([]string, postgres.SeedReject) error {
			return func(columns []string, r postgres.SeedReject) error {
				if len(columns) != len(r.Cells) || columns[0] != "id" || r.Cells[0] != r.ID {
					t.Errorf("row %s has the cells %v of %v", r.ID, r.Cells, columns)
				}
				*out = append(*out, r)
				return nil
			}
		}
		var dry, real []postgres.SeedReject
		a := adopt(t, url, postgres.AdoptOptions{DryRun: true, Rejected: collect(&dry)})
		if a.Done || a.Rows != 25 || a.Adopted != 4 || a.Duplicates != 2 || a.Rejected != 19 || a.StandIns != 2 {
			t.Errorf("the dry run says %+v", a)
		}
		if diff := cmp.Diff(before, relations(t, url)); diff != "" {
			t.Errorf("the dry run changed the database (-before +after):\n%s", diff)
		}
		for range 2 {
			real = nil
			a = adopt(t, url, postgres.AdoptOptions{Rejected: collect(&real)})
			if !a.Done || a.Rows != 25 || a.Adopted != 4 || a.Duplicates != 2 || a.Rejected != 19 {
				t.Errorf("the adoption is %+v", a)
			}
		}
		byID := cmpopts.SortSlices(func(a, b postgres.SeedReject) bool {
			return len(a.ID) < len(b.ID) || len(a.ID) == len(b.ID) && a.ID < b.ID
		})
		if diff := cmp.Diff(dry, real, byID, cmpopts.IgnoreFields(postgres.SeedReject{}, "Reason")); diff != "" {
			t.Errorf("rejects (-dry run +adoption):\n%s", diff)
		}
		columns := map[string]int{}
		for _, r := range real {
			columns[r.Column]++
		}
		if diff := cmp.Diff(map[string]int{"task_id": 4, "websdr_id": 3, "timestamp_utc": 7, "frequency_mhz": 3, "sample_rate_khz": 1, "samples_count": 1, "power_dbm": 1, "snr_db": 1}, columns); diff != "" {
			t.Errorf("what is wrong (-want +got):\n%s", diff)
		}
		conn := pgtest.Connect(t, url)
		if got := get[float64](t, conn, `SELECT snr_db FROM measurements WHERE task_id = $1 AND websdr_id = 1`, seedTask); got != 1 {
			t.Errorf("of rows with one key that of SNR %v was taken, want the first", got)
		}
		if got := get[string](t, conn, `SELECT string_agg(source_task_id, ', ' ORDER BY source_task_id COLLATE "C") FROM imported_acquisitions WHERE source_task_id <> ''`); got != "Field day, field day" {
			t.Errorf("the names that are no UUIDs are kept as %s", got)
		}
		s := open(t, url)
		storetest.Check(t, s)
		if n, err := postgres.DropSeed(t.Context(), url); n != 25 || err != nil {
			t.Errorf("dropping takes %d rows (%v)", n, err)
		}
		var after []postgres.SeedReject
		adopt(t, url, postgres.AdoptOptions{Rejected: collect(&after)})
		if diff := cmp.Diff(real, after); diff != "" {
			t.Errorf("rejects (-before the drop +after):\n%s", diff)
		}
	})
}

func TestOldTablesStayUntilEveryRowIsCountedAndNobodyReadsThem(t *testing.T) {
	t.Parallel()
	url := oldDatabase(t, pgtest.Plain(t), strings.Replace(seedPlain, "s3_path TEXT", "s3_path TEXT, operator TEXT", 1), `GRANT SELECT ON measurements TO PUBLIC`, seedWebSDRs,
		fmt.Sprintf(seedRows, seedTask, 10), `CREATE VIEW mine AS SELECT task_id FROM measurements`)
	refused := func(why string) {
		t.Helper()
		if _, err := postgres.DropSeed(t.Context(), url); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("the drop gives error %v, want one that says %q", err, why)
		}
	}
	refused("--ignore operator")
	a := adopt(t, url, postgres.AdoptOptions{Ignore: []string{"operator"}})
	if len(a.Remarks) != 1 || !strings.Contains(a.Remarks[0], "mine") {
		t.Errorf("who reads the old table: %q", a.Remarks)
	}
	conn := pgtest.Connect(t, url)
	if !get[bool](t, conn, `SELECT has_table_privilege('public', 'measurements', 'SELECT')`) {
		t.Error("who could read measurements cannot any more")
	}
	exec(t, conn, `INSERT INTO measurements_seed (task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db, s3_path) VALUES ($1, 1, 100, 12.5, 1, '2026-01-01', 1, '')`, seedTask)
	refused("run heimdall migrate adopt-seed again")
	if a := adopt(t, url, postgres.AdoptOptions{}); a.Rows != 31 || a.Adopted != 31 {
		t.Errorf("with one row more, the adoption is %+v", a)
	}
	mustBeAdopted(t, url, 31)
	exec(t, conn, `DELETE FROM measurement_rows WHERE task_id = $1 AND timestamp_utc = '2026-01-01'`, seedTask)
	refused("1 rows of 2026-01-01 are not among the measurements")
	adopt(t, url, postgres.AdoptOptions{})
	if n := get[int](t, conn, `SELECT count(*) FROM measurements`); n != 31 {
		t.Errorf("once the day is copied anew there are %d measurements, want 31", n)
	}
	refused("mine")
	exec(t, conn, `DROP VIEW mine`)
	if n, err := postgres.DropSeed(t.Context(), url); n != 31 || err != nil {
		t.Errorf("dropping takes %d rows (%v)", n, err)
	}
	want := []string{"1 Aquila di Giaveno http://sdr1.ik1jns.it:8076/ false", "2 Montanaro http://unknown.invalid/ false",
		"3 WebSDR 3 of the Python system http://unknown.invalid/ false", "4 Never heard http://iw2mxm.ddns.net:8073/ false"}
	var got []string
	s := open(t, url)
	list, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
	for _, w := range list {
		got = append(got, fmt.Sprintf("%d %s %s %t", w.ID, w.Name, w.URL, w.Active))
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("the WebSDRs (-want +got, %v):\n%s", err, diff)
	}
	if w, err := s.CreateWebSDR(t.Context(), aWebSDR("new")); err != nil || w.ID != 5 {
		t.Errorf("the next WebSDR is %d (%v), want 5", w.ID, err)
	}
}

func TestOldChunksAreReadAndNewOnesCompressed(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		if server.Name != "timescale" {
			t.Skip("SKIP: only full TimescaleDB compresses")
		}
		url := oldDatabase(t, server, seedPlain, seedHypertable, seedPolicies, fillSeed(),
			`SELECT compress_chunk(c) FROM show_chunks('measurements', older_than => INTERVAL '1 day') AS c`,
			`CREATE MATERIALIZED VIEW measurements_hourly WITH (timescaledb.continuous) AS SELECT time_bucket('1 hour', timestamp_utc) AS bucket, websdr_id, avg(snr_db) AS avg_snr_db FROM measurements GROUP BY 1, 2 WITH NO DATA`,
			`SELECT add_continuous_aggregate_policy('measurements_hourly', INTERVAL '3 days', INTERVAL '1 hour', INTERVAL '1 hour')`)
		a := adopt(t, url, postgres.AdoptOptions{CompressAfter: 24 * time.Hour})
		t.Logf("%d bytes before, %d after", a.BytesBefore, a.BytesAfter)
		mustBeAdopted(t, url, seedRowSize)
		conn := pgtest.Connect(t, url)
		if n := get[int](t, conn, `SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'measurement_rows' AND is_compressed`); n < 1 {
			t.Errorf("%d chunks are compressed", n)
		}
		if n := get[int](t, conn, `SELECT count(*) FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL AND hypertable_name <> 'measurement_rows'`); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
		if _, err := postgres.DropSeed(t.Context(), url); err != nil {
			t.Error(err)
		}
	})
}
