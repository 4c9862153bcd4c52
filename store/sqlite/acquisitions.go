package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/heimdall-sdr/heimdall"
)

const selectAcquisitions = `
SELECT task_id, idempotency_key, label, frequency_hz, duration_seconds, sample_rate_hz,
       channel_center_hz, channel_bandwidth_hz, start_at, join_timeout_seconds,
       (SELECT json_group_array(c.websdr_id ORDER BY c.position) FROM captures AS c WHERE c.task_id = a.task_id),
       state, cancel_requested, a.reason, created_at, started_at, ended_at, window_start, claims,
       priority, deadline, origin, h.held_by, h.reason, h.held_at
FROM acquisitions AS a LEFT JOIN holds AS h USING (task_id)`

// acquisitionColumns are in the order of selectAcquisitions, which ends with those of the hold.
func acquisitionColumns(a *heimdall.Acquisition) []column {
	return []column{
		{"task_id", &a.TaskID}, {"idempotency_key", orNull{&a.IdempotencyKey}}, {"label", &a.Label},
		{"frequency_hz", &a.FrequencyHz}, {"duration_seconds", seconds{&a.Duration}}, {"sample_rate_hz", &a.SampleRateHz},
		{"channel_center_hz", &a.ChannelCenterHz}, {"channel_bandwidth_hz", &a.ChannelBandwidthHz},
		{"start_at", micros{&a.StartAt}}, {"join_timeout_seconds", seconds{&a.JoinTimeout}},
		{"websdrs", list[int64]{&a.WebSDRIDs}}, // not a column of the table: the captures say it
		{"state", &a.State}, {"cancel_requested", &a.CancelRequested}, {"reason", &a.Reason},
		{"created_at", micros{&a.CreatedAt}}, {"started_at", micros{&a.StartedAt}}, {"ended_at", micros{&a.EndedAt}},
		{"window_start", micros{&a.WindowStart}}, {"claims", &a.Claims},
		{"priority", &a.Priority}, {"deadline", micros{&a.Deadline}}, {"origin", &a.Origin},
	}
}

func scanAcquisition(r row) (a heimdall.Acquisition, err error) {
	err = r.Scan(append(fields(acquisitionColumns(&a)), holdFields(&a.Hold)...)...)
	return a, err
}

const selectAcquisition = selectAcquisitions + ` WHERE task_id = ?`

func getAcquisition(ctx context.Context, q querier, taskID string) (heimdall.Acquisition, error) {
	a, err := scanAcquisition(q.QueryRowContext(ctx, selectAcquisition, taskID))
	return a, notFound(err, "acquisition %s", taskID)
}

// CreateAcquisition stores a request as a pending acquisition with one pending capture per WebSDR, or nothing at
// all. Without a TaskID it is given one. Where its IdempotencyKey is known already, it returns the acquisition
// that has it, and created is false; ErrConflict if that one was another request. WebSDRs that are unknown or
// cannot take part are an *InvalidError.
func (s *Store) CreateAcquisition(ctx context.Context, a heimdall.Acquisition) (_ heimdall.Acquisition, created bool, err error) {
	err = s.share(ctx, "create acquisition", func(tx *sql.Tx) error {
		created = false
		known, err := repeated(ctx, tx, a)
		if err != nil || known != nil {
			if known != nil {
				a = *known
			}
			return err
		}
		created = true
		if a, err = s.insertAcquisition(ctx, tx, a); err != nil {
			return err
		}
		return s.tell(ctx, tx, heimdall.AcquisitionEvent(heimdall.AcquisitionCreated, &a))
	})
	if err != nil {
		return heimdall.Acquisition{}, false, err
	}
	if created {
		s.wake()
		s.bell.ring()
	}
	return a, created, nil
}

const selectAcquisitionKeyed = selectAcquisitions + ` WHERE idempotency_key = ?`

// repeated returns the acquisition that has a's idempotency key, or nil.
func repeated(ctx context.Context, tx *sql.Tx, a heimdall.Acquisition) (*heimdall.Acquisition, error) {
	if a.IdempotencyKey == "" {
		return nil, nil
	}
	known, err := scanAcquisition(tx.QueryRowContext(ctx, selectAcquisitionKeyed, a.IdempotencyKey))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !sameRequest(known, a) {
		return nil, fmt.Errorf("idempotency key %q belongs to another request, acquisition %s: %w", a.IdempotencyKey, known.TaskID, heimdall.ErrConflict)
	}
	return &known, nil
}

func sameRequest(a, b heimdall.Acquisition) bool {
	return a.Label == b.Label && a.FrequencyHz == b.FrequencyHz && a.Duration == b.Duration &&
		a.SampleRateHz == b.SampleRateHz && a.ChannelCenterHz == b.ChannelCenterHz &&
		a.ChannelBandwidthHz == b.ChannelBandwidthHz && a.JoinTimeout == b.JoinTimeout &&
		a.StartAt.Truncate(time.Microsecond).Equal(b.StartAt.Truncate(time.Microsecond)) &&
		a.Deadline.Truncate(time.Microsecond).Equal(b.Deadline.Truncate(time.Microsecond)) &&
		a.Priority == b.Priority && a.Origin == b.Origin &&
		slices.Equal(a.WebSDRIDs, b.WebSDRIDs)
}

const insertAcquisition = `
INSERT INTO acquisitions (task_id, idempotency_key, label, frequency_hz, duration_seconds, sample_rate_hz,
       channel_center_hz, channel_bandwidth_hz, start_at, join_timeout_seconds,
       priority, deadline, origin, state, cancel_requested, reason, created_at, claims, fence)
VALUES (?, ?, ?, ?, ?, ?,
        ?, ?, ?, ?,
        ?, ?, ?, 'pending', 0, '', ?, 0, 0)`

const insertCaptures = `
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds)
SELECT ?1, value, key, 'pending', 'waiting', 0, '', '', 0, 0 FROM json_each(?2) ORDER BY key`

func (s *Store) insertAcquisition(ctx context.Context, tx *sql.Tx, a heimdall.Acquisition) (heimdall.Acquisition, error) {
	a.CreatedAt = s.moment()
	if err := a.Validate(a.CreatedAt); err != nil {
		return a, err
	}
	known, err := listWebSDRs(ctx, tx, heimdall.WebSDRFilter{IDs: a.WebSDRIDs})
	if err != nil {
		return a, err
	}
	if err := a.CheckWebSDRs(known); err != nil {
		return a, err
	}
	if a.TaskID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return a, err
		}
		a.TaskID = id.String()
	}
	_, err = tx.ExecContext(ctx, insertAcquisition, a.TaskID, orNull{&a.IdempotencyKey}, a.Label, a.FrequencyHz,
		seconds{&a.Duration}, a.SampleRateHz, a.ChannelCenterHz, a.ChannelBandwidthHz, micros{&a.StartAt},
		seconds{&a.JoinTimeout}, a.Priority, micros{&a.Deadline}, a.Origin, micros{&a.CreatedAt})
	if isTaken(err) {
		return a, fmt.Errorf("acquisition %s: %w", a.TaskID, heimdall.ErrExists)
	}
	if err != nil {
		return a, err
	}
	if _, err := tx.ExecContext(ctx, insertCaptures, a.TaskID, list[int64]{&a.WebSDRIDs}); err != nil {
		return a, err
	}
	return getAcquisition(ctx, tx, a.TaskID)
}

// Acquisition returns an acquisition and its captures, in order of websdr_id, as they were at one moment.
func (s *Store) Acquisition(ctx context.Context, taskID string) (a heimdall.Acquisition, captures []heimdall.Capture, err error) {
	err = s.read(ctx, "get acquisition", func(tx *sql.Tx) error {
		if a, err = getAcquisition(ctx, tx, taskID); err != nil {
			return err
		}
		captures, err = capturesOf(ctx, tx, taskID)
		return err
	})
	if err != nil {
		return heimdall.Acquisition{}, nil, err
	}
	return a, captures, nil
}

const selectAcquisitionAge = `SELECT created_at FROM acquisitions WHERE task_id = ?`

// Acquisitions returns a page of acquisitions, newest first.
func (s *Store) Acquisitions(ctx context.Context, f heimdall.AcquisitionFilter) ([]heimdall.Acquisition, error) {
	const do = "list acquisitions"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	if err := w.addStates(f.States); err != nil {
		return nil, failed(ctx, do, err)
	}
	if !f.From.IsZero() {
		w.add("created_at >= ?", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("created_at < ?", ceilMicros(f.To))
	}
	if f.Origin != nil {
		w.add("origin = ?", *f.Origin)
	}
	if err := s.addRequested(ctx, &w, f); err != nil {
		return nil, failed(ctx, do, err)
	}
	if f.After != "" {
		var createdAt int64
		err := s.reader.QueryRowContext(ctx, selectAcquisitionAge, f.After).Scan(&createdAt)
		if errors.Is(err, sql.ErrNoRows) {
			err = &heimdall.InvalidError{Fields: []heimdall.FieldError{{Field: "after", Message: "names an unknown acquisition: begin again with the first page"}}}
		}
		if err != nil {
			return nil, failed(ctx, do, err)
		}
		w.add("(created_at, task_id) < (?, ?)", createdAt, f.After)
	}
	rows, err := s.reader.QueryContext(ctx, selectAcquisitions+w.String()+`
ORDER BY created_at DESC, task_id DESC LIMIT ?`, append(w.args, f.Limit)...)
	out, err := all(rows, err, scanAcquisition)
	return out, failed(ctx, do, err)
}

// addStates chooses rows by state. One state is looked up in an index that is also in order, and so are those that have
// not ended, which are few; others are filtered from the index of all rows (that is what + says), which needs no sorting.
func (w *where) addStates(states []heimdall.State) error {
	column := "state"
	switch {
	case states == nil:
		return nil
	case len(states) == 1:
		w.add("state = ?", states[0])
		return nil
	case slices.ContainsFunc(states, heimdall.State.Ended):
		column = "+state"
	}
	names, err := asJSON(states)
	w.add(column+" IN (SELECT value FROM json_each(?))", names)
	return err
}
