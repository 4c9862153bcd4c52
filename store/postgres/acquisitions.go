package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const selectAcquisitions = `
SELECT task_id, idempotency_key, label, frequency_hz, duration_seconds, sample_rate_hz,
       channel_center_hz, channel_bandwidth_hz, start_at, join_timeout_seconds,
       (SELECT array_agg(c.websdr_id::bigint ORDER BY c.position) FROM captures AS c WHERE c.task_id = a.task_id),
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
		{"websdrs", &a.WebSDRIDs}, // not a column of the table: the captures say it
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

const selectAcquisition = selectAcquisitions + ` WHERE task_id = $1`

func getAcquisition(ctx context.Context, q querier, taskID string) (a heimdall.Acquisition, err error) {
	id, err := parseTaskID(taskID)
	if err == nil {
		a, err = scanAcquisition(q.QueryRow(ctx, selectAcquisition, id))
	}
	return a, notFound(err, "acquisition %s", taskID)
}

// parseTaskID is a task id as the database keeps it. What is no UUID is nobody's: pgx.ErrNoRows.
func parseTaskID(taskID string) (uuid.UUID, error) {
	id, err := uuid.Parse(taskID)
	if err != nil || len(taskID) != len(id.String()) {
		return id, pgx.ErrNoRows
	}
	return id, nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// CreateAcquisition stores a request as a pending acquisition with one pending capture per WebSDR, or nothing at
// all. Without a TaskID it is given one. Where its IdempotencyKey is known already, it returns the acquisition
// that has it, and created is false; ErrConflict if that one was another request. WebSDRs that are unknown or
// cannot take part are an *InvalidError.
func (s *Store) CreateAcquisition(ctx context.Context, a heimdall.Acquisition) (_ heimdall.Acquisition, created bool, err error) {
	a.IdempotencyKey, a.Label, a.Origin = storable(a.IdempotencyKey), storable(a.Label), storable(a.Origin)
	var stored heimdall.Acquisition
	err = s.write(ctx, "create acquisition", func(tx pgx.Tx) error {
		known, err := repeated(ctx, tx, a)
		if known == nil && err == nil {
			if stored, created, err = insertAcquisition(ctx, tx, a); created || err != nil {
				if err == nil {
					err = tell(ctx, tx, heimdall.AcquisitionEvent(heimdall.AcquisitionCreated, &stored))
				}
				return errors.Join(err, s.notify(ctx, tx))
			}
			known, err = repeated(ctx, tx, a) // the same request came at the same time, and was first
		}
		if known != nil {
			stored, created = *known, false
		}
		return err
	})
	if err != nil {
		return heimdall.Acquisition{}, false, err
	}
	if created {
		s.wake()
		s.told()
	}
	return stored, created, nil
}

const selectAcquisitionKeyed = selectAcquisitions + ` WHERE idempotency_key = $1`

// repeated returns the acquisition that has a's idempotency key, or nil.
func repeated(ctx context.Context, tx pgx.Tx, a heimdall.Acquisition) (*heimdall.Acquisition, error) {
	if a.IdempotencyKey == "" {
		return nil, nil
	}
	known, err := scanAcquisition(tx.QueryRow(ctx, selectAcquisitionKeyed, a.IdempotencyKey))
	if errors.Is(err, pgx.ErrNoRows) {
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

const (
	// Of two requests under one key at once the second waits here for the first, and then inserts nothing.
	insertAcquisitionRow = `
INSERT INTO acquisitions (task_id, idempotency_key, label, frequency_hz, duration_seconds, sample_rate_hz,
       channel_center_hz, channel_bandwidth_hz, start_at, join_timeout_seconds,
       created_at, priority, deadline, origin, state, cancel_requested, reason, claims, fence)
VALUES ($1, $2, $3, $4, $5, $6,
        $7, $8, $9, $10,
        $11, $12, $13, $14, 'pending', false, '', 0, 0)
ON CONFLICT (idempotency_key) DO NOTHING`

	insertCaptures = `
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds)
SELECT $1, websdr_id, place - 1, 'pending', 'waiting', 0, '', '', 0, 0
FROM unnest($2::bigint[]) WITH ORDINALITY AS asked (websdr_id, place)`

	// They stay as long as the transaction, so that the captures have something to refer to.
	selectWebSDRsAsked = selectWebSDRs + ` WHERE websdr_id = ANY($1::bigint[]) ORDER BY websdr_id FOR KEY SHARE`
)

// insertAcquisition reports created as false when the idempotency key is taken.
func insertAcquisition(ctx context.Context, tx pgx.Tx, a heimdall.Acquisition) (_ heimdall.Acquisition, created bool, err error) {
	if a.CreatedAt, err = moment(ctx, tx); err != nil {
		return a, false, err
	}
	if a.TaskID == "" {
		a.TaskID = newID()
	}
	id, err := checkRequest(ctx, tx, a)
	if err != nil {
		return a, false, err
	}
	args, err := values([]column{{"idempotency_key", orNull{&a.IdempotencyKey}}, {"label", &a.Label},
		{"frequency_hz", &a.FrequencyHz}, {"duration_seconds", seconds{&a.Duration}}, {"sample_rate_hz", &a.SampleRateHz},
		{"channel_center_hz", &a.ChannelCenterHz}, {"channel_bandwidth_hz", &a.ChannelBandwidthHz},
		{"start_at", micros{&a.StartAt}}, {"join_timeout_seconds", seconds{&a.JoinTimeout}}, {"created_at", micros{&a.CreatedAt}},
		{"priority", &a.Priority}, {"deadline", micros{&a.Deadline}}, {"origin", &a.Origin}})
	if err != nil {
		return a, false, err
	}
	result, err := tx.Exec(ctx, insertAcquisitionRow, append([]any{id}, args...)...)
	if isTaken(err) {
		return a, false, fmt.Errorf("acquisition %s: %w", a.TaskID, heimdall.ErrExists)
	}
	if err != nil || result.RowsAffected() == 0 {
		return a, false, err
	}
	if _, err := tx.Exec(ctx, insertCaptures, id, a.WebSDRIDs); err != nil {
		return a, false, err
	}
	a, err = getAcquisition(ctx, tx, a.TaskID)
	return a, err == nil, err
}

// checkRequest refuses what must not be stored, and returns the task id.
func checkRequest(ctx context.Context, tx pgx.Tx, a heimdall.Acquisition) (id uuid.UUID, err error) {
	if err := a.Validate(a.CreatedAt); err != nil {
		return id, err
	}
	if id, err = parseTaskID(a.TaskID); err != nil {
		var bad heimdall.InvalidError
		bad.Add("task_id", "must be a UUID, not %q", a.TaskID)
		return id, bad.Err()
	}
	rows, err := tx.Query(ctx, selectWebSDRsAsked, a.WebSDRIDs)
	known, err := all(rows, err, scanWebSDR)
	if err != nil {
		return id, err
	}
	return id, a.CheckWebSDRs(known)
}

// Acquisition returns an acquisition and its captures, in order of websdr_id, as they were at one moment.
func (s *Store) Acquisition(ctx context.Context, taskID string) (a heimdall.Acquisition, captures []heimdall.Capture, err error) {
	err = s.read(ctx, "get acquisition", func(tx pgx.Tx) error {
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

const selectAcquisitionAge = `SELECT created_at FROM acquisitions WHERE task_id = $1`

// Acquisitions returns a page of acquisitions, newest first.
func (s *Store) Acquisitions(ctx context.Context, f heimdall.AcquisitionFilter) ([]heimdall.Acquisition, error) {
	const do = "list acquisitions"
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, do, err)
	}
	var w where
	if f.States != nil {
		w.add("state = ANY($::text[])", texts(f.States))
	}
	if !f.From.IsZero() {
		w.add("created_at >= $", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("created_at < $", ceilMicros(f.To))
	}
	if f.Origin != nil {
		w.add("origin = $", storable(*f.Origin))
	}
	if err := s.addRequested(ctx, &w, f); err != nil {
		return nil, failed(ctx, do, err)
	}
	if f.After != "" {
		createdAt, id, err := s.ageOf(ctx, f.After)
		if err != nil {
			return nil, failed(ctx, do, err)
		}
		w.add("(created_at, task_id) < ($, $)", createdAt, id)
	}
	query := selectAcquisitions + w.String() + ` ORDER BY created_at DESC, task_id DESC` + w.limit(f.Limit)
	rows, err := s.pool.Query(ctx, query, w.args...)
	out, err := all(rows, err, scanAcquisition)
	return out, failed(ctx, do, err)
}

// ageOf is the place of a page's cursor.
func (s *Store) ageOf(ctx context.Context, taskID string) (createdAt time.Time, id uuid.UUID, err error) {
	if id, err = parseTaskID(taskID); err == nil {
		err = s.pool.QueryRow(ctx, selectAcquisitionAge, id).Scan(&createdAt)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		err = &heimdall.InvalidError{Fields: []heimdall.FieldError{{Field: "after", Message: "names an unknown acquisition: begin again with the first page"}}}
	}
	return createdAt, id, err
}
