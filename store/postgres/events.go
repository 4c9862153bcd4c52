package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// The id of an event is made of its transaction and its place therein: see the migration that creates the table. Hence
// a transaction calls insertEvents or queueEvents once, with all that happens by it.
const (
	maxTold = 1 << 14 // events of one transaction: what the lower bits of an id count

	// The deliveries come with it in one statement, so that the writer needs no further journey to the server. A webhook
	// that is just being removed is passed over: nothing must fail because of it.
	insertEvents = `
WITH hooks AS (
    SELECT webhook_id, kinds FROM webhooks WHERE is_active AND kinds && $1::text[] FOR KEY SHARE SKIP LOCKED),
happened AS (
    INSERT INTO events (id, kind, task_id, websdr_id, at, payload)
    SELECT ((pg_current_xact_id()::text::bigint + (SELECT base FROM event_state)) << 14) + n - 1,
           kind, task_id::uuid, websdr_id, clock_timestamp(), payload::json
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY AS t (kind, task_id, websdr_id, payload, n)
    RETURNING id, kind, at)
INSERT INTO deliveries (webhook_id, event_id, state, attempts, next_attempt_at, last_status, last_error, created_at)
SELECT w.webhook_id, h.id, 'pending', 0, h.at, 0, '', h.at
FROM happened AS h JOIN hooks AS w ON h.kind = ANY (w.kinds)`
)

// tell writes down in tx what happens by it, and for whom. Whoever calls it calls told after the commit.
func tell(ctx context.Context, tx pgx.Tx, events ...heimdall.Event) error {
	args, err := eventArgs(events)
	if err == nil {
		_, err = tx.Exec(ctx, insertEvents, args...)
	}
	return err
}

func queueEvents(writes *pgx.Batch, events []heimdall.Event) error {
	args, err := eventArgs(events)
	if err == nil {
		writes.Queue(insertEvents, args...)
	}
	return err
}

// eventArgs are the arguments of insertEvents.
func eventArgs(events []heimdall.Event) ([]any, error) {
	if len(events) > maxTold {
		return nil, fmt.Errorf("tell of %d events in one transaction: there may be %d", len(events), maxTold)
	}
	var kinds, payloads []string
	var taskIDs []*string
	var websdrIDs []int64
	for i := range events {
		e := &events[i]
		payload, err := json.Marshal(e.EventPayload)
		if err != nil {
			return nil, err
		}
		var taskID *string
		if e.TaskID != "" {
			taskID = &e.TaskID
		}
		kinds, taskIDs, websdrIDs, payloads = append(kinds, string(e.Kind)), append(taskIDs, taskID), append(websdrIDs, e.WebSDRID), append(payloads, string(payload))
	}
	return []any{kinds, taskIDs, websdrIDs, payloads}, nil
}

// told wakes who waits for events: here at once, in other programs soon.
func (s *Store) told() {
	s.bell.ring()
	select {
	case s.news <- struct{}{}:
	default: // word is on its way
	}
}

const (
	notifyEvents = `SELECT pg_notify('heimdall_events', $1)`

	// announcePause is how long after one word to other programs the next may follow.
	announcePause = 50 * time.Millisecond
)

// announce tells other programs that there are events, until ctx ends. It does so after the commit, and once for many:
// notifications are committed one after the other in all of the server, and ends of captures must not queue for that.
// One that is lost costs other programs a little time: they look by themselves, too.
func (s *Store) announce(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.news:
		}
		_, _ = s.pool.Exec(ctx, notifyEvents, s.id)
		select {
		case <-ctx.Done():
			return
		case <-time.After(announcePause):
		}
	}
}

const (
	selectEvents = `SELECT id, kind, task_id, websdr_id, at, payload::text FROM events`

	// Whoever is in progress may still write events, with ids from here on.
	horizon = `((pg_snapshot_xmin(pg_current_snapshot())::text::bigint + (SELECT base FROM event_state)) << 14)`
)

// eventFields are in the order of selectEvents.
func eventFields(e *heimdall.Event) []any {
	return []any{&e.ID, &e.Kind, orZero[string]{&e.TaskID}, &e.WebSDRID, micros{&e.At}, jsonText{&e.EventPayload}}
}

func scanEvent(r row) (e heimdall.Event, err error) {
	err = r.Scan(eventFields(&e)...)
	return e, err
}

// jsonText reads JSON.
type jsonText struct{ v any }

func (j jsonText) Scan(v any) error {
	text, _ := v.(string)
	return json.Unmarshal([]byte(text), j.v)
}

// Events returns a page of events, in the order in which they happened. One appears when every transaction that is older
// than its own has ended.
func (s *Store) Events(ctx context.Context, f heimdall.EventFilter) ([]heimdall.Event, error) {
	const do = "list events"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	w.add("id > $", f.After)
	w.add("id < " + horizon)
	if f.TaskID != "" {
		id, err := parseTaskID(f.TaskID)
		if err != nil {
			return []heimdall.Event{}, failed(ctx, do, ctx.Err()) // of no acquisition
		}
		w.add("task_id = $", id)
	}
	if f.WebSDRID != 0 {
		w.add("websdr_id = $::bigint", f.WebSDRID)
	}
	if f.Kinds != nil {
		w.add("kind = ANY($::text[])", texts(f.Kinds))
	}
	query := selectEvents + w.String() + ` ORDER BY id` + w.limit(f.Limit)
	rows, err := s.pool.Query(ctx, query, w.args...)
	out, err := all(rows, err, scanEvent)
	return out, failed(ctx, do, err)
}

const selectSpan = `SELECT pruned_to, ` + horizon + ` - 1 FROM event_state`

// EventSpan says which events can be read now.
func (s *Store) EventSpan(ctx context.Context) (span heimdall.EventSpan, err error) {
	err = s.pool.QueryRow(ctx, selectSpan).Scan(&span.PrunedTo, &span.Last)
	return span, failed(ctx, "find the last event", err)
}

// raiseBase makes new ids greater than those there are. That they are not by themselves is only so after a dump was
// restored, on a server that has had fewer transactions.
const raiseBase = `
UPDATE event_state SET base = (SELECT max(id) >> 14 FROM events) + 1
WHERE (SELECT max(id) FROM events) >= (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + base) << 14`

const (
	// pruneTogether is how many events one transaction looks at.
	pruneTogether = 5000

	selectPrunePage = `
SELECT count(*), max(id), min(at) FROM (SELECT id, at FROM events WHERE id > $1 ORDER BY id LIMIT $2) AS page`

	// What is still to be delivered stays, however old it is.
	pruneEvents = `
DELETE FROM events AS e WHERE id > $1 AND id <= $2 AND at < $3
    AND NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.event_id = e.id AND d.state = 'pending')
RETURNING id`

	setPruned = `UPDATE event_state SET pruned_to = greatest(pruned_to, $1)`
)

// PruneEvents deletes the events of before that time, and with them their deliveries, unless one is still pending.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (n int64, err error) {
	for after, more := int64(0), true; more && err == nil; {
		var gone, end int64
		err = s.write(ctx, "prune events", func(tx pgx.Tx) error {
			gone, end, more, err = pruneAfter(ctx, tx, after, before)
			return err
		})
		n, after = n+gone, end
	}
	return n, err
}

// pruneAfter prunes events that follow the one given, and says how far it came and whether there may be more.
func pruneAfter(ctx context.Context, tx pgx.Tx, after int64, before time.Time) (n, end int64, more bool, err error) {
	var looked int64
	var oldest time.Time
	err = tx.QueryRow(ctx, selectPrunePage, after, pruneTogether).Scan(&looked, orZero[int64]{&end}, micros{&oldest})
	if err != nil || looked == 0 || !oldest.Before(before) {
		return 0, end, false, err
	}
	rows, err := tx.Query(ctx, pruneEvents, after, end, ceilMicros(before))
	ids, err := all(rows, err, func(r row) (id int64, err error) { err = r.Scan(&id); return id, err })
	if err == nil && len(ids) > 0 {
		_, err = tx.Exec(ctx, setPruned, slices.Max(ids))
	}
	return int64(len(ids)), end, looked == pruneTogether, err
}

// A bell is rung for all who listen.
type bell struct {
	mu   sync.Mutex
	rung chan struct{} // closed by ring; nil when nobody listens. Guarded by mu
}

// next returns a channel that the next ring closes.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}

// EventsChanged returns a channel that is closed when the next event has been written, by this program or another. Who
// gets it before reading events misses none, but may have to look again a little later: an event does not appear before
// the transactions that are older have ended.
func (s *Store) EventsChanged() <-chan struct{} { return s.bell.next() }
