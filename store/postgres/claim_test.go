package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

// insertPending makes ten thousand acquisitions of 101 origins wait: half are a schedule's, half those of a hundred more.
const (
	insertPending = `
INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
    join_timeout_seconds, state, cancel_requested, reason, created_at, claims, fence, origin)
SELECT gen_random_uuid(), '', 7000000, 1, 0, 0, 0, 0, 'pending', false, '', now() - i * interval '1 second', 0, 0,
    CASE WHEN i % 2 = 1 THEN 'schedule/1' ELSE 'schedule/' || (i / 2 % 100 + 2) END FROM generate_series(0, 9999) AS i`

	insertPendingCaptures = `
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds)
SELECT task_id, websdr_id, 0, 'pending', 'waiting', 0, '', '', 0, 0 FROM acquisitions, websdrs`
)

func TestTheQueueIsReadFromItsIndexHoweverManyCapturesThereAre(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s := open(t, url)
	createWebSDRs(t, s, 1)
	conn := pgtest.Connect(t, url)
	for _, statement := range []string{insertPending, insertPendingCaptures, `ANALYZE acquisitions, captures`} {
		exec(t, conn, statement)
	}
	for _, plan := range postgres.ClaimPlans(t, s) {
		if strings.Contains(plan, "hashed SubPlan") || strings.Contains(plan, "Seq Scan on captures") ||
			strings.Contains(plan, "Seq Scan on acquisitions") || !strings.Contains(plan, "acquisitions_pending") {
			t.Errorf("the queue is not read from its index:\n%s", plan)
		}
	}
}

// BenchmarkClaimOfTenThousand claims and hands back, and looks in vain when the only host is taken.
func BenchmarkClaimOfTenThousand(b *testing.B) {
	url := pgtest.Private(b, true).URL("postgres")
	s := openWith(b, url, postgres.Options{})
	w := aWebSDR("kiwi")
	w.Kind, w.URL = "kiwisdr", "http://kiwi.example:8073"
	if _, err := s.CreateWebSDR(b.Context(), w); err != nil {
		b.Fatal(err)
	}
	exec(b, pgtest.Connect(b, url), insertPending)
	exec(b, pgtest.Connect(b, url), insertPendingCaptures)
	exec(b, pgtest.Connect(b, url), `ANALYZE acquisitions, captures`)
	b.Run("claim", func(b *testing.B) {
		var claiming time.Duration
		for i := range b.N {
			began := time.Now()
			job, err := s.Claim(b.Context(), fmt.Sprint(i), time.Hour, 0)
			claiming += time.Since(began)
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Release(b.Context(), job.Lease); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(claiming.Seconds()*1e3/float64(b.N), "ms/claim")
	})
	b.Run("in vain", func(b *testing.B) {
		if err := s.TakeHost(b.Context(), "kiwi.example:8073", "probe", time.Hour); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := s.Claim(b.Context(), "worker", time.Hour, 0); !errors.Is(err, heimdall.ErrNoWork) {
				b.Fatal(err)
			}
		}
	})
}
