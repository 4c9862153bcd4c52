package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// The queries of the system that Heimdall grew from, letter by letter. People have them in dashboards.
const (
	recentQuery = `SELECT * FROM measurements WHERE websdr_id = 1 AND timestamp_utc > NOW() - INTERVAL '24 hours' ORDER BY timestamp_utc DESC`
	snrQuery    = `SELECT websdr_id, AVG(snr_db) AS avg_snr, time_bucket('1 hour', timestamp_utc) AS hour FROM measurements WHERE task_id = '...' GROUP BY websdr_id, hour ORDER BY hour DESC`
	driftQuery  = `SELECT websdr_id, frequency_offset_hz, timestamp_utc FROM measurements WHERE frequency_mhz = 100.0 ORDER BY websdr_id, timestamp_utc`
	reportQuery = `SELECT task_id, websdr_id, COUNT(*), AVG(snr_db), MIN(snr_db), MAX(snr_db), AVG(frequency_offset_hz) FROM measurements WHERE timestamp_utc > NOW() - INTERVAL '7 days' GROUP BY task_id, websdr_id`
)

// answer is the names of the columns and all rows of a query.
func answer(t *testing.T, conn *pgx.Conn, query string) (names []string, rows [][]any) {
	t.Helper()
	found, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found.FieldDescriptions() {
		names = append(names, f.Name)
	}
	for found.Next() {
		row, err := found.Values()
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := found.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return names, rows
}

func TestTheSeedsQueriesRunUnchanged(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Database(t)
		s := open(t, url)
		ids := createWebSDRs(t, s, 2)
		now := time.Now().UTC().Truncate(time.Hour)
		older := measure(t, s, ids, now.Add(-3*24*time.Hour)) // on another day
		newer := measure(t, s, ids, now.Add(-time.Hour))
		conn := pgtest.Connect(t, url)

		names, rows := answer(t, conn, recentQuery)
		want := strings.Fields("task_id websdr_id frequency_mhz sample_rate_khz samples_count timestamp_utc snr_db frequency_offset_hz power_dbm s3_path")
		if diff := cmp.Diff(want, names[:len(want)]); diff != "" {
			t.Errorf("first columns of measurements (-want +got):\n%s", diff)
		}
		if len(rows) != 1 {
			t.Fatalf("%d recent rows of WebSDR 1, want 1", len(rows))
		}
		key := "sessions/" + newer + "/websdr_1.sigmf-data"
		got := rows[0][1:len(want)]
		got[4] = got[4].(time.Time).UTC()
		if diff := cmp.Diff([]any{int32(1), 100.0, 12_000.01 / 1e3, int64(12_000), now.Add(-time.Hour), 12.5, -3.25, nil, key}, got); diff != "" {
			t.Errorf("the recent row (-want +got):\n%s", diff)
		}

		_, rows = answer(t, conn, strings.Replace(snrQuery, "...", older, 1))
		if len(rows) != 2 || rows[0][1] != 12.5 || !rows[0][2].(time.Time).Equal(now.Add(-3*24*time.Hour)) {
			t.Errorf("average SNR per hour is %v", rows)
		}
		_, rows = answer(t, conn, driftQuery)
		if len(rows) != 4 || rows[0][0] != int32(1) || rows[3][0] != int32(2) || rows[0][1] != -3.25 {
			t.Errorf("frequency drift is %v", rows)
		}
		_, rows = answer(t, conn, reportQuery)
		if len(rows) != 4 || rows[0][2] != int64(1) || rows[0][6] != -3.25 {
			t.Errorf("performance report is %v", rows)
		}
	})
}

func TestTimeBucketsBeginWhereTimescaleDBsDo(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		conn := pgtest.Connect(t, server.Database(t))
		// As TimescaleDB 2.28 answers, whose weeks begin on Mondays.
		for _, b := range []struct{ width, at, want string }{
			{"1 hour", "2026-11-21 12:34:56.789+00", "2026-11-21 12:00:00+00"},
			{"15 minutes", "2026-11-21 12:44:59.999999+00", "2026-11-21 12:30:00+00"},
			{"1 day", "2026-11-21 23:59:59+00", "2026-11-21 00:00:00+00"},
			{"1 day", "2026-11-22 01:30:00+05:30", "2026-11-21 00:00:00+00"},
			{"1 week", "2026-11-22 23:59:59+00", "2026-11-16 00:00:00+00"},
			{"7 days", "2026-11-23 00:00:00+00", "2026-11-23 00:00:00+00"},
			{"5 days", "2000-01-02 00:00:00+00", "1999-12-29 00:00:00+00"},
			{"1 week", "1999-12-31 12:00:00+00", "1999-12-27 00:00:00+00"},
			{"1 month", "2026-11-21 12:00:00+00", "2026-11-01 00:00:00+00"},
			{"1 month", "1999-12-31 23:00:00+00", "1999-12-01 00:00:00+00"},
			{"3 months", "2026-11-21 12:00:00+00", "2026-10-01 00:00:00+00"},
			{"1 year", "2026-11-21 12:00:00+00", "2026-01-01 00:00:00+00"},
		} {
			if !get[bool](t, conn, `SELECT time_bucket($1::text::interval, $2::text::timestamptz) = $3::text::timestamptz`, b.width, b.at, b.want) {
				t.Errorf("%s of %s is %s, want %s", b.width, b.at, get[string](t, conn, `SELECT time_bucket($1::text::interval, $2::text::timestamptz)::text`, b.width, b.at), b.want)
			}
		}
		// Against PostgreSQL's own function over two months, every 53 minutes.
		if n := get[int](t, conn, `
SELECT count(*) FROM generate_series('2026-10-20'::timestamptz, '2026-12-20', '53 minutes') AS t, unnest('{1 hour,1 day,7 days}'::interval[]) AS width
WHERE time_bucket(width, t) <> date_bin(width, t, '2000-01-03 00:00:00+00')`); n > 0 {
			t.Errorf("%d buckets differ from date_bin's", n)
		}
	})
}

func TestRowsGoToThePartitionOfTheirDay(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s := open(t, url)
	ids := createWebSDRs(t, s, 1)
	today := time.Now().UTC()
	old := time.Date(2001, 2, 3, 23, 59, 59, 999_999_000, time.UTC)
	for _, at := range []time.Time{today, today.AddDate(0, 0, 7), old, old.Add(time.Microsecond)} {
		measure(t, s, ids, at)
	}
	conn := pgtest.Connect(t, url)
	in := func(part string) int { return get[int](t, conn, `SELECT count(*) FROM measurement_rows_`+part) }
	if n := in(today.Format("20060102")); n != 1 {
		t.Errorf("today's partition holds %d rows", n)
	}
	if n := in(today.AddDate(0, 0, 7).Format("20060102")); n != 1 {
		t.Errorf("next week's partition holds %d rows", n)
	}
	if n := in("default"); n != 2 {
		t.Errorf("the default partition holds %d rows", n)
	}
	before := all(t, s, heimdall.MeasurementFilter{})
	for _, want := range []int{1, 0} {
		if made := get[int](t, conn, `SELECT heimdall_create_partitions('2001-02-03', 1)`); made != want {
			t.Errorf("%d partitions were made, want %d", made, want)
		}
	}
	if a, b := in("20010203"), in("default"); a != 1 || b != 1 {
		t.Errorf("once the old day has a partition it holds %d rows and the default one %d", a, b)
	}
	if diff := cmp.Diff(before, all(t, s, heimdall.MeasurementFilter{})); diff != "" {
		t.Errorf("measurements (-before +after):\n%s", diff)
	}
}
