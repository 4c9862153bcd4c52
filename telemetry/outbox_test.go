package telemetry_test

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/telemetry"
)

func TestAttemptsToDeliverAndWhatWaitsAreCounted(t *testing.T) {
	t.Parallel()
	m, s := telemetry.New("test"), open(t)
	now := time.Now()
	m.Watch(telemetry.State{Database: s, Now: func() time.Time { return now }})
	want(t, m, map[string]float64{
		`heimdall_webhook_deliveries_total{outcome="delivered"}`: 0, `heimdall_webhook_deliveries_total{outcome="failed"}`: 0,
		`heimdall_webhook_deliveries_total{outcome="dead"}`: 0, "heimdall_webhook_deliveries_waiting": 0,
	})
	_, err := s.CreateWebhook(t.Context(), heimdall.Webhook{URL: "http://192.0.2.1/", Secret: "whsec_" + "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0", Active: true,
		Kinds: []heimdall.EventKind{heimdall.AcquisitionCreated}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.CreateWebSDR(t.Context(), heimdall.WebSDR{Name: "one", Kind: "sim", URL: "sim://one", Active: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []heimdall.Acquisition{{}, {Origin: "schedule/7", Priority: 2}, {Origin: "schedule/7", Priority: 2}} {
		a.FrequencyHz, a.Duration, a.WebSDRIDs = 7_074_000, time.Second, []int64{w.ID}
		if _, _, err := s.CreateAcquisition(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	outbox := m.Outbox(s)
	list, err := outbox.ClaimDeliveries(t.Context(), nil, 3, 3, time.Minute)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d deliveries (%v)", len(list), err)
	}
	for i, state := range []heimdall.DeliveryState{heimdall.DeliveryDelivered, heimdall.DeliveryPending, heimdall.DeliveryDead} {
		d := list[i].Delivery
		d.State = state
		if err := outbox.EndAttempt(t.Context(), d, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Minute) // answers of the database are good for a while
	want(t, m, map[string]float64{
		`heimdall_webhook_deliveries_total{outcome="delivered"}`: 1, `heimdall_webhook_deliveries_total{outcome="failed"}`: 1,
		`heimdall_webhook_deliveries_total{outcome="dead"}`: 1, "heimdall_webhook_deliveries_waiting": 1,
		`heimdall_queue_waiting{origin="hand",priority="0"}`: 1, `heimdall_queue_waiting{origin="schedule/7",priority="2"}`: 2,
		`heimdall_queue_depth{queue="acquisitions"}`: 3,
	})
}

func TestRunsOfSchedulesAreCountedAndHowLateTheyWere(t *testing.T) {
	t.Parallel()
	m := telemetry.New("test")
	want(t, m, map[string]float64{`heimdall_schedule_runs_total{outcome="fired"}`: 0, "heimdall_schedule_lateness_seconds_count": 0})
	m.Fired(heimdall.ScheduleRun{Count: 1}, -time.Second)
	m.Fired(heimdall.ScheduleRun{Count: 1}, 3*time.Second)
	m.Fired(heimdall.ScheduleRun{Count: 5, Skipped: heimdall.SkippedMisfire}, time.Hour)
	want(t, m, map[string]float64{
		`heimdall_schedule_runs_total{outcome="fired"}`: 2, `heimdall_schedule_runs_total{outcome="misfire"}`: 5,
		"heimdall_schedule_lateness_seconds_count": 2, "heimdall_schedule_lateness_seconds_sum": 3,
		`heimdall_schedule_lateness_seconds_bucket{le="0.001"}`: 1, `heimdall_schedule_lateness_seconds_bucket{le="4.096"}`: 2,
	})
}
