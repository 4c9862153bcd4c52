package telemetry

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/webhook"
)

// Outbox is s, counting what became of attempts to deliver.
func (t *Telemetry) Outbox(s webhook.Store) webhook.Store { return &countingOutbox{Store: s, t: t} }

type countingOutbox struct {
	webhook.Store
	t *Telemetry
}

// The outcomes of an attempt. What failed is tried again, until it is dead.
var deliveryOutcomes = map[heimdall.DeliveryState]string{
	heimdall.DeliveryDelivered: "delivered", heimdall.DeliveryPending: "failed", heimdall.DeliveryDead: "dead",
}

func (s *countingOutbox) EndAttempt(ctx context.Context, d heimdall.Delivery, wait time.Duration) error {
	err := s.Store.EndAttempt(ctx, d, wait)
	if err == nil {
		s.t.deliveries.WithLabelValues(deliveryOutcomes[d.State]).Inc()
	}
	return err
}

// Fired counts a run of a schedule, and how much later than it should have been it was handed to the queue; see
// schedule.Runner. A run that was skipped has no lateness.
func (t *Telemetry) Fired(run heimdall.ScheduleRun, late time.Duration) {
	outcome := "fired"
	if run.Skipped != "" {
		outcome = string(run.Skipped)
	} else {
		t.lateness.WithLabelValues().Observe(max(0, late.Seconds()))
	}
	t.runs.WithLabelValues(outcome).Add(float64(max(1, run.Count)))
}
