package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

// The tables of the system that Heimdall grew from, as its roadmap and its first migration make them.
const (
	seedColumns = `id BIGSERIAL, task_id TEXT NOT NULL, websdr_id INTEGER NOT NULL, frequency_mhz DOUBLE PRECISION NOT NULL,
    sample_rate_khz DOUBLE PRECISION NOT NULL, samples_count INTEGER NOT NULL, timestamp_utc TIMESTAMPTZ NOT NULL,
    snr_db DOUBLE PRECISION, frequency_offset_hz DOUBLE PRECISION, power_dbm DOUBLE PRECISION, s3_path TEXT`

	seedPlain  = `CREATE TABLE measurements (` + seedColumns + `, PRIMARY KEY (task_id, websdr_id, timestamp_utc))`
	seedSerial = `CREATE TABLE measurements (` + seedColumns + `, PRIMARY KEY (id, timestamp_utc))`
	// As the ORM makes it, without a promise beyond its id.
	seedLoose = `CREATE TABLE measurements (id BIGSERIAL PRIMARY KEY, task_id VARCHAR(36), websdr_id INTEGER, frequency_mhz REAL,
    sample_rate_khz REAL, samples_count INTEGER, timestamp_utc TIMESTAMP, snr_db REAL, frequency_offset_hz REAL, power_dbm REAL, s3_path VARCHAR(255))`

	seedIndexes = `
CREATE INDEX idx_measurements_websdr ON measurements (websdr_id, timestamp_utc DESC);
CREATE INDEX idx_measurements_task ON measurements (task_id, timestamp_utc DESC);
CREATE INDEX idx_measurements_frequency ON measurements (frequency_mhz, timestamp_utc DESC);`

	seedDaily = `
CREATE MATERIALIZED VIEW measurements_daily AS
SELECT date_trunc('day', timestamp_utc) AS day, task_id, websdr_id, frequency_mhz, COUNT(*) AS measurement_count,
       AVG(snr_db) AS avg_snr_db, MIN(snr_db) AS min_snr_db, MAX(snr_db) AS max_snr_db, AVG(frequency_offset_hz) AS avg_frequency_offset_hz, AVG(power_dbm) AS avg_power_dbm
FROM measurements GROUP BY 1, 2, 3, 4;
CREATE INDEX idx_measurements_daily_task ON measurements_daily (task_id, day DESC);`

	seedHypertable = `SELECT create_hypertable('measurements', 'timestamp_utc', chunk_time_interval => INTERVAL '1 day')`

	seedPolicies = `
ALTER TABLE measurements SET (timescaledb.compress, timescaledb.compress_segmentby = 'websdr_id,task_id', timescaledb.compress_orderby = 'timestamp_utc DESC');
SELECT add_compression_policy('measurements', INTERVAL '7 days');
SELECT add_retention_policy('measurements', INTERVAL '30 days');`

	seedWebSDRs = `
CREATE TABLE websdrs (id SERIAL PRIMARY KEY, name VARCHAR(255) UNIQUE NOT NULL, url TEXT NOT NULL, location_name VARCHAR(255), latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION, is_active BOOLEAN DEFAULT true, timeout_seconds INTEGER DEFAULT 30, retry_count INTEGER DEFAULT 3,
    created_at TIMESTAMPTZ DEFAULT NOW(), updated_at TIMESTAMPTZ DEFAULT NOW());
INSERT INTO websdrs (id, name, url, location_name, latitude, longitude) VALUES
    (1, 'Aquila di Giaveno', 'http://sdr1.ik1jns.it:8076/', 'Giaveno', 45.02, 7.29), (2, 'Montanaro', 'no address', 'Montanaro', 45.234, NULL),
    (4, 'Never heard', 'http://iw2mxm.ddns.net:8073/', NULL, 45.5, 9.1);`

	// Acquisitions of three WebSDRs each, every 20 minutes for three days up to a moment ago. WebSDR 3 is in no table.
	seedRows = `
INSERT INTO measurements (task_id, websdr_id, frequency_mhz, sample_rate_khz, samples_count, timestamp_utc, snr_db, frequency_offset_hz, power_dbm, s3_path)
SELECT CASE n %% 7 WHEN 0 THEN '%s' ELSE md5(n::text)::uuid::text END, w, CASE n %% 3 WHEN 0 THEN 100.0 ELSE 145.3 END, 12.5, 125000, date_trunc('second', now()) - n * INTERVAL '20 minutes',
       20 + 5 * sin(n + w), CASE n %% 5 WHEN 0 THEN NULL ELSE 100 * cos(n * w) END, -80 - w,
       's3://heimdall-raw-iq/sessions/' || n || '/websdr_' || w || '.npy'
FROM generate_series(1, %d) AS n, generate_series(1, 3) AS w`
)

const (
	seedTask    = "5a1f0c3e-7f7a-4b0c-9b4c-0d4e6a1b2c3d"
	seedSize    = 216 // acquisitions
	seedRowSize = 3 * seedSize
)

// A seedVariant is one way in which such a database came to be.
type seedVariant struct {
	name      string
	servers   []string // that can have it
	statement []string
}

func fillSeed() string { return fmt.Sprintf(seedRows, seedTask, seedSize) }

func seedVariants() []seedVariant {
	every := []string{"plain", "apache", "timescale"}
	return []seedVariant{
		{"a plain table with its views and indexes", every, []string{seedPlain, seedIndexes, seedWebSDRs, fillSeed(), seedDaily}},
		{"the serial key, never a hypertable", every, []string{seedSerial, seedIndexes, fillSeed()}},
		{"what the ORM made", every, []string{seedLoose, seedWebSDRs, fillSeed()}},
		{"a hypertable", every[1:], []string{seedPlain, seedHypertable, seedIndexes, fillSeed(), seedDaily}},
		{"a hypertable with the serial key", every[1:], []string{seedSerial, seedHypertable, seedIndexes, seedWebSDRs, fillSeed()}},
		{"a hypertable with policies and compressed chunks", every[2:], []string{seedPlain, seedHypertable, seedIndexes, seedPolicies, fillSeed(),
			`SELECT compress_chunk(c) FROM show_chunks('measurements', older_than => INTERVAL '1 day') AS c`, seedDaily, seedWebSDRs}},
	}
}

// oldDatabase is a database of the seed.
func oldDatabase(t *testing.T, server *pgtest.Server, statements ...string) string {
	t.Helper()
	url := server.Empty(t)
	conn := pgtest.Connect(t, url)
	exec(t, conn, "SET TimeZone = 'UTC'")
	if server.Name != "plain" {
		exec(t, conn, "CREATE EXTENSION IF NOT EXISTS timescaledb")
	}
	for _, s := range statements {
		if _, err := conn.PgConn().Exec(t.Context(), s).ReadAll(); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return url
}

func adopt(t *testing.T, url string, opt postgres.AdoptOptions) postgres.Adoption {
	t.Helper()
	opt.Label = "seed"
	a, err := postgres.AdoptSeed(t.Context(), url, opt)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// relations are the tables, views and indexes of a database, in words, with their sizes in rows.
func relations(t *testing.T, url string) []string {
	t.Helper()
	rows, err := pgtest.Connect(t, url).Query(t.Context(), `
SELECT relkind::text || ' ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace UNION ALL SELECT extname FROM pg_extension ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestADatabaseOfThePythonSystemIsRefusedBeforeAnythingIsChanged(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		for name, statement := range map[string]string{"measurements": seedPlain, "websdrs": seedWebSDRs} {
			url := oldDatabase(t, server, statement)
			before := relations(t, url)
			_, err := postgres.Open(t.Context(), url, postgres.Options{})
			if err == nil || !strings.Contains(err.Error(), "heimdall migrate adopt-seed") || !strings.Contains(err.Error(), name) {
				t.Errorf("a database with the old table %s gives error %v", name, err)
			}
			if plan, err := postgres.Plan(t.Context(), url); err == nil || !strings.Contains(err.Error(), "adopt-seed") {
				t.Errorf("a database with the old table %s has the plan %q, error %v", name, plan, err)
			}
			if err := postgres.Migrate(t.Context(), url); err == nil {
				t.Errorf("a database with the old table %s is migrated", name)
			}
			if diff := cmp.Diff(before, relations(t, url)); diff != "" {
				t.Errorf("refusing changed the database (-before +after):\n%s", diff)
			}
		}
	})
}

func TestATableThatIsNotThePythonSystemsIsRefusedAndSaysWhatIsOdd(t *testing.T) {
	t.Parallel()
	server := pgtest.Plain(t)
	for _, c := range []struct{ name, statement, odd string }{
		{"other columns", `CREATE TABLE measurements (id uuid, websdr_station_id uuid, frequency_hz bigint)`, "lacks the column task_id"},
		{"another type", strings.Replace(seedPlain, "timestamp_utc TIMESTAMPTZ", "timestamp_utc BIGINT", 1), "timestamp_utc of type bigint"},
		{"one column more", strings.Replace(seedPlain, "s3_path TEXT", "s3_path TEXT, operator TEXT", 1), "--ignore operator"},
		{"a view", `CREATE VIEW measurements AS SELECT 1 AS task_id`, "is no table"},
		{"another table beside it", seedPlain + `; CREATE TABLE captures ()`, "captures"},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := oldDatabase(t, server, c.statement)
			before := relations(t, url)
			_, openErr := postgres.Open(t.Context(), url, postgres.Options{})
			_, adoptErr := postgres.AdoptSeed(t.Context(), url, postgres.AdoptOptions{})
			_, dryErr := postgres.AdoptSeed(t.Context(), url, postgres.AdoptOptions{DryRun: true})
			for _, err := range []error{openErr, adoptErr, dryErr} {
				if err == nil || !strings.Contains(err.Error(), c.odd) {
					t.Errorf("got error %v, want one that says %q", err, c.odd)
				}
			}
			if diff := cmp.Diff(before, relations(t, url)); diff != "" {
				t.Errorf("refusing changed the database (-before +after):\n%s", diff)
			}
		})
	}
}

// seedQueries are the seed's four, with those columns of the first that the seed had. What is a UUID or a real number there may
// be text or a double here.
func seedQueries() []string {
	return []string{
		strings.Replace(recentQuery, "SELECT *", "SELECT task_id::text, websdr_id, frequency_mhz, sample_rate_khz, samples_count::bigint, timestamp_utc, snr_db, frequency_offset_hz, power_dbm, s3_path", 1),
		strings.Replace(snrQuery, "...", seedTask, 1), driftQuery, strings.Replace(reportQuery, "SELECT task_id", "SELECT task_id::text", 1),
	}
}

// answers are what the four queries answer, in an order of their own where they state none.
func answers(t *testing.T, url string) (list []map[string][]any) {
	t.Helper()
	conn := pgtest.Connect(t, url)
	exec(t, conn, "SET TimeZone = 'UTC'")
	for _, query := range seedQueries() {
		_, rows := answer(t, conn, query)
		byText := map[string][]any{}
		for _, row := range rows {
			var key strings.Builder
			for i, v := range row {
				switch x := v.(type) {
				case float32:
					row[i] = float64(x)
				case time.Time:
					row[i] = x.UTC()
					fmt.Fprint(&key, x.UTC(), " ")
				case string, int32, int64:
					fmt.Fprint(&key, x, " ")
				}
			}
			if byText[key.String()] != nil {
				t.Fatalf("%s: two rows of %s", query, key.String())
			}
			byText[key.String()] = row
		}
		list = append(list, byText)
	}
	return list
}

// oldBucket makes time_bucket where the server has none, so that the second query can be asked before.
const oldBucket = `CREATE FUNCTION time_bucket(w interval, t timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS 'SELECT date_bin(w, t, ''2000-01-03 00:00+00'')'`

func TestEveryVariantIsAdoptedWithTheSameAnswersAsBefore(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		fresh := ours(schema(t, server.Database(t)))
		for _, v := range seedVariants() {
			if !strings.Contains(strings.Join(v.servers, " "), server.Name) {
				continue
			}
			t.Run(v.name, func(t *testing.T) {
				statements := v.statement
				if server.Name == "plain" {
					statements = append([]string{oldBucket}, statements...)
				}
				url := oldDatabase(t, server, statements...)
				before := answers(t, url)
				if len(before[0]) != 71 || len(before[1]) == 0 || len(before[2]) != seedRowSize/3 || len(before[3]) == 0 {
					t.Fatalf("the old answers have %d, %d, %d, %d rows", len(before[0]), len(before[1]), len(before[2]), len(before[3]))
				}
				a := adopt(t, url, postgres.AdoptOptions{})
				if !a.Done || a.Rows != seedRowSize || a.Adopted != seedRowSize || a.Rejected != 0 || a.Duplicates != 0 || a.BytesBefore == 0 || a.BytesAfter == 0 {
					t.Errorf("the adoption is %+v", a)
				}
				closely := cmpopts.EquateApprox(1e-12, 0) // sums depend on their order
				if v.name == "what the ORM made" {
					closely = cmpopts.EquateApprox(1e-5, 0) // reals of four bytes
				}
				for i, after := range answers(t, url) {
					if diff := cmp.Diff(before[i], after, closely); diff != "" {
						t.Errorf("query %d (-before +after):\n%s", i+1, diff)
					}
				}
				conn := pgtest.Connect(t, url)
				if n := get[int](t, conn, `SELECT count(*) FROM measurements_seed`); n != seedRowSize {
					t.Errorf("the old table has %d rows", n)
				}
				if n := get[int](t, conn, `SELECT count(*) FROM measurements`); n != seedRowSize {
					t.Errorf("the view has %d rows", n)
				}
				if server.Name != "plain" {
					if n := get[int](t, conn, `SELECT count(*) FROM timescaledb_information.jobs WHERE hypertable_name = 'measurements_seed'`); n != 0 {
						t.Errorf("%d policies of the old table are left", n)
					}
				}
				s := open(t, url)
				storetest.Check(t, s)
				if diff := cmp.Diff(fresh, ours(schema(t, url))); diff != "" {
					t.Errorf("a fresh schema and the adopted one differ (-fresh +adopted):\n%s", diff)
				}
				again := adopt(t, url, postgres.AdoptOptions{})
				if diff := cmp.Diff(a, again, cmpopts.IgnoreFields(postgres.Adoption{}, "BytesAfter", "BytesBeside")); diff != "" {
					t.Errorf("the second adoption says otherwise (-first +second):\n%s", diff)
				}
				n, err := postgres.DropSeed(t.Context(), url)
				if err != nil || n != seedRowSize {
					t.Errorf("dropping the old tables took %d rows (%v)", n, err)
				}
				if last := adopt(t, url, postgres.AdoptOptions{}); !last.Dropped || !last.Done || last.Adopted != seedRowSize {
					t.Errorf("once they are dropped, the adoption is %+v", last)
				}
				if left := strings.Join(relations(t, url), "\n"); strings.Contains(left, "s_seed") || strings.Contains(left, "daily_seed") {
					t.Errorf("after the drop there is\n%s", left)
				}
			})
		}
	})
}

// ours are the lines of a schema that are not the seed's or the adoption's.
func ours(lines []string) (out []string) {
	for _, line := range lines {
		if !strings.Contains(line, "_seed") && !strings.Contains(line, "seed_adoption") && !strings.HasPrefix(line, "time_bucket") {
			out = append(out, line)
		}
	}
	return out
}
