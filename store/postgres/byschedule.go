package postgres

import "github.com/heimdall-sdr/heimdall"

// addSchedules chooses rows by the schedules that asked for their acquisition, which is in column task.
func (w *where) addSchedules(ids []int64, task string) {
	if ids != nil {
		w.add(task+" IN (SELECT t.task_id FROM acquisitions AS t WHERE t.origin = ANY($::text[]))", originsOf(ids))
	}
}

// originsOf are what the acquisitions of schedules have as their origin: it stays when a schedule and its runs go.
func originsOf(scheduleIDs []int64) []string {
	origins := make([]string, len(scheduleIDs))
	for i, id := range scheduleIDs {
		origins[i] = heimdall.ScheduleOrigin(id)
	}
	return origins
}
