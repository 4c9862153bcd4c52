package sqlite

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
)

// fewAcquisitions are as many as are looked up one by one: their rows, sorted, cost less than the search for them among
// all rows in order of time.
const fewAcquisitions = 2000

// countAsked and amongAsked are about acquisitions whose column, of which there is an index, has one of some values.
func countAsked(column string) string {
	return `SELECT count(*) FROM (SELECT 1 FROM acquisitions WHERE ` + column + ` IN (SELECT value FROM json_each(?)) LIMIT ?)`
}

func amongAsked(column string) string {
	return `task_id IN (SELECT t.task_id FROM acquisitions AS t WHERE t.` + column + ` IN (SELECT value FROM json_each(?)))`
}

// hasAsked asks the same of the acquisition of each row of a table.
func hasAsked(table, column string) string {
	return `(SELECT t.` + column + ` FROM acquisitions AS t WHERE t.task_id = ` + table + `.task_id) IN (SELECT value FROM json_each(?))`
}

// addAsked chooses rows of a table that has a task_id by a column of their acquisitions, values being a list as JSON. Rows
// of few acquisitions are looked up. Of many, a page is soon found in the table's own order, so each row is asked for its
// acquisition: neither way makes a list of all that was asked for in years, once for each page.
func (s *Store) addAsked(ctx context.Context, w *where, table, column string, values any) error {
	var n int
	if err := s.reader.QueryRowContext(ctx, countAsked(column), values, fewAcquisitions+1).Scan(&n); err != nil {
		return err
	}
	if n <= fewAcquisitions {
		w.add(amongAsked(column), values)
	} else {
		w.add(hasAsked(table, column), values)
	}
	return nil
}

// addSchedules chooses rows of a table by the schedules that asked for them.
func (s *Store) addSchedules(ctx context.Context, w *where, table string, ids []int64) error {
	if ids == nil {
		return nil
	}
	origins, err := asJSON(originsOf(ids))
	if err != nil {
		return err
	}
	return s.addAsked(ctx, w, table, "origin", origins)
}

// originsOf are what the acquisitions of schedules have as their origin: it stays when a schedule and its runs go.
func originsOf(scheduleIDs []int64) []string {
	origins := make([]string, len(scheduleIDs))
	for i, id := range scheduleIDs {
		origins[i] = heimdall.ScheduleOrigin(id)
	}
	return origins
}
