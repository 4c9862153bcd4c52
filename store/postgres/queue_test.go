package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// soon is when a wake-up has come, on the slowest of machines.
const soon = 20 * time.Second

func TestAThousandAcquisitionsAreClaimedOnceEachByEightWorkersOfTwoPrograms(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	stores := []*postgres.Store{open(t, url), open(t, url)}
	ids := createWebSDRs(t, stores[0], 1)
	const jobs, workers = 1000, 8
	exec(t, pgtest.Connect(t, url), `
WITH a AS (
    INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
        join_timeout_seconds, state, cancel_requested, reason, created_at, claims, fence)
    SELECT gen_random_uuid(), '', 7074000, 1, 0, 0, 0, 0, 'pending', false, '', now(), 0, 0 FROM generate_series(1, $2::integer) RETURNING task_id)
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds)
SELECT task_id, $1::bigint, 0, 'pending', 'waiting', 0, '', '', 0, 0 FROM a`, ids[0], jobs)

	var mu sync.Mutex
	claimed := make(map[string]string)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			worker := fmt.Sprint("worker ", i)
			for {
				job, err := stores[i%2].Claim(t.Context(), worker, time.Hour, 0)
				if errors.Is(err, heimdall.ErrNoWork) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if other, twice := claimed[job.TaskID]; twice {
					t.Errorf("%s and %s claimed %s", other, worker, job.TaskID)
				}
				claimed[job.TaskID] = worker
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(claimed) != jobs {
		t.Errorf("%d of %d acquisitions were claimed", len(claimed), jobs)
	}
}

func TestWhatOneProgramCreatesReleasesOrCancelsWakesAnother(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	here, there := open(t, url), open(t, url)
	ids := createWebSDRs(t, there, 1)
	woken := func(what string) {
		t.Helper()
		began := time.Now()
		if err := here.Wait(t.Context(), soon); err != nil || time.Since(began) >= soon {
			t.Errorf("%s elsewhere did not wake a worker here (%v)", what, err)
		}
	}
	a := create(t, there, ids)
	woken("a create")
	job, err := there.Claim(t.Context(), "worker", time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := there.Release(t.Context(), job.Lease); err != nil {
		t.Fatal(err)
	}
	woken("a release")
	if _, err := there.CancelAcquisition(t.Context(), a.TaskID); err != nil {
		t.Fatal(err)
	}
	woken("a cancel")
}

func TestOneBadCaptureOfManyThatEndTogetherSinksOnlyItself(t *testing.T) {
	t.Parallel()
	pgtest.Each(t, func(t *testing.T, server *pgtest.Server) {
		s := open(t, server.Database(t))
		ids := createWebSDRs(t, s, 20)
		taken := measure(t, s, ids[:1], time.Now())
		job := runningJob(t, s, ids)
		errs := make([]error, len(ids))
		var group sync.WaitGroup
		for i, c := range job.Captures {
			group.Go(func() {
				c, m := success(c, time.Now())
				if i%7 == 3 { // the key of another recording
					c.Recording.S3Path = fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", taken, ids[0])
					m.S3Path = c.Recording.S3Path
				}
				errs[i] = s.FinishCapture(t.Context(), job.Lease, c, m)
			})
		}
		group.Wait()
		_, captures, err := s.Acquisition(t.Context(), job.TaskID)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range captures {
			bad := i%7 == 3
			if bad != (errs[i] != nil) || bad == (c.State == heimdall.Success) {
				t.Errorf("capture %d is %s, and its worker was told %v", i, c.State, errs[i])
			}
		}
		if n := len(all(t, s, heimdall.MeasurementFilter{TaskID: job.TaskID})); n != 17 {
			t.Errorf("there are %d measurements, want 17", n)
		}
	})
}

func TestWhateverBytesAReceiverSendsAsItsReasonAreStored(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.Plain(t).Database(t))
	job := runningJob(t, s, createWebSDRs(t, s, 1))
	c := job.Captures[0]
	c.Reason = "no\x00slot \xff\xfe left"
	if err := s.SaveProgress(t.Context(), job.Lease, []heimdall.Capture{c}); err != nil {
		t.Error(err)
	}
	c.State = heimdall.Failed
	if err := s.FinishCapture(t.Context(), job.Lease, c, nil); err != nil {
		t.Fatal(err)
	}
	got, err := s.Capture(t.Context(), c.TaskID, c.WebSDRID)
	if want := "no\ufffdslot \ufffd left"; err != nil || got.Reason != want {
		t.Errorf("the reason reads as %q (%v), want %q", got.Reason, err, want)
	}
}
