package sqlite

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
)

// fewAcquisitions are as many as are looked up one by one: their rows, sorted, cost less than the search for them among
// all rows in order of time.
const fewAcquisitions = 2000

const (
	countAsked = `
SELECT count(*) FROM (SELECT 1 FROM acquisitions WHERE origin IN (SELECT value FROM json_each(?)) LIMIT ?)`

	amongAsked = `task_id IN (SELECT t.task_id FROM acquisitions AS t WHERE t.origin IN (SELECT value FROM json_each(?)))`
)

// addSchedules chooses rows of a table that has a task_id by the schedules that asked for them. Those of few
// acquisitions are looked up. Of many, a page is soon found in the table's own order, so each row is asked for its
// acquisition's origin: neither way makes a list of all that a schedule of years has asked for, once for each page.
func (s *Store) addSchedules(ctx context.Context, w *where, table string, ids []int64) error {
	if ids == nil {
		return nil
	}
	origins, err := asJSON(originsOf(ids))
	if err != nil {
		return err
	}
	var n int
	if err := s.reader.QueryRowContext(ctx, countAsked, origins, fewAcquisitions+1).Scan(&n); err != nil {
		return err
	}
	if n <= fewAcquisitions {
		w.add(amongAsked, origins)
		return nil
	}
	w.add("(SELECT t.origin FROM acquisitions AS t WHERE t.task_id = "+table+".task_id) IN (SELECT value FROM json_each(?))", origins)
	return nil
}

// originsOf are what the acquisitions of schedules have as their origin: it stays when a schedule and its runs go.
func originsOf(scheduleIDs []int64) []string {
	origins := make([]string, len(scheduleIDs))
	for i, id := range scheduleIDs {
		origins[i] = heimdall.ScheduleOrigin(id)
	}
	return origins
}
