package postgres

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// fewAcquisitions are as many as have their recordings looked up one by one.
const fewAcquisitions = 200

const (
	countAsked = `SELECT count(*) FROM (SELECT 1 FROM acquisitions WHERE origin = ANY($1::text[]) LIMIT $2) AS asked`

	selectTimesOf = `
SELECT DISTINCT c.start_unix_ns FROM captures AS c JOIN acquisitions AS t USING (task_id)
WHERE t.origin = ANY($1::text[]) AND c.start_unix_ns IS NOT NULL`
)

// addSchedules chooses rows by the schedules that asked for their acquisition.
func (w *where) addSchedules(ids []int64) {
	if ids != nil {
		w.add(ofOrigins, originsOf(ids))
	}
}

// addTimesOf adds, of schedules that have asked for little, when that was recorded: with times as arguments a few places
// of a few partitions are looked at, where the ids of acquisitions alone would have everything read.
func (w *where) addTimesOf(ctx context.Context, q querier, scheduleIDs []int64) error {
	if scheduleIDs == nil {
		return nil
	}
	var n int
	if err := q.QueryRow(ctx, countAsked, originsOf(scheduleIDs), fewAcquisitions+1).Scan(&n); err != nil || n > fewAcquisitions {
		return err
	}
	rows, err := q.Query(ctx, selectTimesOf, originsOf(scheduleIDs))
	times, err := all(rows, err, func(r row) (at time.Time, err error) {
		err = r.Scan(nanos{&at})
		return at.Truncate(time.Microsecond), err
	})
	w.add("timestamp_utc = ANY($::timestamptz[])", times)
	return err
}

// originsOf are what the acquisitions of schedules have as their origin: it stays when a schedule and its runs go.
func originsOf(scheduleIDs []int64) []string {
	origins := make([]string, len(scheduleIDs))
	for i, id := range scheduleIDs {
		origins[i] = heimdall.ScheduleOrigin(id)
	}
	return origins
}
