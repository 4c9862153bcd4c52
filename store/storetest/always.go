package storetest

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

var always = []promise{
	{"a cancelled context returns promptly with its error, and changes nothing", cancelledContext},
	{"an empty store answers with nothing and is in order", emptyStore},
}

// calls are all the calls that a store answers, on what job is.
func calls(s Store, job *acquire.Job) map[string]func(context.Context) error {
	w := aWebSDR("another")
	out := map[string]func(context.Context) error{
		"Ping":              s.Ping,
		"WebSDRs":           func(ctx context.Context) error { _, err := s.WebSDRs(ctx, heimdall.WebSDRFilter{}); return err },
		"Cancellations":     func(ctx context.Context) error { _, err := s.Cancellations(ctx, "worker"); return err },
		"WebSDR":            func(ctx context.Context) error { _, err := s.WebSDR(ctx, 1); return err },
		"CreateWebSDR":      func(ctx context.Context) error { _, err := s.CreateWebSDR(ctx, w); return err },
		"UpdateWebSDR":      func(ctx context.Context) error { _, err := s.UpdateWebSDR(ctx, w); return err },
		"DeleteWebSDR":      func(ctx context.Context) error { return s.DeleteWebSDR(ctx, 1) },
		"ImportWebSDRs":     func(ctx context.Context) error { _, _, err := s.ImportWebSDRs(ctx, []heimdall.WebSDR{w}); return err },
		"CreateAcquisition": func(ctx context.Context) error { _, _, err := s.CreateAcquisition(ctx, aRequest(1)); return err },
		"Acquisition":       func(ctx context.Context) error { _, _, err := s.Acquisition(ctx, job.TaskID); return err },
		"CancelAcquisition": func(ctx context.Context) error { _, err := s.CancelAcquisition(ctx, job.TaskID); return err },
		"Claim":             func(ctx context.Context) error { _, err := s.Claim(ctx, "worker", aLease, 0); return err },
		"Check":             func(ctx context.Context) error { _, err := s.Check(ctx); return err },
		"Capture":           func(ctx context.Context) error { _, err := s.Capture(ctx, job.TaskID, 1); return err },
		"Acquisitions": func(ctx context.Context) error {
			_, err := s.Acquisitions(ctx, heimdall.AcquisitionFilter{Limit: 1})
			return err
		},
		"Captures": func(ctx context.Context) error {
			_, err := s.Captures(ctx, heimdall.CaptureFilter{Limit: 1})
			return err
		},
		"Measurements": func(ctx context.Context) error {
			_, err := s.Measurements(ctx, heimdall.MeasurementFilter{Limit: 1})
			return err
		},
		"ImportMeasurements": func(ctx context.Context) error {
			_, err := s.ImportMeasurements(ctx, []heimdall.ImportedMeasurement{imported("task", 1, aTime)}, heimdall.ImportOptions{})
			return err
		},
		"ReplaceMetrics": func(ctx context.Context) error {
			return s.ReplaceMetrics(ctx, heimdall.MeasurementKey{Timestamp: aTime, TaskID: job.TaskID, WebSDRID: 1}, "1", heimdall.Metrics{})
		},
		"RecordingKeys": func(ctx context.Context) error {
			for _, err := range s.RecordingKeys(ctx) {
				return err
			}
			return nil
		},
		"EachMeasurement": func(ctx context.Context) error {
			for _, err := range s.EachMeasurement(ctx, heimdall.MeasurementFilter{}) {
				return err
			}
			return nil
		},
	}
	maps.Copy(out, lateWrites(s, job))
	maps.Copy(out, analyticsCalls(s))
	maps.Copy(out, retentionCalls(s, job))
	maps.Copy(out, restoreCalls(s, job))
	maps.Copy(out, collectionCalls(s, job))
	maps.Copy(out, healthCalls(s, job))
	maps.Copy(out, eventCalls(s))
	maps.Copy(out, webhookCalls(s))
	maps.Copy(out, emitterCalls(s))
	maps.Copy(out, fleetCalls(s, job))
	return out
}

func cancelledContext(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	wantA, wantCs, err := s.Acquisition(t.Context(), job.TaskID)
	ok(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls(s, job) {
		began := time.Now()
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("%s took %v to see that it was cancelled", name, d)
		}
	}
	gotA, gotCs, err := s.Acquisition(t.Context(), job.TaskID)
	ok(t, err)
	same(t, "acquisition", gotA, wantA)
	same(t, "captures", gotCs, wantCs)
}

func emptyStore(t *testing.T, s Store) {
	ok(t, s.Ping(t.Context()))
	ws, err := s.WebSDRs(t.Context(), heimdall.WebSDRFilter{})
	ok(t, err)
	as, err := s.Acquisitions(t.Context(), heimdall.AcquisitionFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	cs, err := s.Captures(t.Context(), heimdall.CaptureFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	ms, err := s.Measurements(t.Context(), heimdall.MeasurementFilter{Limit: heimdall.MaxPage})
	ok(t, err)
	if n := len(ws) + len(as) + len(cs) + len(ms); n != 0 {
		t.Errorf("an empty store holds %d rows", n)
	}
	for c, err := range s.RecordingKeys(t.Context()) {
		t.Errorf("an empty store has the recording %+v (%v)", c, err)
	}
	for m, err := range s.EachMeasurement(t.Context(), heimdall.MeasurementFilter{}) {
		t.Errorf("an empty store has the measurement %+v (%v)", m, err)
	}
}

// closedIsAnError has its own entry in Run: a closed store cannot be checked afterwards.
func closedIsAnError(t *testing.T, s Store) {
	job := claimed(t, s, 1)
	ok(t, s.Close())
	for name, call := range calls(s, job) {
		if err := call(t.Context()); err == nil {
			t.Errorf("%s on a closed store is no error", name)
		}
	}
}
