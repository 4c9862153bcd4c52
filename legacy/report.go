package legacy

import (
	"fmt"
	"maps"
	"sync"
)

// A Finding is one thing that was skipped, or noted about something that was imported.
type Finding struct {
	Key     string // of the object, or the row's task_id/websdr_id/timestamp_utc
	Reason  Reason
	Skipped bool // it is not ours now; otherwise it is, with this said of it
	Detail  string
}

// A Report says what became of everything so far. A dry run says Imported of what would be.
type Report struct {
	Acquisitions int64 `json:"acquisitions"` // made
	Recordings   int64 `json:"recordings"`   // found; each is one of the next three
	Imported     int64 `json:"imported"`
	Present      int64 `json:"already_there"`
	Skipped      int64 `json:"skipped"`
	Bytes        int64 `json:"bytes"` // of the recordings' objects in the source, done with

	Rows         int64 `json:"rows"` // of the table; each is one of the next four
	RowsJoined   int64 `json:"rows_joined"`
	RowsImported int64 `json:"rows_imported"` // without a recording
	RowsPresent  int64 `json:"rows_already_there"`
	RowsSkipped  int64 `json:"rows_skipped"`

	Others  int64            `json:"other_objects"` // that are no recordings
	WebSDRs int64            `json:"websdrs_made"`
	Reasons map[Reason]int64 `json:"reasons"` // of all findings
}

// A tally is a report that several goroutines write.
type tally struct {
	mu        sync.Mutex
	report    Report // guarded by mu
	wouldJoin int64  // rows whose recordings a dry run would import; guarded by mu
}

func (t *tally) snapshot() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.report
	r.Reasons = maps.Clone(r.Reasons)
	if r.Reasons == nil {
		r.Reasons = map[Reason]int64{}
	}
	return r
}

// count changes the report.
func (i *importer) count(change func(*Report)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change(&i.report)
}

func (i *importer) find(f Finding) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.report.Reasons == nil {
		i.report.Reasons = map[Reason]int64{}
	}
	i.report.Reasons[f.Reason]++
	if i.opt.Find != nil {
		i.opt.Find(f)
	}
}

func (i *importer) note(key string, why Reason, format string, args ...any) {
	i.find(Finding{Key: key, Reason: why, Detail: fmt.Sprintf(format, args...)})
}

// skip notes that a recording is not imported, and counts it.
func (i *importer) skip(r *recording, why Reason, format string, args ...any) {
	i.find(Finding{Key: r.key, Reason: why, Skipped: true, Detail: fmt.Sprintf(format, args...)})
	i.count(func(n *Report) { n.Skipped++; n.Bytes += r.bytes })
}

func (i *importer) progress() {
	if i.opt.Progress != nil {
		i.opt.Progress(i.snapshot())
	}
}
