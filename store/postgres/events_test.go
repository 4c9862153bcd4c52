package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/store/postgres"
	"github.com/heimdall-sdr/heimdall/store/postgres/pgtest"
)

func eventsOf(t *testing.T, s *postgres.Store, after int64) (list []heimdall.Event) {
	t.Helper()
	list, err := s.Events(t.Context(), heimdall.EventFilter{After: after, Limit: heimdall.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// insertSlowly is what a program does in a transaction that takes its time.
const insertSlowly = `
INSERT INTO events (id, kind, websdr_id, at, payload)
SELECT (pg_current_xact_id()::text::bigint + base) << 14, 'slow', 0, clock_timestamp(), '{}' FROM event_state`

func TestNoEventAppearsBehindOneThatAReaderHasSeen(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s := open(t, url)
	ids := createWebSDRs(t, s, 1)
	create(t, s, ids)
	before := eventually(t, s, 0, 1)

	slow := pgtest.Connect(t, url)
	exec(t, slow, `BEGIN`)
	exec(t, slow, insertSlowly)
	create(t, s, ids) // begins later and is committed first
	span, err := s.EventSpan(t.Context())
	if err != nil || span.Last < before[0].ID {
		t.Fatalf("the span is %+v (%v)", span, err)
	}
	if list := eventsOf(t, s, before[0].ID); len(list) != 0 {
		t.Errorf("while an older transaction is in progress readers see %+v", list)
	}
	exec(t, slow, `COMMIT`)
	after := eventually(t, s, before[0].ID, 2)
	if len(after) != 2 || after[0].Kind != "slow" || after[1].Kind != heimdall.AcquisitionCreated || after[0].ID <= span.Last {
		t.Errorf("when it has ended, readers of up to %d see %+v", span.Last, after)
	}
}

// eventually is n events after an id: other tests write to the same server, in other databases, and an event appears
// when all that is older has ended.
func eventually(t *testing.T, s *postgres.Store, after int64, n int) []heimdall.Event {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		list := eventsOf(t, s, after)
		if len(list) >= n || time.Now().After(deadline) {
			return list
		}
		select {
		case <-s.EventsChanged():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestEventsWakeOtherProgramsToo(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	here, there := open(t, url), open(t, url)
	ids := createWebSDRs(t, here, 1)
	job := runningJob(t, here, ids)
	seen := eventually(t, there, 0, 2)
	changed := there.EventsChanged()
	c, m := success(job.Captures[0], time.Now())
	if err := here.FinishCapture(t.Context(), job.Lease, c, m); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	case <-time.After(20 * time.Second):
		t.Error("the end of a capture is not heard of elsewhere")
	}
	if list := eventually(t, there, seen[len(seen)-1].ID, 1); len(list) != 1 || list[0].Kind != heimdall.CaptureEnded {
		t.Errorf("heard of is %+v", list)
	}
}

func TestAfterADumpWasRestoredIdsStillGrow(t *testing.T) {
	t.Parallel()
	url := pgtest.Plain(t).Database(t)
	s, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	ids := createWebSDRs(t, s, 1)
	create(t, s, ids)
	old := eventually(t, s, 0, 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// As if the server of the dump had had a billion transactions more.
	exec(t, pgtest.Connect(t, url), `UPDATE events SET id = id + (1000000000::bigint << 14)`)
	s = open(t, url)
	create(t, s, ids)
	list := eventually(t, s, 0, 2)
	if len(list) != 2 || list[0].TaskID != old[0].TaskID || list[1].TaskID == old[0].TaskID || list[1].ID <= list[0].ID {
		t.Errorf("events are %+v, the first was %+v", list, old)
	}
	span, err := s.EventSpan(t.Context())
	if err != nil || span.Last < list[1].ID {
		t.Errorf("the span is %+v (%v)", span, err)
	}
	again := open(t, url) // raises nothing a second time
	if more := eventsOf(t, again, 0); !slices.Equal(idsOf(list), idsOf(more)) {
		t.Errorf("another program sees %+v", more)
	}
}

func idsOf(list []heimdall.Event) (ids []int64) {
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}
