package postgres

import (
	"context"

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
