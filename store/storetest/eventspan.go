package storetest

import (
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

func eventsPruned(t *testing.T, s Store) {
	finish(t, s, claimed(t, s, 1), heimdall.Failed)
	w := createWebhook(t, s, heimdall.AcquisitionEnded)
	finish(t, s, claimed(t, s, 1), heimdall.Failed)
	all := eventsAfter(t, s, heimdall.EventFilter{}, 8)
	n, err := s.PruneEvents(t.Context(), time.Now().Add(-time.Hour))
	ok(t, err)
	if n != 0 {
		t.Errorf("%d events of now are old", n)
	}
	n, err = s.PruneEvents(t.Context(), time.Now().Add(time.Hour))
	ok(t, err)
	left := eventsAfter(t, s, heimdall.EventFilter{}, 1)
	same(t, "what is left, because it is not delivered yet", told(left), []string{"acquisition.ended failed"})
	span, err := s.EventSpan(t.Context())
	ok(t, err)
	if n != 7 || span.PrunedTo != all[6].ID || span.Last < all[7].ID {
		t.Errorf("%d of %d pruned, the span is %+v, the last id %d", n, len(all), span, all[7].ID)
	}
	d := due(t, s)
	d[0].State = heimdall.DeliveryDelivered
	ok(t, s.EndAttempt(t.Context(), d[0].Delivery, 0))
	_, err = s.PruneEvents(t.Context(), time.Now().Add(time.Hour))
	ok(t, err)
	_, err = s.Delivery(t.Context(), w.ID, d[0].Event.ID)
	wantErr(t, err, heimdall.ErrNotFound)
	span, err = s.EventSpan(t.Context())
	ok(t, err)
	create(t, s, aRequest(createWebSDRs(t, s, 1)...))
	if next := eventsAfter(t, s, heimdall.EventFilter{}, 1); len(next) != 1 || next[0].ID <= span.Last || next[0].ID <= all[7].ID || span.PrunedTo != all[7].ID {
		t.Errorf("after all was pruned (%+v) comes %+v", span, next)
	}
}

func eventSpan(t *testing.T, s Store) {
	before, err := s.EventSpan(t.Context())
	ok(t, err)
	finish(t, s, claimed(t, s, 1), heimdall.Failed)
	all := eventsAfter(t, s, heimdall.EventFilter{}, 4)
	after, err := s.EventSpan(t.Context())
	ok(t, err)
	if before.PrunedTo != 0 || after.PrunedTo != 0 || all[0].ID <= before.Last || after.Last < all[3].ID {
		t.Errorf("ids are %d to %d, the span was %+v and is %+v", all[0].ID, all[3].ID, before, after)
	}
}
