package postgres_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// Twenty thousand rows of ten WebSDRs on twenty days: enough that reading all of them is not the quickest.
const insertManyRows = `
INSERT INTO measurement_rows (task_id, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, time_quality,
    time_uncertainty_s, snr_db, snr_bandwidth_hz, detected, noise_source, clip_fraction, obw_valid, flags, algorithm_version, welch_l, welch_k)
SELECT ('019ab000-0000-7000-8000-' || lpad(to_hex(i / 10), 12, '0'))::uuid, i % 10 + 1, now() - INTERVAL '20 days' + i / 10 * INTERVAL '864 seconds',
    7000000, 12000.0, 12000, 'gps', 1e-6, i % 40, 2500.0, true, 'off_channel', 0, false, '[]', '1', 1024, 100
FROM generate_series(0, 19999) AS i`

var partition = regexp.MustCompile(` on measurement_rows_\d+ `)

func TestPagesAreReadInOrderOfAnIndexAndOfTheirDaysOnly(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s := open(t, url)
	conn := pgtest.Connect(t, url)
	exec(t, conn, `SELECT heimdall_create_partitions(now()::date - 21, 21)`)
	exec(t, conn, insertManyRows)
	exec(t, conn, `ANALYZE measurement_rows`)
	middle := time.Now().AddDate(0, 0, -10)
	taskID := measure(t, s, createWebSDRs(t, s, 3), middle)
	for what, q := range map[string]struct {
		filter heimdall.MeasurementFilter
		days   int // at most
	}{
		"the newest":          {heimdall.MeasurementFilter{}, 38},
		"from the middle":     {heimdall.MeasurementFilter{After: &heimdall.MeasurementKey{Timestamp: middle}}, 14},
		"one WebSDR":          {heimdall.MeasurementFilter{WebSDRIDs: []int64{3}}, 38},
		"one WebSDR, a day":   {heimdall.MeasurementFilter{WebSDRIDs: []int64{3}, From: middle, To: middle.AddDate(0, 0, 1)}, 2},
		"a whole acquisition": {heimdall.MeasurementFilter{TaskID: taskID}, 1},
	} {
		q.filter.Limit = 100
		plan := postgres.MeasurementsPlan(t, s, q.filter)
		if strings.Contains(plan, "Seq Scan on measurement_rows_2") {
			t.Errorf("%s: whole days are read:\n%s", what, plan)
		}
		if n := len(partition.FindAllString(plan, -1)); n > q.days {
			t.Errorf("%s: %d days are looked at, want at most %d:\n%s", what, n, q.days, plan)
		}
	}
}
