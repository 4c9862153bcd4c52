package legacy

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// Rows is the table of measurements of the Python system; see OpenTable.
type Rows interface {
	// OfTask returns the rows of one task, oldest first.
	OfTask(ctx context.Context, task string) ([]Row, error)
	// All yields every row, those of one task together.
	All(ctx context.Context) iter.Seq2[Row, error]
}

// A Row is one row of that table. What is NULL is zero or nil; what may be NaN is as it is.
type Row struct {
	Task              string
	WebSDRID          int64 // there
	Timestamp         time.Time
	FrequencyMHz      float64
	SampleRateKHz     float64
	SamplesCount      int64
	SNRdB             *float64
	FrequencyOffsetHz *float64
	PowerDBM          *float64
	S3Path            string
}

func (r *Row) key() string {
	return fmt.Sprintf("%s/%d/%s", r.Task, r.WebSDRID, r.Timestamp.UTC().Format(time.RFC3339Nano))
}

// legacy are the numbers of a row, without task and WebSDR here.
func (r *Row) legacy() heimdall.LegacyMetrics {
	return heimdall.LegacyMetrics{
		Timestamp: r.Timestamp.UTC().Truncate(time.Microsecond), Source: sourceTable, S3Path: r.S3Path,
		SNRdB: finite(r.SNRdB), FrequencyOffsetHz: finite(r.FrequencyOffsetHz), PowerDBM: finite(r.PowerDBM),
	}
}

func (i *importer) noteNotFinite(row *Row) {
	if l := row.legacy(); l.SNRdB != row.SNRdB || l.FrequencyOffsetHz != row.FrequencyOffsetHz || l.PowerDBM != row.PowerDBM {
		i.note(row.key(), NotFinite, "has a metric that is NaN or infinite, and is NULL")
	}
}

func finite(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

// joinRows fills recordings of a session from its rows. There may be several of one recording: the last one is of the
// object that is there, and the numbers of all are kept. Rows of a session do not say which chunk they are of.
func (i *importer) joinRows(ctx context.Context, session string, list []*recording) error {
	if list[0].chunk != "" {
		return nil
	}
	rows, err := i.opt.Rows.OfTask(ctx, session)
	if err != nil {
		return err
	}
	for _, r := range list {
		for k := len(rows) - 1; k >= 0; k-- {
			row := &rows[k]
			if row.WebSDRID != r.websdrID || !i.mayBe(row.Timestamp) {
				continue
			}
			i.noteNotFinite(row)
			r.legacy = append(r.legacy, row.legacy())
			i.fillFrom(r, row)
		}
	}
	return nil
}

func (i *importer) fillFrom(r *recording, row *Row) {
	var what []string
	if hz := hertz(row.FrequencyMHz); r.frequencyHz == 0 && hz != 0 {
		r.frequencyHz, what = hz, append(what, "frequency")
	}
	if hz := rateHz(row.SampleRateKHz); r.sampleRateHz == 0 && hz != 0 {
		r.sampleRateHz, what = hz, append(what, "sample rate")
	}
	if r.at.IsZero() {
		r.at, what = row.Timestamp.UTC().Truncate(time.Microsecond), append(what, "time")
	}
	if len(what) > 0 {
		i.note(r.key, Borrowed, "has from its row in the table: %s", strings.Join(what, ", "))
	}
}

// rowBatch is how many rows are stored at once.
const rowBatch = 1000

// rows counts the rows whose recordings are here, and imports the others as measurements without one.
func (i *importer) rows(ctx context.Context) error {
	var task taskRows
	var batch []lone
	for row, err := range i.opt.Rows.All(ctx) {
		if err != nil {
			return err
		}
		i.count(func(n *Report) { n.Rows++ })
		if row.Task != task.task || task.task == "" {
			if task, err = i.taskRows(ctx, row.Task); err != nil {
				return err
			}
		}
		joined, err := i.joined(ctx, &task, &row)
		if err != nil {
			return err
		}
		if joined {
			continue
		}
		if batch = append(batch, lone{row, task.nameFor(&row)}); len(batch) == rowBatch {
			if err := i.storeRows(ctx, batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	if err := i.storeRows(ctx, batch); err != nil {
		return err
	}
	if i.opt.DryRun { // the recordings are not there yet
		i.count(func(n *Report) { n.RowsJoined += i.wouldJoin; n.RowsImported -= min(i.wouldJoin, n.RowsImported) })
	}
	return nil
}

// A lone row has no recording.
type lone struct {
	Row
	name string // of its acquisition, as in the Python system
}

// taskRows is what the database knows of the task that rows are of.
type taskRows struct {
	task     string
	shared   bool           // its acquisition has recordings, and takes no rows without
	recorded map[int64]bool // websdr_id here of those with a recording
	kept     map[int64]bool // of those with numbers of this table beside it
	apart    map[int64]bool // already asked about
}

func (i *importer) taskRows(ctx context.Context, task string) (taskRows, error) {
	t := taskRows{task: task, recorded: map[int64]bool{}, kept: map[int64]bool{}, apart: map[int64]bool{}}
	err := i.addTask(ctx, &t, task)
	t.shared = len(t.recorded) > 0
	return t, err
}

// nameFor is the acquisition that a row without a recording is of: one of its own, where other receivers of the task
// have recordings.
func (t *taskRows) nameFor(row *Row) string {
	u := unit{name: row.Task}
	if t.shared {
		return u.apart(&recording{name: nameOfRow(row)}).name
	}
	return u.name
}

// addTask adds the recordings of the acquisition that has this name in the Python system.
func (i *importer) addTask(ctx context.Context, t *taskRows, name string) error {
	taskID := heimdall.TaskIDOf(name)
	_, captures, err := i.to.Acquisition(ctx, taskID)
	if errors.Is(err, heimdall.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, c := range captures {
		if c.Recording != nil {
			t.recorded[c.WebSDRID] = true
		}
	}
	old, err := i.to.LegacyMetrics(ctx, taskID)
	for _, l := range old {
		if l.Source == sourceTable {
			t.kept[l.WebSDRID] = true
		}
	}
	return err
}

// joined reports whether the row's recording is here, and counts the row then.
func (i *importer) joined(ctx context.Context, t *taskRows, row *Row) (bool, error) {
	id, err := i.idHere(row.WebSDRID)
	if err != nil {
		return false, nil // which storeRows says
	}
	if !t.recorded[id] && !t.apart[id] {
		t.apart[id] = true
		u := unit{name: row.Task}
		if err := i.addTask(ctx, t, u.apart(&recording{name: nameOfRow(row)}).name); err != nil {
			return false, err
		}
	}
	if !t.recorded[id] {
		return false, nil
	}
	if !t.kept[id] && !i.opt.DryRun {
		i.find(Finding{Key: row.key(), Reason: RowLate, Skipped: true,
			Detail: "its recording was imported before, without the table: the row stays where it is"})
		i.count(func(n *Report) { n.RowsSkipped++ })
		return true, nil
	}
	i.count(func(n *Report) { n.RowsJoined++ })
	return true, nil
}

// storeRows imports rows without recordings.
func (i *importer) storeRows(ctx context.Context, rows []lone) error {
	var list []heimdall.ImportedMeasurement
	var of []*lone
	for k := range rows {
		m, err := i.measurementOf(ctx, &rows[k])
		if p, ok := errors.AsType[*problem](err); ok {
			i.skipRow(&rows[k], p.why, p.detail)
			continue
		}
		if err != nil {
			return err
		}
		list, of = append(list, m), append(of, &rows[k])
	}
	res, err := i.to.ImportMeasurements(ctx, list, heimdall.ImportOptions{Label: i.label(), DryRun: i.opt.DryRun})
	if err != nil {
		return err
	}
	for _, refused := range res.Refused {
		if i.opt.DryRun && i.isMade(list[refused.Row].WebSDRID) && refused.Err.Fields[0].Field == "websdr_id" {
			res.Stored++ // its WebSDR is not there yet
			continue
		}
		i.skipRow(of[refused.Row], RowRefused, refused.Err.Error())
	}
	i.count(func(n *Report) { n.RowsImported += int64(res.Stored); n.RowsPresent += int64(res.Present) })
	i.progress()
	return nil
}

func (i *importer) skipRow(row *lone, why Reason, detail string) {
	i.find(Finding{Key: row.key(), Reason: why, Skipped: true, Detail: detail})
	i.count(func(n *Report) { n.RowsSkipped++ })
}

// measurementOf is a row as a measurement made elsewhere.
func (i *importer) measurementOf(ctx context.Context, row *lone) (m heimdall.ImportedMeasurement, err error) {
	if row.Task == "" || row.Timestamp.IsZero() {
		return m, problemf(RowUnreadable, "has no task or no time")
	}
	id, err := i.idHere(row.WebSDRID)
	if err != nil {
		return m, problemf(BadWebSDR, "%v", err)
	}
	if _, err := i.websdr(ctx, id, row.key()); err != nil {
		return m, err
	}
	l := row.legacy()
	if !i.opt.DryRun { // which does not know yet the rows that have a recording
		i.noteNotFinite(&row.Row)
	}
	m = heimdall.ImportedMeasurement{Measurement: heimdall.Measurement{
		TaskID: heimdall.TaskIDOf(row.name), WebSDRID: id, Timestamp: l.Timestamp, FrequencyHz: hertz(row.FrequencyMHz),
		SampleRateHz: rateHz(row.SampleRateKHz), SamplesCount: row.SamplesCount, S3Path: row.S3Path, TimeQuality: heimdall.TimeHostArrival,
		Metrics: heimdall.Metrics{SNRdB: l.SNRdB, FrequencyOffsetHz: l.FrequencyOffsetHz, PowerDBM: l.PowerDBM},
	}}
	if m.SampleRateHz > 0 {
		m.TimeUncertaintyS = float64(m.SamplesCount)/m.SampleRateHz + processingDelayS
	}
	if m.TaskID != row.name {
		m.SourceTaskID = row.name
	}
	return m, nil
}

func nameOfRow(row *Row) name { return name{session: row.Task, websdrID: row.WebSDRID} }
