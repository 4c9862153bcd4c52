package sqlite

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
)

// near are the ids of those WebSDRs among ids, nil meaning any, that are in a circle; nil when there is neither.
func near(ctx context.Context, q querier, circle *heimdall.Near, ids []int64) ([]int64, error) {
	if circle == nil {
		return ids, nil
	}
	list, err := listWebSDRs(ctx, q, heimdall.WebSDRFilter{IDs: ids})
	return circle.Choose(list, ids), err
}

// addQuality chooses measurements by how they came about. Nobody looks these up in an index: they thin out what time
// and WebSDR have chosen.
func (w *where) addQuality(f heimdall.MeasurementFilter) error {
	if f.FrequencyMethods != nil {
		methods, err := asJSON(f.FrequencyMethods)
		if err != nil {
			return err
		}
		w.add("frequency_method IN (SELECT value FROM json_each(?))", methods)
	}
	for _, flag := range f.Flags {
		w.add("EXISTS (SELECT 1 FROM json_each(flags) WHERE value = ?)", flag)
	}
	for _, flag := range f.FlagsNot {
		w.add("NOT EXISTS (SELECT 1 FROM json_each(flags) WHERE value = ?)", flag)
	}
	return nil
}

// addPlaces chooses captures by where they were made, on which frequency, and by what they are called.
func (s *Store) addPlaces(ctx context.Context, w *where, f heimdall.CaptureFilter) error {
	if f.Near != nil {
		ids, err := near(ctx, s.reader, f.Near, nil)
		if err != nil {
			return err
		}
		list, err := asJSON(ids)
		if err != nil {
			return err
		}
		w.add("+websdr_id IN (SELECT value FROM json_each(?))", list)
	}
	if f.FrequencyMinHz != 0 {
		w.add("(SELECT t.frequency_hz FROM acquisitions AS t WHERE t.task_id = captures.task_id) >= ?", f.FrequencyMinHz)
	}
	if f.FrequencyMaxHz != 0 {
		w.add("(SELECT t.frequency_hz FROM acquisitions AS t WHERE t.task_id = captures.task_id) <= ?", f.FrequencyMaxHz)
	}
	if err := s.addText(ctx, w, "captures", f.Text); err != nil {
		return err
	}
	return s.addSchedules(ctx, w, "captures", f.ScheduleIDs)
}

// addRequested chooses acquisitions by what was asked for.
func (s *Store) addRequested(ctx context.Context, w *where, f heimdall.AcquisitionFilter) error {
	ids, err := near(ctx, s.reader, f.Near, f.WebSDRIDs)
	if err != nil {
		return err
	}
	if ids != nil {
		list, err := asJSON(ids)
		if err != nil {
			return err
		}
		w.add("EXISTS (SELECT 1 FROM captures AS c WHERE c.task_id = a.task_id AND c.websdr_id IN (SELECT value FROM json_each(?)))", list)
	}
	if err := w.addOrigins(f.ScheduleIDs); err != nil {
		return err
	}
	if f.FrequencyMinHz != 0 {
		w.add("frequency_hz >= ?", f.FrequencyMinHz)
	}
	if f.FrequencyMaxHz != 0 {
		w.add("frequency_hz <= ?", f.FrequencyMaxHz)
	}
	return s.addNamed(ctx, w, f)
}

// addOrigins chooses acquisitions by the schedules that asked for them. One is looked up in an index that is also in
// order; several are filtered from the index of all.
func (w *where) addOrigins(scheduleIDs []int64) error {
	origins := originsOf(scheduleIDs)
	switch {
	case scheduleIDs == nil:
		return nil
	case len(origins) == 1:
		w.add("origin = ?", origins[0])
		return nil
	}
	list, err := asJSON(origins)
	w.add("+origin IN (SELECT value FROM json_each(?))", list)
	return err
}
