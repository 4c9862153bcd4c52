package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store/postgres"
)

// open opens with few connections, since many tests share one server.
func open(t testing.TB, url string) *postgres.Store {
	t.Helper()
	return openWith(t, url, postgres.Options{MaxConns: 4})
}

func openWith(t testing.TB, url string, opt postgres.Options) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func exec(t testing.TB, conn *pgx.Conn, query string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// get is the one value of a query.
func get[T any](t testing.TB, conn *pgx.Conn, query string, args ...any) (v T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func aWebSDR(name string) heimdall.WebSDR {
	return heimdall.WebSDR{Name: name, Kind: "sim", URL: "sim:///radio", Active: true, Timeout: 30 * time.Second}
}

// createWebSDRs adds n WebSDRs and returns their ids.
func createWebSDRs(t testing.TB, s *postgres.Store, n int) []int64 {
	t.Helper()
	var ids []int64
	for i := range n {
		w, err := s.CreateWebSDR(t.Context(), aWebSDR(fmt.Sprint("radio ", i+1)))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, w.ID)
	}
	return ids
}

func create(t testing.TB, s *postgres.Store, ids []int64) heimdall.Acquisition {
	t.Helper()
	a, _, err := s.CreateAcquisition(t.Context(), heimdall.Acquisition{FrequencyHz: 100_000_000, Duration: time.Second, WebSDRIDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// runningJob is a new acquisition with all its captures running.
func runningJob(t testing.TB, s *postgres.Store, ids []int64) *acquire.Job {
	t.Helper()
	create(t, s, ids)
	job, err := s.Claim(t.Context(), "worker", time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range job.Captures {
		job.Captures[i].State = heimdall.Running
	}
	if err := s.SaveProgress(t.Context(), job.Lease, job.Captures); err != nil {
		t.Fatal(err)
	}
	return job
}

// success is c as a success at that time, with its measurement.
func success(c heimdall.Capture, at time.Time) (heimdall.Capture, *heimdall.Measurement) {
	snr, offset := 12.5, -3.25
	c.State = heimdall.Success
	c.Recording = &heimdall.Recording{S3Path: fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", c.TaskID, c.WebSDRID),
		Datatype: "ci16_le", SampleRateHz: 12_000.01, FrequencyHz: 100_000_000, SamplesCount: 12_000, Bytes: 48_000,
		SHA256: strings.Repeat("0f", 32), Start: at}
	return c, &heimdall.Measurement{TaskID: c.TaskID, WebSDRID: c.WebSDRID, Timestamp: at, FrequencyHz: 100_000_000,
		SampleRateHz: 12_000.01, SamplesCount: 12_000, S3Path: c.Recording.S3Path,
		Metrics: heimdall.Metrics{SNRdB: &snr, FrequencyOffsetHz: &offset, Detected: true, AlgorithmVersion: "1"}}
}

// measure stores the measurement of a new acquisition by each of ids, at that time.
func measure(t testing.TB, s *postgres.Store, ids []int64, at time.Time) string {
	t.Helper()
	job := runningJob(t, s, ids)
	for _, c := range job.Captures {
		c, m := success(c, at)
		if err := s.FinishCapture(t.Context(), job.Lease, c, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.FinishAcquisition(t.Context(), job.Lease, heimdall.Success, ""); err != nil {
		t.Fatal(err)
	}
	return job.TaskID
}

// all is every measurement of a filter.
func all(t testing.TB, s *postgres.Store, f heimdall.MeasurementFilter) (list []heimdall.Measurement) {
	t.Helper()
	for m, err := range s.EachMeasurement(context.WithoutCancel(t.Context()), f) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}
