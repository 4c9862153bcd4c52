package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/sqlite"
)

// insertPending makes ten thousand acquisitions of 101 origins wait: half are a schedule's, half those of a hundred more.
const insertPending = `
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
    join_timeout_seconds, state, cancel_requested, reason, created_at, claims, fence, origin)
SELECT printf('019ab000-0000-7000-8000-%012x', i), '', 7000000, 1, 0, 0, 0, 0, 'pending', 0, '', i, 0, 0,
    iif(i % 2, 'schedule/1', 'schedule/' || (i / 2 % 100 + 2)) FROM n;
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds)
SELECT task_id, websdr_id, 0, 'pending', 'waiting', 0, '', '', 0, 0 FROM acquisitions, websdrs`

// BenchmarkClaimOfTenThousand claims and hands back, and looks in vain when the only host is taken.
func BenchmarkClaimOfTenThousand(b *testing.B) {
	path := filepath.Join(b.TempDir(), "heimdall.db")
	s, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	w := aWebSDR("kiwi")
	w.Kind, w.URL = "kiwisdr", "http://kiwi.example:8073"
	if _, err := s.CreateWebSDR(b.Context(), w); err != nil {
		b.Fatal(err)
	}
	exec(b, openRaw(b, path), insertPending)
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
