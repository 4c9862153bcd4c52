package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// ImportMeasurements stores measurements made elsewhere, with the acquisitions and captures that stand for what they
// were made from and with their rollups, in one transaction. A row that is there already stays as it is. What is wrong
// with one row keeps none of the others out; an error does, and then nothing of the call is stored.
//
// What is new goes by COPY straight into its place, which is twice as quick as by way of another table and ON CONFLICT:
// one import at a time is at it, nobody else adds to acquisitions that were imported, and of those that are there
// already the keys are looked up before.
func (s *Store) ImportMeasurements(ctx context.Context, rows []heimdall.ImportedMeasurement, opt heimdall.ImportOptions) (heimdall.ImportResult, error) {
	const do = "import measurements"
	if err := s.makeDaysOf(ctx, rows, opt); err != nil {
		return heimdall.ImportResult{}, failed(ctx, do, err)
	}
	b := &importing{can: s.can, label: storable(opt.Label), rows: rows}
	err := s.write(ctx, do, func(tx pgx.Tx) error {
		if err := b.sort(ctx, tx, opt.DryRun); err != nil || opt.DryRun || len(b.accepted) == 0 {
			return err
		}
		return b.store(ctx, tx)
	})
	if err != nil {
		return heimdall.ImportResult{}, err
	}
	b.result.Stored = len(b.accepted)
	return b.result, nil
}

// worthADay is how many rows of one call a day must have for a partition of its own. Strays of other days are kept by
// the default partition, until Maintain sees to them.
const worthADay = 100

// makeDaysOf makes partitions of the days that are long past. Where somebody is at the default partition, that waits
// for Maintain, too.
func (s *Store) makeDaysOf(ctx context.Context, rows []heimdall.ImportedMeasurement, opt heimdall.ImportOptions) error {
	if s.can.Hypertable() || opt.DryRun {
		return nil
	}
	days := map[string]int{}
	for i := range rows {
		if at := rows[i].Timestamp; rows[i].Validate(at) == nil && at.Before(time.Now().AddDate(0, 0, daysAhead)) {
			days[at.UTC().Format(time.DateOnly)]++
		}
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		if days[day] < worthADay {
			continue
		}
		err := s.transact(ctx, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, limitWait, millis(patience)); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, createPartition, day)
			return err
		})
		if err != nil && !isBusy(err) {
			return fmt.Errorf("create partition of %s: %w", day, err)
		}
	}
	return nil
}

// An importing is one call. Its slices that are not rows are parallel to accepted.
type importing struct {
	can   Capabilities
	label string
	rows  []heimdall.ImportedMeasurement

	result   heimdall.ImportResult
	accepted []*heimdall.ImportedMeasurement
	ids      []uuid.UUID               // of the acquisition of each
	tasks    map[uuid.UUID]*importTask // what is known of acquisitions
	now      time.Time
}

// An importTask is what the database knows of an acquisition, and what is added to it.
type importTask struct {
	exists, imported bool
	label            string
	deleted          string // why its deletion is planned or done; "" when it is not

	head        *heimdall.ImportedMeasurement // first of what is added, in order of the rows; nil when nothing is
	first, last time.Time                     // of all that is added
	added       int64
}

// importKey is the natural key of a row.
type importKey struct {
	at       int64 // microseconds since 1970
	id       uuid.UUID
	websdrID int64
}

const (
	lockImports = `SELECT pg_advisory_xact_lock(hashtext('heimdall_import'))`

	selectWebSDRIDs = `SELECT websdr_id::bigint FROM websdrs`

	// Until the end of the transaction their deletion cannot be planned.
	lockImportTasks = `
SELECT task_id FROM acquisitions WHERE task_id = ANY($1::uuid[]) ORDER BY task_id FOR NO KEY UPDATE`

	selectImportTasks = `
SELECT asked.task_id, a.task_id IS NOT NULL, i.task_id IS NOT NULL, COALESCE(a.label, ''),
       CASE WHEN d.task_id IS NULL THEN '' ELSE 'deleted: ' || d.reason END
FROM unnest($1::uuid[]) AS asked (task_id) LEFT JOIN acquisitions AS a ON a.task_id = asked.task_id
     LEFT JOIN imported_acquisitions AS i ON i.task_id = asked.task_id LEFT JOIN deletions AS d ON d.task_id = asked.task_id`

	selectPresent = `
SELECT k.n - 1
FROM unnest($1::timestamptz[], $2::bigint[], $3::uuid[]) WITH ORDINALITY AS k (timestamp_utc, websdr_id, task_id, n)
JOIN measurement_rows AS m ON m.timestamp_utc = k.timestamp_utc AND m.websdr_id = k.websdr_id::integer AND m.task_id = k.task_id`
)

// sort finds out what is to become of each row.
func (b *importing) sort(ctx context.Context, tx pgx.Tx, dryRun bool) (err error) {
	b.result, b.accepted, b.ids = heimdall.ImportResult{}, nil, nil // it may be the second try
	if b.now, err = moment(ctx, tx); err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(b.rows))
	valid := make([]*heimdall.InvalidError, len(b.rows))
	b.tasks = map[uuid.UUID]*importTask{}
	for i := range b.rows {
		if bad, ok := b.rows[i].Validate(b.now).(*heimdall.InvalidError); ok {
			valid[i] = bad
		} else if ids[i], err = parseTaskID(b.rows[i].TaskID); err != nil {
			return err
		} else if b.tasks[ids[i]] == nil {
			b.tasks[ids[i]] = &importTask{}
		}
	}
	known, err := b.look(ctx, tx, dryRun)
	if err != nil {
		return err
	}
	present, err := b.present(ctx, tx, ids)
	if err != nil {
		return err
	}
	seen := make(map[importKey]bool, len(b.rows))
	for i := range b.rows {
		m, task := &b.rows[i], b.tasks[ids[i]]
		key := importKey{m.Timestamp.UnixMicro(), ids[i], m.WebSDRID}
		switch {
		case valid[i] != nil:
			b.result.Refused = append(b.result.Refused, heimdall.ImportRefusal{Row: i, Err: valid[i]})
		case !known[m.WebSDRID]:
			b.result.Refuse(i, "websdr_id", "%d is none of the WebSDRs here: add it with heimdall websdr add, and say which one it is with --websdr %d=ID", m.WebSDRID, m.WebSDRID)
		case present[i] || seen[key]:
			b.result.Present++
		case task.deleted != "":
			b.result.Refuse(i, "task_id", "names an acquisition that was here and was %s; its rollups still count it", task.deleted)
		case task.exists && !task.imported:
			b.result.Refuse(i, "task_id", "names an acquisition that was recorded here, to which an import adds nothing")
		default:
			seen[key] = true
			b.accepted, b.ids = append(b.accepted, m), append(b.ids, ids[i])
			task.add(m)
		}
	}
	return nil
}

func (t *importTask) add(m *heimdall.ImportedMeasurement) {
	at := m.Timestamp.UTC().Truncate(time.Microsecond)
	if t.head == nil {
		t.head, t.first, t.last = m, at, at
	}
	if at.Before(t.first) {
		t.first = at
	}
	if at.After(t.last) {
		t.last = at
	}
	t.added++
}

// look asks what the database knows of the rows' WebSDRs and acquisitions.
func (b *importing) look(ctx context.Context, tx pgx.Tx, dryRun bool) (websdrs map[int64]bool, err error) {
	asked := slices.Collect(maps.Keys(b.tasks))
	websdrs = map[int64]bool{}
	var reads pgx.Batch
	reads.Queue(noTimeout)
	reads.Queue(useIndexes, true)
	if !dryRun {
		reads.Queue(lockImports)
		reads.Queue(lockImportTasks, asked)
	}
	reads.Queue(selectWebSDRIDs).Query(func(rows pgx.Rows) error {
		var id int64
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error { websdrs[id] = true; return nil })
		return err
	})
	reads.Queue(selectImportTasks, asked).Query(func(rows pgx.Rows) error {
		var id uuid.UUID
		var t importTask
		_, err := pgx.ForEachRow(rows, []any{&id, &t.exists, &t.imported, &t.label, &t.deleted}, func() error {
			*b.tasks[id] = t
			return nil
		})
		return err
	})
	return websdrs, tx.SendBatch(ctx, &reads).Close()
}

// present looks up the rows whose acquisition is there: of another, none can be.
func (b *importing) present(ctx context.Context, tx pgx.Tx, ids []uuid.UUID) (map[int]bool, error) {
	var times []time.Time
	var websdrIDs []int64
	var of []uuid.UUID
	var index []int
	for i := range b.rows {
		if t := b.tasks[ids[i]]; t != nil && t.exists && b.rows[i].WebSDRID < 1<<31 {
			times, websdrIDs = append(times, b.rows[i].Timestamp.UTC().Truncate(time.Microsecond)), append(websdrIDs, b.rows[i].WebSDRID)
			of, index = append(of, ids[i]), append(index, i)
		}
	}
	out := map[int]bool{}
	if len(index) == 0 {
		return out, nil
	}
	rows, err := tx.Query(ctx, selectPresent, times, websdrIDs, of)
	if err != nil {
		return nil, err
	}
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&n}, func() error { out[index[n]] = true; return nil })
	return out, err
}

const selectIsImported = `SELECT EXISTS (SELECT 1 FROM imported_acquisitions WHERE task_id = $1)`

// refuseImported is ErrConflict for an acquisition that was imported: its numbers cannot be derived again.
func refuseImported(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	var imported bool
	err := tx.QueryRow(ctx, selectIsImported, id).Scan(&imported)
	if err == nil && imported {
		err = fmt.Errorf("acquisition %s was imported, and its metrics stay as they are: %w", id, heimdall.ErrConflict)
	}
	return err
}
