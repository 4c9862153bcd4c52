package legacy

import (
	"fmt"
	"maps"
	"sync"
)

// A Reason says why something of the Python system did not become ours, or what had to be guessed.
type Reason string

// Why a recording, a row or an object was skipped.
const (
	Foreign         Reason = "foreign_name"       // no name that the Python system gives
	MinIOInternal   Reason = "minio_internal"     // a file of MinIO's own storage and no object
	MetadataAlone   Reason = "metadata_alone"     // numbers without their samples
	Empty           Reason = "empty"              // no bytes, or an array without samples
	NotNPY          Reason = "not_npy"            // not an array of samples
	CutOff          Reason = "cut_off"            // its end is missing
	Gone            Reason = "gone"               // deleted while the import ran
	Changed         Reason = "changed"            // written to while the import ran
	Unreadable      Reason = "unreadable"         // no permission to read it
	FrequencyLost   Reason = "frequency_unknown"  // nothing says one
	TimeLost        Reason = "time_unknown"       // nothing says one
	BadWebSDR       Reason = "websdr_id"          // no id that a WebSDR here can have
	Deleted         Reason = "deleted_here"       // it was imported once, and deleted
	Unfit           Reason = "unfit"              // what it says of itself cannot be
	RowRefused      Reason = "row_refused"        // a row that the database refuses
	RowUnreadable   Reason = "row_unreadable"     // a row without task, WebSDR, time or frequency
	RowLate         Reason = "row_late"           // a row whose recording was imported before, without the table
	MetadataTooLong Reason = "metadata_too_long"  // noted: the recording goes on without
	MetadataBad     Reason = "metadata_bad"       // noted, likewise
	MetadataMissing Reason = "metadata_missing"   // noted, likewise
	FieldBad        Reason = "field_bad"          // noted: one field of the metadata or the row, taken as missing
	Borrowed        Reason = "borrowed"           // noted: taken from the row, or from another receiver of the session
	FrequencyGiven  Reason = "frequency_given"    // noted: taken from the options
	RateAssumed     Reason = "rate_assumed"       // noted: 12.5 kHz, since nothing says one
	TimeOfObject    Reason = "time_of_object"     // noted: when the object was stored, since nothing says more
	WebSDRDiffers   Reason = "websdr_differs"     // noted: name and metadata; the name holds
	CountDiffers    Reason = "samples_differ"     // noted: array and metadata; the array holds
	NotFinite       Reason = "not_finite"         // noted: an old metric that was NaN or infinite, and is NULL
	KeptAsDouble    Reason = "kept_as_cf64"       // noted: values that no float32 holds
	TrailingBytes   Reason = "trailing_bytes"     // noted: after the array
	Apart           Reason = "apart"              // noted: an acquisition of its own, since that of its session is there already or has another frequency
	CutOffImported  Reason = "cut_off_imported"   // noted: what there is of it, as asked
	StandIn         Reason = "websdr_made"        // noted: a WebSDR that the database did not have
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
	mu     sync.Mutex
	report Report // guarded by mu
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
