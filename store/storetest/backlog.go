package storetest

import (
	"context"
	"testing"

	"github.com/heimdall-sdr/heimdall"
)

// A BacklogStore says what waits: see telemetry.Database.
type BacklogStore interface {
	Backlog(ctx context.Context) (heimdall.Backlog, error)
}

var backlogs = []promise{
	{"what is pending is counted by origin and priority, and nothing else is", backlogByLine},
	{"deliveries are waiting until they are delivered or given up", backlogOfDeliveries},
}

func backlogByLine(t *testing.T, s Store) {
	none, err := s.Backlog(t.Context())
	ok(t, err)
	if len(none.Lines) != 0 || none.Deliveries != 0 {
		t.Errorf("of an empty database %+v waits", none)
	}
	id := createWebSDRs(t, s, 1)[0]
	for _, line := range []struct {
		origin   string
		priority int
	}{{"schedule/2", 0}, {"", 0}, {"schedule/10", 0}, {"", 0}, {"", -9}, {"schedule/2", 5}, {"", 9}} {
		request(t, s, func(a *heimdall.Acquisition) { a.Origin, a.Priority = line.origin, line.priority }, id)
	}
	running(t, s, claim(t, s)) // the one of priority 9
	got, err := s.Backlog(t.Context())
	ok(t, err)
	same(t, "what waits", got.Lines, []heimdall.QueueLine{
		{Priority: -9, Acquisitions: 1}, {Acquisitions: 2}, {Origin: "schedule/10", Acquisitions: 1},
		{Origin: "schedule/2", Acquisitions: 1}, {Origin: "schedule/2", Priority: 5, Acquisitions: 1},
	})
}

func backlogOfDeliveries(t *testing.T, s Store) {
	createWebhook(t, s, heimdall.AcquisitionCreated)
	id := createWebSDRs(t, s, 1)[0]
	for range 3 {
		create(t, s, aRequest(id))
	}
	list, err := s.ClaimDeliveries(t.Context(), nil, 3, 3, aLease)
	ok(t, err)
	if len(list) != 3 {
		t.Fatalf("%d deliveries are claimed", len(list))
	}
	for i, state := range []heimdall.DeliveryState{heimdall.DeliveryDelivered, heimdall.DeliveryDead, heimdall.DeliveryPending} {
		d := list[i].Delivery
		d.State = state
		ok(t, s.EndAttempt(t.Context(), d, aLease))
	}
	got, err := s.Backlog(t.Context())
	ok(t, err)
	if got.Deliveries != 1 {
		t.Errorf("%d deliveries wait, want the one that is tried again", got.Deliveries)
	}
}
