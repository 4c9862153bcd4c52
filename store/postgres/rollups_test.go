package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
	"github.com/heimdall-sdr/heimdall/store/storetest"
)

func TestTheViewsOfRollupsAreTheSumsOfTheRows(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		url := server.Database(t)
		s, conn := open(t, url), pgtest.Connect(t, url)
		storetest.Rollups(t, s, func(view string) []storetest.Rollup {
			rows, err := conn.Query(t.Context(), `SELECT `+strings.Join(storetest.RollupColumns, ", ")+` FROM `+view+` ORDER BY bucket, websdr_id, frequency_hz`)
			if err != nil {
				t.Fatal(err)
			}
			out, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (out storetest.Rollup, err error) {
				var bucket time.Time
				err = r.Scan(out.Dest(&bucket)...)
				out.Bucket = bucket.UTC()
				return out, err
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		})
		storetest.Check(t, s)
	})
}

// Eight writers of two programs end captures of one hour, each going through the same WebSDRs in an order of its own,
// while others replace metrics and delete acquisitions of that hour. The server looks for no deadlock here, so that one
// would be an error when the wait for a lock ends.
func TestWritersOfOneHourNeverBlockEachOtherForGood(t *testing.T) {
	t.Parallel()
	url := pgtest.Private(t, false).URL("postgres")
	conn := pgtest.Connect(t, url)
	exec(t, conn, `ALTER DATABASE postgres SET deadlock_timeout = '10min'`)
	stores := []*postgres.Store{open(t, url), open(t, url)}
	ids := createWebSDRs(t, stores[0], 6)
	hour := time.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	old := make([]string, 8)
	for i := range old {
		old[i] = measure(t, stores[0], ids, hour.Add(time.Duration(i)*time.Second))
	}
	jobs := make([]*acquire.Job, 32)
	for i := range jobs {
		jobs[i] = runningJob(t, stores[i%2], ids)
	}
	var group sync.WaitGroup
	for w := range 8 {
		group.Go(func() {
			for i := w; i < len(jobs); i += 8 {
				captures := slices.Clone(jobs[i].Captures)
				if w%2 > 0 {
					slices.Reverse(captures)
				}
				for n := range captures { // all at once, so that they share transactions
					c := captures[(n+w)%len(captures)]
					c, m := success(c, hour.Add(time.Duration(i*10+n)*time.Second))
					if w == 3 {
						c.State, c.Recording, c.FailureClass, c.EndedAt, m = heimdall.Failed, nil, heimdall.FailBusy, hour.Add(time.Minute), nil
					}
					group.Go(func() {
						if err := stores[w%2].FinishCapture(t.Context(), jobs[i].Lease, c, m); err != nil {
							t.Error(err)
						}
					})
				}
			}
		})
		group.Go(func() { replaceOrDelete(t, stores[w%2], old[w], ids, hour.Add(time.Duration(w)*time.Second), w%2 == 0) })
	}
	group.Wait()
	if n := get[int64](t, conn, `SELECT sum(captures)::bigint FROM captures_hourly`); n != int64((len(jobs)+len(old))*len(ids)) {
		t.Errorf("the rollups count %d captures, want %d", n, (len(jobs)+len(old))*len(ids))
	}
	storetest.Check(t, stores[0])
}

func replaceOrDelete(t *testing.T, s *postgres.Store, taskID string, ids []int64, at time.Time, replace bool) {
	if replace {
		for n, id := range ids {
			m := heimdall.Metrics{AlgorithmVersion: "2", SNRdB: new(float64(n)), Flags: []string{}}
			if err := s.ReplaceMetrics(t.Context(), heimdall.MeasurementKey{Timestamp: at, TaskID: taskID, WebSDRID: id}, "1", m); err != nil {
				t.Error(err)
			}
		}
		return
	}
	if err := s.PlanDeletion(t.Context(), []heimdall.Deletion{{TaskID: taskID, Reason: "test"}}); err != nil {
		t.Error(err)
	}
	if _, err := s.FinishDeletion(t.Context(), []string{taskID}); err != nil {
		t.Error(err)
	}
}

func TestACheckNamesTheRollupThatDiffersFromItsRows(t *testing.T) {
	t.Parallel()
	for _, change := range []string{
		`UPDATE captures_hourly SET captures = captures + 1`,
		`UPDATE captures_hourly SET snr_sum_db = snr_sum_db * (1 + 1e-8)`,
		`UPDATE captures_daily SET snr_max_db = snr_max_db + 1e-9`,
		`DELETE FROM captures_hourly`,
		`UPDATE captures_hourly SET deleted = captures`,
		`UPDATE captures_daily SET attempts = attempts + 1`,
		`UPDATE captures_hourly SET recorded_s = recorded_s * (1 + 1e-8)`,
		`UPDATE captures_hourly SET snr_sumsq_db2 = snr_sumsq_db2 * (1 + 1e-8)`,
		`UPDATE captures_hourly SET snr_min_db = NULL`,
		`UPDATE captures_hourly SET bucket = bucket + INTERVAL '1 hour'`,
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Plain(t).Database(t)
			s := open(t, url)
			measure(t, s, createWebSDRs(t, s, 2), time.Now().Truncate(time.Hour))
			exec(t, pgtest.Connect(t, url), change)
			problems, err := s.Check(t.Context())
			if err != nil || len(problems) == 0 {
				t.Fatalf("%d problems were found (%v)", len(problems), err)
			}
			for _, p := range problems {
				if p.Kind != "rollup_differs" || !strings.Contains(p.Detail, "100000000 Hz") {
					t.Errorf("found %v", p)
				}
			}
		})
	}
}

func TestANumberNextToNothingIsNoReasonToRefuseARow(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.Plain(t).Database(t))
	job := runningJob(t, s, createWebSDRs(t, s, 1))
	c, m := success(job.Captures[0], time.Now())
	m.SNRdB, m.FrequencyOffsetHz, m.FrequencyMethod = new(5e-324), new(-1e-200), new("carrier")
	if err := s.FinishCapture(t.Context(), job.Lease, c, m); err != nil {
		t.Fatal(fmt.Errorf("its square is too small to be kept: %w", err))
	}
	if err := s.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, ""); err != nil {
		t.Fatal(err)
	}
	storetest.Check(t, s)
}
