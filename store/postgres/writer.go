package postgres

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
)

// The writer ends captures. Nearly all that a short transaction costs is its commit and its journeys to the server,
// so while one is under way those who come meanwhile gather, and the next transaction is theirs together: the busier the
// server, the more share.

// A finishing is one FinishCapture on its way.
type finishing struct {
	ctx     context.Context // of its caller, who may have gone
	lease   acquire.Lease
	ending  ending     // the acquisition's part of it is found out by the writer
	row     []any      // arguments of finishCaptures
	numbers []any      // arguments of insertMeasurements; nil without a measurement
	err     error      // what it came to, unless the transaction failed; the writer's alone
	done    chan error // takes the answer without waiting
}

// maxShared is how many captures share a transaction at most.
const maxShared = 1000

func newFinishing(ctx context.Context, l acquire.Lease, c heimdall.Capture, m *heimdall.Measurement) (*finishing, error) {
	f := &finishing{ctx: ctx, lease: l, ending: ending{capture: c, measurement: m}, done: make(chan error, 1)}
	var err error
	f.row, f.numbers, err = finishedValues(&c, m)
	return f, err
}

// finishedValues are the arguments of finishCaptures, and of insertMeasurements if there is a measurement, for one capture.
func finishedValues(c *heimdall.Capture, m *heimdall.Measurement) (row, numbers []any, err error) {
	if row, err = values(captureColumns(c)); err != nil {
		return nil, nil, err
	}
	recording := make([]any, len(recordingColumns(new(heimdall.Recording))))
	if m != nil {
		if recording, err = values(recordingColumns(c.Recording)); err != nil {
			return nil, nil, err
		}
		if numbers, err = measurementValues(m); err != nil {
			return nil, nil, err
		}
	}
	return append(row, recording...), numbers, nil
}

// enqueue hands f to the writer and waits for its answer. When its context is cancelled first, it may be written
// or not: a repeat finds out.
func (s *Store) enqueue(f *finishing) error {
	if err := f.ctx.Err(); err != nil {
		return err
	}
	select {
	case s.finishes <- f:
	case <-f.ctx.Done():
		return f.ctx.Err()
	case <-s.closing:
		return errClosed
	}
	select {
	case err := <-f.done: // the writer answers whatever it has taken
		return err
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
}

// finishAll is the writer. It ends when the store is closed.
func (s *Store) finishAll() {
	for {
		select {
		case <-s.closing:
			return
		case f := <-s.finishes:
			s.finishTogether(s.gather(f))
		}
	}
}

// linger is how long the writer waits for a next one to come: less than a commit takes, and enough for captures of one
// acquisition, which end at the same moment, to share a transaction.
const linger = 100 * time.Microsecond

// gather is f, all who wait, and those about to come. It yields and does not sleep: sleeping so briefly takes longer.
func (s *Store) gather(f *finishing) []*finishing {
	batch := []*finishing{f}
	for last := time.Now(); len(batch) < maxShared && time.Since(last) < linger; runtime.Gosched() {
		select {
		case f := <-s.finishes:
			batch, last = append(batch, f), time.Now()
		default:
		}
	}
	return batch
}

// writeTimeout is for a server that has gone without a word: the statements have time-outs of their own.
const writeTimeout = time.Minute

// finishTogether answers every finishing of the batch. When their transaction fails and the server is still there,
// one of them is to blame, and each has one of its own.
func (s *Store) finishTogether(batch []*finishing) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	err := repeatedly(func() error { return s.finish(ctx, batch) })
	if err != nil && len(batch) > 1 && isFinding(err) {
		for _, f := range batch {
			s.finishTogether([]*finishing{f})
		}
		return
	}
	for _, f := range batch {
		if err != nil {
			f.err = err
		}
		f.done <- f.err
	}
	if err == nil {
		s.told()
	}
}

// finish writes those of the batch that may be written, and notes why the others may not. Its transaction takes two
// journeys: what it has to know, and then what it writes, down to the commit.
func (s *Store) finish(ctx context.Context, batch []*finishing) error {
	conn, err := s.writer.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release() // which closes one that is still in a transaction, and so takes back what it did
	states, err := lockStates(ctx, conn, batch)
	if err != nil {
		return err
	}
	var rows, numbers [][]any
	var endings []ending
	for _, f := range batch {
		var write bool
		if write, f.err = states.admit(f); write {
			rows, endings = append(rows, f.row), append(endings, f.ending)
			if f.numbers != nil {
				numbers = append(numbers, f.numbers)
			}
		}
	}
	happened := make([]heimdall.Event, len(endings))
	for i, e := range endings {
		happened[i] = heimdall.CaptureEvent(&e.capture, e.measurement)
	}
	var writes pgx.Batch
	if len(rows) > 0 {
		writes.Queue(finishCaptures, transposed(rows)...)
		queueRollups(&writes, endings)
	}
	if len(numbers) > 0 {
		writes.Queue(insertMeasurements, transposed(numbers)...)
	}
	if err := queueEvents(&writes, happened); err != nil {
		return err
	}
	writes.Queue(commit).Exec(committed)
	return conn.SendBatch(ctx, &writes).Close()
}

const (
	begin  = `BEGIN`
	commit = `COMMIT`
)

// committed reports what a server answers that was asked to commit and could not.
func committed(answer pgconn.CommandTag) error {
	if answer.String() != commit {
		return pgx.ErrTxCommitRollback
	}
	return nil
}

// states are how acquisitions and captures stand while their rows are locked.
type states struct {
	running  map[string]held // acquisitions by id
	captures map[captureKey]heimdall.State
	now      time.Time
}

// A held is what the writer needs of an acquisition.
type held struct {
	fence       int64
	frequencyHz int64
	label       string
}

type captureKey struct {
	taskID   string
	websdrID int64
}

const (
	// In order, so that two transactions never wait for each other.
	selectHolds = `
SELECT task_id::text, state, fence, frequency_hz, label FROM acquisitions WHERE task_id = ANY($1::text[]::uuid[]) ORDER BY task_id FOR NO KEY UPDATE`

	selectStates = `
SELECT c.task_id::text, c.websdr_id, c.state
FROM unnest($1::text[], $2::bigint[]) AS f (task_id, websdr_id)
JOIN captures AS c ON c.task_id = f.task_id::uuid AND c.websdr_id = f.websdr_id`
)

// lockStates begins a transaction and locks the acquisitions of a batch, and with them their captures.
func lockStates(ctx context.Context, conn *pgxpool.Conn, batch []*finishing) (states, error) {
	s := states{running: map[string]held{}, captures: map[captureKey]heimdall.State{}}
	var taskIDs []string
	var websdrIDs []int64
	for _, f := range batch {
		if id, err := parseTaskID(f.lease.TaskID); err == nil {
			taskIDs, websdrIDs = append(taskIDs, id.String()), append(websdrIDs, f.ending.capture.WebSDRID)
		}
	}
	var reads pgx.Batch
	reads.Queue(begin)
	reads.Queue(selectHolds, taskIDs).Query(func(rows pgx.Rows) error {
		var taskID string
		var state heimdall.State
		var a held
		_, err := pgx.ForEachRow(rows, []any{&taskID, &state, &a.fence, &a.frequencyHz, &a.label}, func() error {
			if state == heimdall.Running {
				s.running[taskID] = a
			}
			return nil
		})
		return err
	})
	reads.Queue(selectMoment).QueryRow(func(r pgx.Row) error { return r.Scan(micros{&s.now}) })
	reads.Queue(selectStates, taskIDs, websdrIDs).Query(func(rows pgx.Rows) error {
		var key captureKey
		var state heimdall.State
		_, err := pgx.ForEachRow(rows, []any{&key.taskID, &key.websdrID, &state}, func() error {
			s.captures[key] = state
			return nil
		})
		return err
	})
	err := conn.SendBatch(ctx, &reads).Close()
	return s, err
}

// admit reports whether f is to be written, or why not: a capture that has ended stays as it is, and that is no
// error. Once admitted it has ended for the rest of its batch, and its ending is complete.
func (s states) admit(f *finishing) (write bool, err error) {
	id, err := parseTaskID(f.lease.TaskID)
	a, running := s.running[id.String()]
	if err != nil || !running || a.fence != f.lease.Fence {
		return false, lost(f.lease)
	}
	c := &f.ending.capture
	key := captureKey{id.String(), c.WebSDRID}
	old, exists := s.captures[key]
	switch {
	case !exists:
		return false, fmt.Errorf("capture of WebSDR %d in acquisition %s: %w", c.WebSDRID, f.lease.TaskID, heimdall.ErrNotFound)
	case old.Ended():
		return false, nil
	case !old.MayBecome(c.State):
		return false, fmt.Errorf("the capture of WebSDR %d is %s and cannot become %s, save its progress as running first: %w",
			c.WebSDRID, old, c.State, heimdall.ErrConflict)
	}
	s.captures[key] = c.State
	if c.EndedAt.IsZero() {
		c.EndedAt = s.now
	}
	const endedAt = 11 // its place in captureColumns
	f.row[endedAt] = c.EndedAt.UTC().Truncate(time.Microsecond)
	f.ending.frequencyHz, f.ending.label = a.frequencyHz, a.label
	return true, nil
}

// transposed turns rows of values into columns of them.
func transposed(rows [][]any) []any {
	out := make([]any, len(rows[0]))
	for c := range out {
		column := make([]any, len(rows))
		for r := range rows {
			column[r] = rows[r][c]
		}
		out[c] = column
	}
	return out
}

// Whatever the columns from s3_path on are, they were NULL before.
const finishCaptures = `
UPDATE captures AS c
SET state = f.state, phase = 'done', attempts = f.attempts, next_attempt_at = NULL, failure_class = f.failure_class,
    reason = f.reason, bytes_received = f.bytes_received, elapsed_seconds = f.elapsed_seconds,
    started_at = COALESCE(f.started_at, c.started_at), ended_at = f.ended_at,
    s3_path = f.s3_path, datatype = f.datatype, sample_rate_hz = f.sample_rate_hz,
    nominal_rate_hz = f.nominal_rate_hz, frequency_hz = f.frequency_hz, passband_low_hz = f.passband_low_hz,
    passband_high_hz = f.passband_high_hz, samples_count = f.samples_count, expected_samples = f.expected_samples,
    bytes = f.bytes, sha256 = f.sha256, start_unix_ns = f.start_unix_ns, start_skew_s = f.start_skew_s,
    time_quality = f.time_quality, time_uncertainty_s = f.time_uncertainty_s, time_residual_s = f.time_residual_s,
    gps_age_max_s = f.gps_age_max_s, gaps = f.gaps::jsonb, overloads = f.overloads, s_meter_dbm = f.s_meter_dbm,
    dialect = f.dialect, zero_if = f.zero_if, planned_samples = f.planned_samples
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::text[], $8::text[],
       $9::bigint[], $10::float8[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[], $15::float8[],
       $16::float8[], $17::bigint[], $18::float8[], $19::float8[], $20::bigint[], $21::bigint[], $22::bigint[],
       $23::text[], $24::bigint[], $25::float8[], $26::text[], $27::float8[], $28::float8[], $29::bigint[],
       $30::text[], $31::bigint[], $32::float8[], $33::text[], $34::boolean[], $35::bigint[])
  AS f (task_id, websdr_id, state, phase, attempts, next_attempt_at, failure_class, reason, bytes_received,
       elapsed_seconds, started_at, ended_at, s3_path, datatype, sample_rate_hz, nominal_rate_hz, frequency_hz,
       passband_low_hz, passband_high_hz, samples_count, expected_samples, bytes, sha256, start_unix_ns,
       start_skew_s, time_quality, time_uncertainty_s, time_residual_s, gps_age_max_s, gaps, overloads, s_meter_dbm,
       dialect, zero_if, planned_samples)
WHERE c.task_id = f.task_id::uuid AND c.websdr_id = f.websdr_id`
