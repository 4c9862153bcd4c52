package postgres_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

// schema is every column, index and function of ours, in words.
func schema(t *testing.T, url string) []string {
	t.Helper()
	rows, err := pgtest.Connect(t, url).Query(t.Context(), `
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || COALESCE(generation_expression, '')
FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT SIMILAR TO 'goose%|measurement_rows_2%'
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT SIMILAR TO 'goose%|measurement_rows_2%'
UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid > 0 AND connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT SIMILAR TO 'goose%|measurement_rows_2%'
UNION ALL SELECT proname || ' ' || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND probin IS NULL
ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(objects) < 150 {
		t.Fatalf("%d objects in the schema (%v)", len(objects), err)
	}
	return objects
}

func TestEveryReleasedSchemaUpgradesWithItsRows(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		fresh := schema(t, server.Database(t))
		released, err := filepath.Glob("testdata/rows/*.sql")
		if err != nil || len(released) == 0 {
			t.Fatalf("no rows of released schemas found (%v)", err)
		}
		for _, path := range released {
			t.Run(filepath.Base(path), func(t *testing.T) {
				version, err := strconv.ParseInt(strings.TrimSuffix(filepath.Base(path), ".sql"), 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				url := server.Empty(t)
				postgres.MigrateTo(t, url, version)
				runFile(t, url, path)

				s := open(t, url)
				storetest.Check(t, s)
				if diff := cmp.Diff(fresh, schema(t, url)); diff != "" {
					t.Errorf("a fresh schema and the upgraded one differ (-fresh +upgraded):\n%s", diff)
				}
				ms := all(t, s, heimdall.MeasurementFilter{})
				if len(ms) != 1 || ms[0].S3Path == "" || ms[0].SNRdB == nil || *ms[0].SNRdB != 12.5 {
					t.Fatalf("the old measurements read as %+v", ms)
				}
				a, cs, err := s.Acquisition(t.Context(), ms[0].TaskID)
				if err != nil || a.State != heimdall.Partial || len(cs) != 2 || cs[0].Recording == nil || len(cs[0].Recording.Gaps) != 1 {
					t.Errorf("the old acquisition reads as %+v %+v (%v)", a, cs, err)
				}
			})
		}
	})
}

// runFile runs a file of SQL as psql would.
func runFile(t *testing.T, url, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	run(t, url, string(text))
}

func run(t *testing.T, url, text string) {
	t.Helper()
	if _, err := pgtest.Connect(t, url).PgConn().Exec(t.Context(), text).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

func TestTheMigrationsRunAsTheyAreInPsql(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Empty(t)
		if server.Name != "plain" {
			exec(t, pgtest.Connect(t, url), "CREATE EXTENSION IF NOT EXISTS timescaledb")
		}
		files, err := filepath.Glob("migrations/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatalf("no migrations found (%v)", err)
		}
		for _, path := range files {
			runFile(t, url, path)
		}
		if diff := cmp.Diff(schema(t, server.Database(t)), schema(t, url)); diff != "" {
			t.Errorf("Heimdall's schema and that of psql differ (-Heimdall +psql):\n%s", diff)
		}
	})
}

func TestAPlanAndAStatusChangeNothing(t *testing.T) {
	t.Parallel()
	server := pgtest.Plain(t)
	url := server.Empty(t)
	before, err := postgres.Status(t.Context(), url)
	if err != nil || before.Have != 0 || before.Know == 0 || len(before.Pending) == 0 || before.Backend != "" {
		t.Errorf("a new database is %+v (%v)", before, err)
	}
	plan, err := postgres.Plan(t.Context(), url)
	if err != nil || !strings.Contains(plan, "CREATE TABLE acquisitions") {
		t.Errorf("the plan is %q (%v)", plan, err)
	}
	if n := get[int](t, pgtest.Connect(t, url), `SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'`); n != 0 {
		t.Errorf("planning made %d tables", n)
	}
	for range 2 {
		if err := postgres.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	}
	after, err := postgres.Status(t.Context(), url)
	if err != nil || after.Have != after.Know || len(after.Pending) != 0 || !strings.HasPrefix(after.Backend, "PostgreSQL ") {
		t.Errorf("a migrated database is %+v (%v)", after, err)
	}
	if plan, err := postgres.Plan(t.Context(), url); err != nil || plan != "" {
		t.Errorf("what is planned for a migrated database is %q (%v)", plan, err)
	}
}

func TestANewerSchemaThanKnownIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	exec(t, pgtest.Connect(t, url), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	_, openErr := postgres.Open(t.Context(), url, postgres.Options{})
	_, statusErr := postgres.Status(t.Context(), url)
	for _, err := range []error{openErr, statusErr, postgres.Migrate(t.Context(), url)} {
		if err == nil || !strings.Contains(err.Error(), "9999") || !strings.Contains(err.Error(), "newer") {
			t.Errorf("got error %v, want one that names schema 9999 and says that it is newer", err)
		}
	}
}

func TestProgramsThatOpenANewDatabaseAtOnceAllSucceed(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Empty(t)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				s, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 2})
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
		storetest.Check(t, open(t, url))
	})
}

func TestADatabaseKeepsWhatItWasSetUpFor(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Database(t)
		can := open(t, url).Capabilities()
		if can.Backend != server.Name || can.Offered != server.Name || (can.TimescaleDB != "") != can.Hypertable() {
			t.Errorf("on %s it is %+v", server.Name, can)
		}
		exec(t, pgtest.Connect(t, url), `UPDATE heimdall_backend SET backend = 'timescale'`)
		s, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 2})
		if server.Name == "plain" {
			if err == nil || !strings.Contains(err.Error(), "TimescaleDB") {
				t.Errorf("a hypertable without TimescaleDB gives error %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if can := s.Capabilities(); can.Backend != "timescale" || can.Compression() != (server.Name == "timescale") {
			t.Errorf("set up for compression it is %+v", can)
		}
	})
}
