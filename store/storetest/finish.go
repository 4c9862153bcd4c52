package storetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func finishTogether(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	want, m := succeeded(job.Captures[0])
	ok(t, s.FinishCapture(t.Context(), job.Lease, want, m))
	got, err := s.Capture(t.Context(), want.TaskID, want.WebSDRID)
	ok(t, err)
	same(t, "capture", got, want)
	list, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{TaskID: job.TaskID, Limit: 10})
	ok(t, err)
	same(t, "measurements", list, []heimdall.Measurement{asStored(m)})

	bare := claimed(t, s, 1)
	want, m = succeeded(bare.Captures[0])
	want.Recording.SMeterDBM, want.Recording.Gaps = nil, []heimdall.Gap{}
	m.Metrics = heimdall.Metrics{SNRdB: pointer(0.0), Flags: []string{}, AlgorithmVersion: "1"}
	ok(t, s.FinishCapture(t.Context(), bare.Lease, want, m))
	got, err = s.Capture(t.Context(), want.TaskID, want.WebSDRID)
	ok(t, err)
	same(t, "capture without optional values", got, want)
	list, err = s.Measurements(t.Context(), heimdall.MeasurementFilter{TaskID: bare.TaskID, Limit: 10})
	ok(t, err)
	same(t, "measurement of 0 dB without any other number", list, []heimdall.Measurement{asStored(m)})
}

func finishNeither(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	before, err := s.Capture(t.Context(), job.TaskID, job.Captures[0].WebSDRID)
	ok(t, err)
	c, m := succeeded(job.Captures[0])
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, s.FinishCapture(ctx, job.Lease, c, m), context.Canceled)
	m.SamplesCount++
	wantInvalid(t, s.FinishCapture(t.Context(), job.Lease, c, m), "samples_count")
	unchanged(t, s, before)
}

// unchanged checks that the capture is as before and has no measurement.
func unchanged(t *testing.T, s Store, before heimdall.Capture) {
	t.Helper()
	after, err := s.Capture(t.Context(), before.TaskID, before.WebSDRID)
	ok(t, err)
	same(t, "capture", after, before)
	list, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{TaskID: before.TaskID, Limit: 10})
	ok(t, err)
	same(t, "measurements", list, []heimdall.Measurement{})
}

func finishTwice(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	want, m := succeeded(job.Captures[0])
	ok(t, s.FinishCapture(t.Context(), job.Lease, want, m))
	other, otherM := succeeded(job.Captures[0])
	other.Recording.Start = aTime.Add(time.Second)
	otherM.Timestamp = other.Recording.Start
	failed := job.Captures[0]
	failed.State = heimdall.Failed
	ok(t, s.FinishCapture(t.Context(), job.Lease, want, m))
	ok(t, s.FinishCapture(t.Context(), job.Lease, other, otherM))
	ok(t, s.FinishCapture(t.Context(), job.Lease, failed, nil))
	got, err := s.Capture(t.Context(), want.TaskID, want.WebSDRID)
	ok(t, err)
	same(t, "capture", got, want)
	list, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 10})
	ok(t, err)
	same(t, "measurements", list, []heimdall.Measurement{asStored(m)})
}

func finishAtOnce(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			c, m := succeeded(job.Captures[0])
			c.Recording.Start = aTime.Add(time.Duration(i) * time.Second) // a natural key each
			m.Timestamp = c.Recording.Start
			if err := s.FinishCapture(t.Context(), job.Lease, c, m); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	list, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: 20})
	ok(t, err)
	if len(list) != 1 {
		t.Errorf("there are %d measurements", len(list))
	}
}

func failedCapture(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	c := job.Captures[0]
	c.State, c.FailureClass, c.Reason, c.Attempts = heimdall.Failed, heimdall.FailTransport, "connection reset by peer", 4
	c.NextAttemptAt = aTime
	ok(t, s.FinishCapture(t.Context(), job.Lease, c, nil))
	got, err := s.Capture(t.Context(), c.TaskID, c.WebSDRID)
	ok(t, err)
	if got.EndedAt.IsZero() {
		t.Error("it has no time of its end")
	}
	c.Phase, c.NextAttemptAt, c.EndedAt = heimdall.PhaseDone, time.Time{}, got.EndedAt
	unchanged(t, s, c)
}

func successNeeds(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	for _, wrong := range []struct {
		field  string
		change func(c *heimdall.Capture, m **heimdall.Measurement)
	}{
		{"recording", func(c *heimdall.Capture, _ **heimdall.Measurement) { c.Recording = nil }},
		{"recording", func(c *heimdall.Capture, m **heimdall.Measurement) { c.State, *m = heimdall.Failed, nil }},
		{"measurement", func(_ *heimdall.Capture, m **heimdall.Measurement) { *m = nil }},
		{"measurement", func(c *heimdall.Capture, _ **heimdall.Measurement) { c.State, c.Recording = heimdall.Cancelled, nil }},
		{"s3_path", func(_ *heimdall.Capture, m **heimdall.Measurement) { (*m).S3Path = "elsewhere" }},
		{"s3_path", func(c *heimdall.Capture, m **heimdall.Measurement) { c.Recording.S3Path, (*m).S3Path = "", "" }},
		{"samples_count", func(_ *heimdall.Capture, m **heimdall.Measurement) { (*m).SamplesCount++ }},
		{"samples_count", func(c *heimdall.Capture, m **heimdall.Measurement) {
			c.Recording.SamplesCount, (*m).SamplesCount = 0, 0
		}},
		{"bytes", func(c *heimdall.Capture, _ **heimdall.Measurement) { c.Recording.Bytes = 0 }},
		{"sha256", func(c *heimdall.Capture, _ **heimdall.Measurement) { c.Recording.SHA256 = "" }},
		{"timestamp_utc", func(_ *heimdall.Capture, m **heimdall.Measurement) { (*m).Timestamp = aTime.Add(time.Microsecond) }},
		{"websdr_id", func(_ *heimdall.Capture, m **heimdall.Measurement) { (*m).WebSDRID++ }},
		{"task_id", func(c *heimdall.Capture, _ **heimdall.Measurement) { c.TaskID = newID() }},
		{"state", func(c *heimdall.Capture, _ **heimdall.Measurement) { c.State = heimdall.Partial }},
	} {
		c, m := succeeded(job.Captures[0])
		wrong.change(&c, &m)
		wantInvalid(t, s.FinishCapture(t.Context(), job.Lease, c, m), wrong.field)
	}
	before, err := s.Capture(t.Context(), job.TaskID, job.Captures[0].WebSDRID)
	ok(t, err)
	unchanged(t, s, before)
	if before.State != heimdall.Running {
		t.Errorf("it is %s", before.State)
	}
}
