package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const selectSchedules = `
SELECT schedule_id, name, is_active, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz,
       channel_bandwidth_hz, join_timeout_seconds, websdrs, label, priority,
       every_seconds, cron, rrule, sun, offset_seconds, latitude, longitude, place_websdr_id,
       zone, start_at, end_at, windows, jitter_seconds, max_runs, misfire, grace_seconds, overlap,
       runs_count, next_due_at, next_start_at, created_at, updated_at
FROM schedules`

// scheduleColumns are in the order of selectSchedules.
func scheduleColumns(s *heimdall.Schedule) []column {
	r := &s.Recurrence
	return []column{
		{"schedule_id", &s.ID}, {"name", &s.Name}, {"is_active", &s.Active}, {"frequency_hz", &s.FrequencyHz},
		{"duration_seconds", seconds{&s.Duration}}, {"sample_rate_hz", &s.SampleRateHz},
		{"channel_center_hz", &s.ChannelCenterHz}, {"channel_bandwidth_hz", &s.ChannelBandwidthHz},
		{"join_timeout_seconds", seconds{&s.JoinTimeout}}, {"websdrs", list[int64]{&s.WebSDRIDs}},
		{"label", &s.Label}, {"priority", &s.Priority},
		{"every_seconds", seconds{&r.Every}}, {"cron", &r.Cron}, {"rrule", &r.RRule}, {"sun", &r.Sun},
		{"offset_seconds", seconds{&r.Offset}}, {"latitude", &r.LatitudeDeg}, {"longitude", &r.LongitudeDeg},
		{"place_websdr_id", &r.WebSDRID},
		{"zone", &s.Zone}, {"start_at", micros{&s.StartAt}}, {"end_at", micros{&s.EndAt}},
		{"windows", list[heimdall.Window]{&s.Windows}}, {"jitter_seconds", seconds{&s.Jitter}}, {"max_runs", &s.MaxRuns},
		{"misfire", &s.Misfire}, {"grace_seconds", seconds{&s.Grace}}, {"overlap", &s.Overlap},
		{"runs_count", &s.RunsCount}, {"next_due_at", micros{&s.NextDueAt}}, {"next_start_at", micros{&s.NextStartAt}},
		{"created_at", micros{&s.CreatedAt}}, {"updated_at", micros{&s.UpdatedAt}},
	}
}

func scanSchedule(r row) (s heimdall.Schedule, err error) {
	err = r.Scan(fields(scheduleColumns(&s))...)
	if len(s.WebSDRIDs) == 0 {
		s.WebSDRIDs = nil
	}
	if len(s.Windows) == 0 {
		s.Windows = nil
	}
	return s, err
}

// Schedules returns all schedules, in order of id.
func (s *Store) Schedules(ctx context.Context) ([]heimdall.Schedule, error) {
	rows, err := s.pool.Query(ctx, selectSchedules+` ORDER BY schedule_id`)
	list, err := all(rows, err, scanSchedule)
	return list, failed(ctx, "list schedules", err)
}

const selectSchedule = selectSchedules + ` WHERE schedule_id = $1::bigint`

// Schedule returns one schedule, or ErrNotFound.
func (s *Store) Schedule(ctx context.Context, id int64) (heimdall.Schedule, error) {
	sch, err := getSchedule(ctx, s.pool, id)
	return sch, failed(ctx, "get schedule", err)
}

func getSchedule(ctx context.Context, q querier, id int64) (heimdall.Schedule, error) {
	sch, err := scanSchedule(q.QueryRow(ctx, selectSchedule, id))
	return sch, notFound(err, "schedule %d", id)
}

const insertSchedule = `
INSERT INTO schedules (name, is_active, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz,
       channel_bandwidth_hz, join_timeout_seconds, websdrs, label, priority,
       every_seconds, cron, rrule, sun, offset_seconds, latitude, longitude, place_websdr_id,
       zone, start_at, end_at, windows, jitter_seconds, max_runs, misfire, grace_seconds, overlap,
       runs_count, next_due_at, next_start_at, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
        $25, $26, $27, $28, $29, $30, $31, $32, $33)
RETURNING schedule_id`

// CreateSchedule stores a new schedule and returns its row with its id and times. A name in use is ErrExists. When it
// is due next is the caller's to say.
func (s *Store) CreateSchedule(ctx context.Context, sch heimdall.Schedule) (stored heimdall.Schedule, err error) {
	err = s.write(ctx, "create schedule", func(tx pgx.Tx) error {
		if err := sch.Validate(); err != nil {
			return err
		}
		now, err := moment(ctx, tx)
		if err != nil {
			return err
		}
		sch.RunsCount, sch.CreatedAt, sch.UpdatedAt = 0, now, now
		args, err := values(scheduleColumns(&sch)[1:])
		if err != nil {
			return err
		}
		var id int64
		if err := tx.QueryRow(ctx, insertSchedule, args...).Scan(&id); err != nil {
			return takenScheduleName(err, sch.Name)
		}
		if stored, err = getSchedule(ctx, tx, id); err != nil {
			return err
		}
		return s.notifySchedules(ctx, tx)
	})
	if err != nil {
		return heimdall.Schedule{}, err
	}
	s.wakeSchedules()
	return stored, nil
}

func takenScheduleName(err error, name string) error {
	if isTaken(err) {
		return fmt.Errorf("a schedule called %q: %w", name, heimdall.ErrExists)
	}
	return err
}

const updateSchedule = `
UPDATE schedules SET (name, is_active, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz,
       channel_bandwidth_hz, join_timeout_seconds, websdrs, label, priority,
       every_seconds, cron, rrule, sun, offset_seconds, latitude, longitude, place_websdr_id,
       zone, start_at, end_at, windows, jitter_seconds, max_runs, misfire, grace_seconds, overlap,
       runs_count, next_due_at, next_start_at, created_at, updated_at)
= ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
   $26, $27, $28, $29, $30, $31, $32, $33, $34)
WHERE schedule_id = $1`

const lockSchedule = `SELECT 1 FROM schedules WHERE schedule_id = $1::bigint FOR UPDATE`

// UpdateSchedule replaces the whole row but its id, its time of creation and its count of runs, stores the runs that
// the change skips, and returns the row. An UpdatedAt that is not zero must be that of the row, otherwise somebody has
// changed it since it was read: ErrConflict.
func (s *Store) UpdateSchedule(ctx context.Context, sch heimdall.Schedule, skipped ...heimdall.ScheduleRun) (stored heimdall.Schedule, err error) {
	err = s.write(ctx, "update schedule", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockSchedule, sch.ID); err != nil {
			return err
		}
		old, err := getSchedule(ctx, tx, sch.ID)
		if err != nil {
			return err
		}
		if !sch.UpdatedAt.IsZero() && !sch.UpdatedAt.Truncate(time.Microsecond).Equal(old.UpdatedAt) {
			return fmt.Errorf("schedule %d has been changed since it was read, read it again: %w", sch.ID, heimdall.ErrConflict)
		}
		stored, err = replaceSchedule(ctx, tx, old, sch, skipped)
		if err != nil {
			return err
		}
		return s.notifySchedules(ctx, tx)
	})
	if err != nil {
		return heimdall.Schedule{}, err
	}
	s.wakeSchedules()
	return stored, nil
}

func replaceSchedule(ctx context.Context, tx pgx.Tx, old, sch heimdall.Schedule, skipped []heimdall.ScheduleRun) (heimdall.Schedule, error) {
	if err := sch.Validate(); err != nil {
		return sch, err
	}
	now, err := moment(ctx, tx)
	if err != nil {
		return sch, err
	}
	sch.RunsCount, sch.CreatedAt, sch.UpdatedAt = old.RunsCount, old.CreatedAt, now
	if !sch.UpdatedAt.After(old.UpdatedAt) { // two updates never bear the same time
		sch.UpdatedAt = old.UpdatedAt.Add(time.Microsecond)
	}
	args, err := values(scheduleColumns(&sch))
	if err != nil {
		return sch, err
	}
	if _, err := tx.Exec(ctx, updateSchedule, args...); err != nil {
		return sch, takenScheduleName(err, sch.Name)
	}
	for _, run := range skipped {
		run.ScheduleID, run.FiredAt = sch.ID, now
		if err := storeScheduleRun(ctx, tx, run); err != nil {
			return sch, err
		}
	}
	return getSchedule(ctx, tx, sch.ID)
}

const deleteSchedule = `DELETE FROM schedules WHERE schedule_id = $1::bigint`

// DeleteSchedule removes a schedule and the rows of its runs. The acquisitions that they made stay.
func (s *Store) DeleteSchedule(ctx context.Context, id int64) error {
	err := s.write(ctx, "delete schedule", func(tx pgx.Tx) error {
		result, err := tx.Exec(ctx, deleteSchedule, id)
		if err == nil && result.RowsAffected() == 0 {
			err = fmt.Errorf("schedule %d: %w", id, heimdall.ErrNotFound)
		}
		if err != nil {
			return err
		}
		return s.notifySchedules(ctx, tx)
	})
	if err == nil {
		s.wakeSchedules()
	}
	return err
}

const notifyScheduleChange = `SELECT pg_notify('heimdall_schedules', $1)`

// notifySchedules wakes the runners of other programs when tx is committed.
func (s *Store) notifySchedules(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, notifyScheduleChange, s.id)
	return err
}

// wakeSchedules leaves word for one WaitSchedules, the one in progress or the next.
func (s *Store) wakeSchedules() {
	select {
	case s.schedules <- struct{}{}:
	default: // word is waiting already
	}
}

// WaitSchedules returns when a schedule may have changed since the last call, or after poll.
func (s *Store) WaitSchedules(ctx context.Context, poll time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-s.schedules:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
