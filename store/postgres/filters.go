package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/heimdall-sdr/heimdall"
)

// near are the ids of those WebSDRs among ids, nil meaning any, that are in a circle; nil when there is neither.
func near(ctx context.Context, q querier, circle *heimdall.Near, ids []int64) ([]int64, error) {
	if circle == nil {
		return ids, nil
	}
	rows, err := q.Query(ctx, selectWebSDRsChosen, ids, false)
	list, err := all(rows, err, scanWebSDR)
	return circle.Choose(list, ids), err
}

// addQuality chooses measurements by how they came about. Nobody looks these up in an index: they thin out what time
// and WebSDR have chosen.
func (w *where) addQuality(f heimdall.MeasurementFilter) {
	if f.FrequencyMethods != nil {
		w.add("frequency_method = ANY($::text[])", storableAll(f.FrequencyMethods))
	}
	if len(f.Flags) > 0 {
		w.add("flags @> to_jsonb($::text[])", storableAll(f.Flags))
	}
	if len(f.FlagsNot) > 0 {
		w.add("NOT jsonb_exists_any(flags, $::text[])", storableAll(f.FlagsNot))
	}
}

func storableAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = storable(t)
	}
	return out
}

// addPlaces chooses captures by where they were made, on which frequency, and by what they are called.
func (s *Store) addPlaces(ctx context.Context, w *where, f heimdall.CaptureFilter) error {
	ids, err := near(ctx, s.pool, f.Near, nil)
	if err != nil {
		return err
	}
	if ids != nil {
		w.add("websdr_id = ANY($::bigint[])", ids)
	}
	if f.FrequencyMinHz != 0 {
		w.add("(SELECT t.frequency_hz FROM acquisitions AS t WHERE t.task_id = captures.task_id) >= $", f.FrequencyMinHz)
	}
	if f.FrequencyMaxHz != 0 {
		w.add("(SELECT t.frequency_hz FROM acquisitions AS t WHERE t.task_id = captures.task_id) <= $", f.FrequencyMaxHz)
	}
	w.addSchedules(f.ScheduleIDs)
	return w.addText(ctx, s.pool, f.Text)
}

// addRequested chooses acquisitions by what was asked for.
func (s *Store) addRequested(ctx context.Context, w *where, f heimdall.AcquisitionFilter) error {
	ids, err := near(ctx, s.pool, f.Near, f.WebSDRIDs)
	if err != nil {
		return err
	}
	if ids != nil {
		w.add("EXISTS (SELECT 1 FROM captures AS c WHERE c.task_id = a.task_id AND c.websdr_id = ANY($::bigint[]))", ids)
	}
	if f.ScheduleIDs != nil {
		w.add("origin = ANY($::text[])", originsOf(f.ScheduleIDs))
	}
	if f.FrequencyMinHz != 0 {
		w.add("frequency_hz >= $", f.FrequencyMinHz)
	}
	if f.FrequencyMaxHz != 0 {
		w.add("frequency_hz <= $", f.FrequencyMaxHz)
	}
	return w.addNamed(ctx, s.pool, f)
}

const selectWindow = `
SELECT min(ns), max(ns)
FROM (SELECT start_unix_ns FROM captures WHERE task_id = $1
      UNION ALL SELECT unnest(ARRAY[` + importedNS + `]) FROM imported_acquisitions WHERE task_id = $1) AS times (ns)
HAVING min(ns) IS NOT NULL`

// importedNS are when the measurements of an acquisition that was imported begin and end, as captures tell times.
const importedNS = `(extract(epoch FROM first_at) * 1000000)::bigint * 1000, (extract(epoch FROM last_at) * 1000000)::bigint * 1000`

// addAcquisition chooses the rows of one acquisition, or is pgx.ErrNoRows when it has none. Its captures tell from
// when they are: with times as arguments a few partitions are looked at, where the id alone, or a join, would read
// all of them and on TimescaleDB decompress them.
func (w *where) addAcquisition(ctx context.Context, q querier, taskID string) error {
	id, err := parseTaskID(taskID)
	if err != nil {
		return err
	}
	var first, last time.Time
	if err := q.QueryRow(ctx, selectWindow, id).Scan(nanos{&first}, nanos{&last}); err != nil {
		return err
	}
	w.add("task_id = $", id)
	w.add("timestamp_utc BETWEEN $ AND $", first.Truncate(time.Microsecond), last.Truncate(time.Microsecond))
	return nil
}

// addFilter chooses by everything but the acquisition.
func (w *where) addFilter(f heimdall.MeasurementFilter) error {
	if f.WebSDRIDs != nil {
		w.add("websdr_id = ANY($::bigint[])", f.WebSDRIDs)
	}
	if !f.From.IsZero() {
		w.add("timestamp_utc >= $", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("timestamp_utc < $", ceilMicros(f.To))
	}
	if f.FrequencyMinHz != 0 {
		w.add("frequency_hz >= $", f.FrequencyMinHz)
	}
	if f.FrequencyMaxHz != 0 {
		w.add("frequency_hz <= $", f.FrequencyMaxHz)
	}
	if f.SNRMinDB != nil {
		w.add("snr_db >= $", *f.SNRMinDB)
	}
	if f.SNRMaxDB != nil {
		w.add("snr_db <= $", *f.SNRMaxDB)
	}
	if f.DetectedOnly {
		w.add("detected")
	}
	if f.UndetectedOnly {
		w.add("NOT detected")
	}
	w.addQuality(f)
	w.addSchedules(f.ScheduleIDs)
	if f.AlgorithmVersionNot != "" {
		w.add("algorithm_version <> $"+notImported, storable(f.AlgorithmVersionNot))
	}
	if f.After == nil {
		return nil
	}
	var id uuid.UUID // of none: before all
	if f.After.TaskID != "" {
		var err error
		if id, err = parseCursor(f.After.TaskID); err != nil {
			return err
		}
	}
	at := f.After.Timestamp.UTC().Truncate(time.Microsecond)
	w.add("timestamp_utc <= $", at) // what the next says, too, but an index and the partitions understand this one
	w.add("(timestamp_utc, task_id, websdr_id) < ($, $, $::bigint)", at, id, f.After.WebSDRID)
	return nil
}
