package wire

import (
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// Retention says by which rules a server deletes, and how it stands.
type Retention struct {
	Rules         RetentionRules `json:"rules" doc:"What this server deletes by itself"`
	RecordedBytes int64          `json:"recorded_bytes" doc:"Data of all recordings of the database whose deletion is not planned, in bytes; the quota is about these"`
	HeldBytes     int64          `json:"held_bytes" doc:"Of recorded_bytes, those of acquisitions that are held"`
	PlannedBytes  int64          `json:"planned_bytes" doc:"Data of recordings whose deletion is planned and not done"`
	FreeBytes     *int64         `json:"free_bytes" doc:"Room left on the file system of the recordings; null where the server cannot know"`
	LastRun       *RetentionRun  `json:"last_run,omitempty" doc:"The last run of this server; absent before the first"`
	NextRunAt     *time.Time     `json:"next_run_at" doc:"When this server runs next, or sooner when room runs out; null when it does not run by itself"`
}

// RetentionRules are the settings of a server.
type RetentionRules struct {
	Days           *float64 `json:"days" doc:"Days after its end that an acquisition is kept (RETENTION_DAYS); null means for ever" example:"30"`
	DaysQuiet      *float64 `json:"days_quiet" doc:"The same of acquisitions on whose recordings nothing was heard (RETENTION_DAYS_QUIET); null means like the others" example:"7"`
	QuietSNRdB     *float64 `json:"quiet_snr_db" doc:"SNR in dB from which on something was heard (RETENTION_QUIET_SNR_DB); null means that a signal was detected" example:"10"`
	QuotaBytes     *int64   `json:"quota_bytes" doc:"Most bytes that recordings may hold (RETENTION_BYTES); null means no limit" example:"200000000000"`
	FreeBytesAsked *int64   `json:"free_bytes" doc:"Least room on the file system of the recordings, in bytes (RETENTION_FREE_BYTES); null means no limit" example:"20000000000"`
}

// A RetentionRun is one that has ended.
type RetentionRun struct {
	BeganAt time.Time        `json:"began_at" doc:"When it began"`
	EndedAt time.Time        `json:"ended_at" doc:"When it ended"`
	Outcome RetentionOutcome `json:"outcome" doc:"What it deleted"`
	Error   string           `json:"error" doc:"What is left undone and why, for the next run; empty when nothing is"`
}

// A RetentionOutcome is what a run deleted, or would delete.
type RetentionOutcome struct {
	Deleted
	Rules []RetentionTally `json:"rules" nullable:"false" doc:"By rule, in the order in which rules apply; each acquisition goes by the first that applies"`
}

// A RetentionTally is what goes by one rule.
type RetentionTally struct {
	Rule string `json:"rule" enum:"planned,age,quiet,quota,free,hand" doc:"planned: an earlier run left it; age: RETENTION_DAYS; quiet: nothing was heard; quota: RETENTION_BYTES; free: RETENTION_FREE_BYTES"`
	Deleted
	OldestEnd *time.Time `json:"oldest_end" doc:"End of the oldest acquisition that goes"`
	NewestEnd *time.Time `json:"newest_end" doc:"End of the newest acquisition that goes"`
}

// Deleted counts what goes.
type Deleted struct {
	Acquisitions int64 `json:"acquisitions" doc:"Whole acquisitions"`
	Rows         int64 `json:"rows" doc:"Acquisitions, captures and measurements; rollups stay"`
	Objects      int64 `json:"objects" doc:"Data and metadata of recordings, and whatever else was stored with them"`
	Bytes        int64 `json:"bytes" doc:"Of the objects, metadata included"`
}

// A Deletion is an entry of the journal: an acquisition that is being deleted, or has been.
type Deletion struct {
	TaskID    string     `json:"task_id" doc:"Identity of the acquisition"`
	Reason    string     `json:"reason" doc:"Why it was deleted"`
	EndedAt   time.Time  `json:"ended_at" doc:"When the acquisition ended"`
	Rows      int64      `json:"rows" doc:"Acquisition, captures and measurements"`
	Objects   int64      `json:"objects" doc:"Objects when it was planned"`
	Bytes     int64      `json:"bytes" doc:"Of these objects"`
	PlannedAt time.Time  `json:"planned_at" doc:"When it was decided"`
	DoneAt    *time.Time `json:"done_at" doc:"When all was gone; null before"`
}

// DeletionOf converts an entry.
func DeletionOf(d heimdall.Deletion) Deletion {
	return Deletion{TaskID: d.TaskID, Reason: d.Reason, EndedAt: d.EndedAt.UTC(), Rows: d.Rows, Objects: d.Objects, Bytes: d.Bytes,
		PlannedAt: d.PlannedAt.UTC(), DoneAt: instant(d.DoneAt)}
}

// A DeletionPage is one page of the journal, newest first.
type DeletionPage struct {
	Deletions  []Deletion `json:"deletions" nullable:"false"`
	NextCursor *string    `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last page"`
}

// A HoldRequest asks that an acquisition be kept.
type HoldRequest struct {
	By     string `json:"by" doc:"Who holds it: a name or call sign" example:"IZ1ABC"`
	Reason string `json:"reason" doc:"Why" example:"evidence in case 17"`
}

// A Hold keeps an acquisition from being deleted.
type Hold struct {
	By     string    `json:"by" doc:"Who holds it"`
	Reason string    `json:"reason" doc:"Why"`
	At     time.Time `json:"at" doc:"Since when"`
}

func holdOf(h heimdall.Hold) *Hold {
	if h.IsZero() {
		return nil
	}
	return &Hold{By: h.By, Reason: h.Reason, At: h.At.UTC()}
}
