package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// importBatch is how many rows share a transaction: enough that its commit costs little, and few enough that other
// writers wait for tens of milliseconds.
const importBatch = 1000

// ImportMeasurements stores measurements made elsewhere, with the acquisitions and captures that stand for what they
// were made from and with their rollups. A row that is there already stays as it is. What is wrong with one row keeps
// none of the others out; an error does, but some of those before it may be stored: then the same call may be
// repeated, which stores what is missing.
func (s *Store) ImportMeasurements(ctx context.Context, rows []heimdall.ImportedMeasurement, opt heimdall.ImportOptions) (heimdall.ImportResult, error) {
	const do = "import measurements"
	var total heimdall.ImportResult
	for start := 0; start < len(rows); start += importBatch {
		b := &importing{now: s.moment(), label: opt.Label, rows: rows[start:min(start+importBatch, len(rows))]}
		var err error
		if opt.DryRun {
			err = s.read(ctx, do, func(tx *sql.Tx) error { return b.sort(ctx, tx) })
		} else {
			err = s.write(ctx, do, func(tx *sql.Tx) error {
				if err := b.sort(ctx, tx); err != nil || len(b.accepted) == 0 {
					return err
				}
				return b.store(ctx, tx)
			})
		}
		if err != nil {
			return heimdall.ImportResult{}, err
		}
		total.Stored += len(b.accepted)
		total.Present += b.result.Present
		for _, r := range b.result.Refused {
			r.Row += start
			total.Refused = append(total.Refused, r)
		}
	}
	return total, nil
}

// An importing is one transaction of an import.
type importing struct {
	now   time.Time
	label string
	rows  []heimdall.ImportedMeasurement

	result   heimdall.ImportResult
	accepted []*heimdall.ImportedMeasurement
	tasks    map[string]*importTask // by task_id
}

// An importTask is what the database knows of an acquisition.
type importTask struct {
	exists, imported bool
	deleted          string // why its deletion is planned or done; "" when it is not

	first, last time.Time // of what is added
	marked      bool
}

func (t *importTask) add(m *heimdall.ImportedMeasurement) {
	if t.first.IsZero() || m.Timestamp.Before(t.first) {
		t.first = m.Timestamp
	}
	if m.Timestamp.After(t.last) {
		t.last = m.Timestamp
	}
}

const (
	selectWebSDRIDs = `SELECT websdr_id FROM websdrs`

	selectImportTasks = `
SELECT asked.value, a.task_id IS NOT NULL, i.task_id IS NOT NULL, CASE WHEN d.task_id IS NULL THEN '' ELSE 'deleted: ' || d.reason END
FROM json_each(?) AS asked LEFT JOIN acquisitions AS a ON a.task_id = asked.value
     LEFT JOIN imported_acquisitions AS i ON i.task_id = asked.value LEFT JOIN deletions AS d ON d.task_id = asked.value`

	selectIsPresent = `
SELECT EXISTS (SELECT 1 FROM measurements WHERE task_id = ? AND websdr_id = ? AND timestamp_utc = ?)`
)

// sort finds out what is to become of each row.
func (b *importing) sort(ctx context.Context, tx *sql.Tx) error {
	known, err := b.look(ctx, tx)
	if err != nil {
		return err
	}
	isPresent, err := tx.PrepareContext(ctx, selectIsPresent)
	if err != nil {
		return err
	}
	defer isPresent.Close()
	b.result, b.accepted = heimdall.ImportResult{}, nil
	seen := make(map[heimdall.MeasurementKey]bool, len(b.rows))
	for i := range b.rows {
		m := &b.rows[i]
		if bad, ok := m.Validate(b.now).(*heimdall.InvalidError); ok {
			b.result.Refused = append(b.result.Refused, heimdall.ImportRefusal{Row: i, Err: bad})
			continue
		}
		if !known[m.WebSDRID] {
			b.result.Refuse(i, "websdr_id", "%d is none of the WebSDRs here: add it with heimdall websdr add, and say which one it is with --websdr %d=ID", m.WebSDRID, m.WebSDRID)
			continue
		}
		key := heimdall.MeasurementKey{Timestamp: m.Timestamp.UTC().Truncate(time.Microsecond), TaskID: m.TaskID, WebSDRID: m.WebSDRID}
		task := b.tasks[m.TaskID]
		present := seen[key]
		if !present && task.exists {
			if err := isPresent.QueryRowContext(ctx, m.TaskID, m.WebSDRID, micros{&m.Timestamp}).Scan(&present); err != nil {
				return err
			}
		}
		switch {
		case present:
			b.result.Present++
		case task.deleted != "":
			b.result.Refuse(i, "task_id", "names an acquisition that was here and was %s; its rollups still count it", task.deleted)
		case task.exists && !task.imported:
			b.result.Refuse(i, "task_id", "names an acquisition that was recorded here, to which an import adds nothing")
		default:
			seen[key] = true
			b.accepted = append(b.accepted, m)
			task.add(m)
		}
	}
	return nil
}

// look asks what the database knows of the rows' WebSDRs and acquisitions.
func (b *importing) look(ctx context.Context, tx *sql.Tx) (websdrs map[int64]bool, err error) {
	rows, err := tx.QueryContext(ctx, selectWebSDRIDs)
	ids, err := all(rows, err, func(r row) (id int64, err error) { return id, r.Scan(&id) })
	if err != nil {
		return nil, err
	}
	websdrs = make(map[int64]bool, len(ids))
	for _, id := range ids {
		websdrs[id] = true
	}
	b.tasks = map[string]*importTask{}
	asked := []string{}
	for i := range b.rows {
		id := b.rows[i].TaskID
		if _, found := b.tasks[id]; !found {
			b.tasks[id] = &importTask{}
			asked = append(asked, id)
		}
	}
	list, err := asJSON(asked)
	if err != nil {
		return nil, err
	}
	rows, err = tx.QueryContext(ctx, selectImportTasks, list)
	_, err = all(rows, err, func(r row) (id string, err error) {
		var task importTask
		err = r.Scan(&id, &task.exists, &task.imported, &task.deleted)
		b.tasks[id] = &task
		return id, err
	})
	return websdrs, err
}

const (
	insertImportedAcquisition = `
INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
       join_timeout_seconds, state, cancel_requested, reason, created_at, ended_at, claims, fence)
VALUES (?, ?, ?, ?, ?, 0, 0, 0, 'success', 0, ?, ?, ?, 0, 0)`

	markImported = `
INSERT INTO imported_acquisitions AS i (task_id, source_task_id, first_at, last_at) VALUES (?, ?, ?, ?)
ON CONFLICT (task_id) DO UPDATE SET first_at = min(i.first_at, excluded.first_at), last_at = max(i.last_at, excluded.last_at)`

	insertImportedCapture = `
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds, ended_at)
VALUES (?1, ?2, ?2, 'success', 'done', 0, '', 'imported: there is no recording of it here', 0, 0, ?3)
ON CONFLICT (task_id, websdr_id) DO NOTHING`

	selectLastMeasurement = `SELECT COALESCE(max(id), 0) FROM measurements`

	addNewToRollup = `
INSERT INTO captures_hourly AS h` + tallyMeasurements + ` AND m.id > ?` + tallyGroups + addToGroup
)

// store stores what was accepted. Stand-ins end when they are imported, so that retention counts their age from then.
func (b *importing) store(ctx context.Context, tx *sql.Tx) error {
	var last int64
	if err := tx.QueryRowContext(ctx, selectLastMeasurement).Scan(&last); err != nil {
		return err
	}
	var statements [4]*sql.Stmt
	for i, query := range []string{insertImportedAcquisition, markImported, insertImportedCapture, insertMeasurement} {
		var err error
		if statements[i], err = tx.PrepareContext(ctx, query); err != nil {
			return err
		}
		defer statements[i].Close()
	}
	acquisition, mark, capture, measurement := statements[0], statements[1], statements[2], statements[3]
	captured := map[heimdall.MeasurementKey]bool{} // without times
	for _, m := range b.accepted {
		task := b.tasks[m.TaskID]
		if !task.exists {
			lasted := recorded(m)
			if _, err := acquisition.ExecContext(ctx, m.TaskID, b.label, m.FrequencyHz, seconds{&lasted}, int64(m.SampleRateHz),
				importReason(m), micros{&task.first}, micros{&b.now}); err != nil {
				return err
			}
			task.exists, task.imported = true, true
		}
		if !task.marked {
			if _, err := mark.ExecContext(ctx, m.TaskID, m.SourceTaskID, micros{&task.first}, micros{&task.last}); err != nil {
				return err
			}
			task.marked = true
		}
		if key := (heimdall.MeasurementKey{TaskID: m.TaskID, WebSDRID: m.WebSDRID}); !captured[key] {
			if _, err := capture.ExecContext(ctx, m.TaskID, m.WebSDRID, micros{&b.now}); err != nil {
				return err
			}
			captured[key] = true
		}
		if _, err := measurement.ExecContext(ctx, fields(measurementColumns(&m.Measurement))...); err != nil {
			return err
		}
	}
	for _, query := range []string{addNewToRollup, daily(addNewToRollup)} {
		if _, err := tx.ExecContext(ctx, query, last); err != nil {
			return err
		}
	}
	return nil
}

// recorded is how long m was recorded, as far as it says.
func recorded(m *heimdall.ImportedMeasurement) time.Duration {
	if m.SampleRateHz < 1 {
		return 0
	}
	return time.Duration(min(float64(m.SamplesCount)/m.SampleRateHz, heimdall.MaxDuration.Seconds()) * 1e9)
}

func importReason(m *heimdall.ImportedMeasurement) string {
	if m.SourceTaskID == "" {
		return "imported"
	}
	return fmt.Sprintf("imported; where it comes from it is %q", m.SourceTaskID)
}

const selectIsImported = `SELECT EXISTS (SELECT 1 FROM imported_acquisitions WHERE task_id = ?)`

// refuseImported is ErrConflict for an acquisition that was imported: its numbers cannot be derived again.
func refuseImported(ctx context.Context, tx *sql.Tx, taskID string) error {
	var imported bool
	err := tx.QueryRowContext(ctx, selectIsImported, taskID).Scan(&imported)
	if err == nil && imported {
		err = fmt.Errorf("acquisition %s was imported, and its metrics stay as they are: %w", taskID, heimdall.ErrConflict)
	}
	return err
}
