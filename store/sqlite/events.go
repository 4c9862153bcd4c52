package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

const (
	insertEvent = `
INSERT INTO events (kind, task_id, websdr_id, at, payload) VALUES (?, ?, ?, ?, ?)`

	insertDeliveries = `
INSERT INTO deliveries (webhook_id, event_id, state, attempts, next_attempt_at, last_status, last_error, created_at)
SELECT webhook_id, ?1, 'pending', 0, ?2, 0, '', ?2 FROM webhooks
WHERE is_active AND EXISTS (SELECT 1 FROM json_each(kinds) WHERE value = ?3)`
)

// tell writes down in tx what happens by it, and for whom. Whoever calls it rings the bell after the commit.
func (s *Store) tell(ctx context.Context, tx *sql.Tx, events ...heimdall.Event) error {
	for i := range events {
		e := &events[i]
		if err := s.addEvent(ctx, tx, e); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, insertDeliveries, e.ID, micros{&e.At}, e.Kind); err != nil {
			return err
		}
	}
	return nil
}

// addEvent gives e its id and its time.
func (s *Store) addEvent(ctx context.Context, tx *sql.Tx, e *heimdall.Event) error {
	e.At = s.moment()
	payload, err := json.Marshal(e.EventPayload)
	if err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, insertEvent, e.Kind, orNull{&e.TaskID}, e.WebSDRID, micros{&e.At}, string(payload))
	if err != nil {
		return err
	}
	e.ID, err = result.LastInsertId()
	return err
}

const selectEvents = `SELECT id, kind, task_id, websdr_id, at, payload FROM events`

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

// Events returns a page of events, in the order in which they happened.
func (s *Store) Events(ctx context.Context, f heimdall.EventFilter) ([]heimdall.Event, error) {
	const do = "list events"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	w.add("id > ?", f.After)
	if f.TaskID != "" {
		w.add("task_id = ?", f.TaskID)
	}
	if f.WebSDRID != 0 {
		w.add("websdr_id = ?", f.WebSDRID)
	}
	if f.Kinds != nil {
		kinds, err := asJSON(f.Kinds)
		if err != nil {
			return nil, failed(ctx, do, err)
		}
		w.add("kind IN (SELECT value FROM json_each(?))", kinds)
	}
	rows, err := s.reader.QueryContext(ctx, selectEvents+w.String()+` ORDER BY id LIMIT ?`, append(w.args, f.Limit)...)
	out, err := all(rows, err, scanEvent)
	return out, failed(ctx, do, err)
}

const selectSpan = `SELECT pruned_to, max(pruned_to, COALESCE((SELECT max(id) FROM events), 0)) FROM event_state`

// EventSpan says which events can be read now.
func (s *Store) EventSpan(ctx context.Context) (span heimdall.EventSpan, err error) {
	err = s.reader.QueryRowContext(ctx, selectSpan).Scan(&span.PrunedTo, &span.Last)
	return span, failed(ctx, "find the last event", err)
}

const (
	// pruneTogether is how many events one transaction looks at: others wait for it to end.
	pruneTogether = 5000

	selectPrunePage = `
SELECT count(*), max(id), min(at) FROM (SELECT id, at FROM events WHERE id > ? ORDER BY id LIMIT ?)`

	// What is still to be delivered stays, however old it is.
	pruneEvents = `
DELETE FROM events WHERE id > ?1 AND id <= ?2 AND at < ?3
    AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_id = events.id AND state = 'pending')
RETURNING id`

	setPruned = `UPDATE event_state SET pruned_to = max(pruned_to, ?)`
)

// PruneEvents deletes the events of before that time, and with them their deliveries, unless one is still pending.
func (s *Store) PruneEvents(ctx context.Context, before time.Time) (n int64, err error) {
	for after, more := int64(0), true; more && err == nil; {
		var gone int64
		err = s.write(ctx, "prune events", func(tx *sql.Tx) error {
			gone, more, err = pruneAfter(ctx, tx, &after, before)
			return err
		})
		n += gone
	}
	return n, err
}

// pruneAfter prunes the events that follow the one given, which it moves, and says whether there may be more.
func pruneAfter(ctx context.Context, tx *sql.Tx, after *int64, before time.Time) (n int64, more bool, err error) {
	var looked, end int64
	var oldest time.Time
	err = tx.QueryRowContext(ctx, selectPrunePage, *after, pruneTogether).Scan(&looked, orZero[int64]{&end}, micros{&oldest})
	if err != nil || looked == 0 || !oldest.Before(before) {
		return 0, false, err
	}
	rows, err := tx.QueryContext(ctx, pruneEvents, *after, end, ceilMicros(before))
	ids, err := all(rows, err, func(r row) (id int64, err error) { err = r.Scan(&id); return id, err })
	if err == nil && len(ids) > 0 {
		_, err = tx.ExecContext(ctx, setPruned, slices.Max(ids))
	}
	*after = end
	return int64(len(ids)), looked == pruneTogether, err
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

// EventsChanged returns a channel that is closed when the next event has been written, by this program. Whoever gets
// it before reading events misses none.
func (s *Store) EventsChanged() <-chan struct{} { return s.bell.next() }
