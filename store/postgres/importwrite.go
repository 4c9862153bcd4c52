package postgres

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const (
	insertImportedAcquisitions = `
INSERT INTO acquisitions (task_id, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
       join_timeout_seconds, state, cancel_requested, reason, created_at, ended_at, claims, fence)
SELECT task_id, $2, frequency_hz, duration_seconds, sample_rate_hz, 0, 0, 0, 'success', false, reason, created_at, $3, 0, 0
FROM unnest($1::uuid[], $4::bigint[], $5::float8[], $6::bigint[], $7::text[], $8::timestamptz[])
  AS n (task_id, frequency_hz, duration_seconds, sample_rate_hz, reason, created_at)`

	markImported = `
INSERT INTO imported_acquisitions AS i (task_id, source_task_id, first_at, last_at, measurements)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::bigint[]) ORDER BY 1
ON CONFLICT (task_id) DO UPDATE SET first_at = LEAST(i.first_at, excluded.first_at), last_at = GREATEST(i.last_at, excluded.last_at),
       measurements = i.measurements + excluded.measurements`

	insertImportedCaptures = `
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds, ended_at)
SELECT task_id, websdr_id, websdr_id, 'success', 'done', 0, '', 'imported: there is no recording of it here', 0, 0, $3
FROM unnest($1::uuid[], $2::bigint[]) AS n (task_id, websdr_id)
ON CONFLICT (task_id, websdr_id) DO NOTHING`
)

// store stores what was accepted: acquisitions, captures, rollups, and measurements last, as everybody does. Stand-ins
// end when they are imported, so that retention counts their age from then.
func (b *importing) store(ctx context.Context, tx pgx.Tx) error {
	var writes pgx.Batch
	b.queueAcquisitions(&writes)
	b.queueCaptures(&writes)
	b.queueRollups(&writes)
	if b.can.Compression() {
		writes.Queue(decompressAny)
	}
	if err := tx.SendBatch(ctx, &writes).Close(); err != nil {
		return err
	}
	return b.copyTo(ctx, tx, "measurement_rows")
}

func (b *importing) queueAcquisitions(writes *pgx.Batch) {
	var created, marked []uuid.UUID
	var frequencies, rates, added []int64
	var durations []float64
	var reasons, sources []string
	var times, firsts, lasts []time.Time
	ids := slices.SortedFunc(maps.Keys(b.tasks), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		t := b.tasks[id]
		if t.head == nil {
			continue
		}
		marked, sources, added = append(marked, id), append(sources, t.head.SourceTaskID), append(added, t.added)
		firsts, lasts = append(firsts, t.first), append(lasts, t.last)
		if !t.exists {
			t.label = b.label
			created, frequencies, rates = append(created, id), append(frequencies, t.head.FrequencyHz), append(rates, int64(t.head.SampleRateHz))
			durations, reasons, times = append(durations, recordedS(t.head)), append(reasons, importReason(t.head)), append(times, t.first)
		}
	}
	if len(created) > 0 {
		writes.Queue(insertImportedAcquisitions, created, b.label, b.now, frequencies, durations, rates, reasons, times)
	}
	writes.Queue(markImported, marked, sources, firsts, lasts, added)
}

// recordedS is how long m was recorded, as far as it says.
func recordedS(m *heimdall.ImportedMeasurement) float64 {
	if m.SampleRateHz < 1 {
		return 0
	}
	return min(float64(m.SamplesCount)/m.SampleRateHz, heimdall.MaxDuration.Seconds())
}

func importReason(m *heimdall.ImportedMeasurement) string {
	if m.SourceTaskID == "" {
		return "imported"
	}
	return fmt.Sprintf("imported; where it comes from it is %q", m.SourceTaskID)
}

func (b *importing) queueCaptures(writes *pgx.Batch) {
	type key struct {
		id       uuid.UUID
		websdrID int64
	}
	seen := make(map[key]struct{}, len(b.accepted))
	for i, m := range b.accepted {
		seen[key{b.ids[i], m.WebSDRID}] = struct{}{}
	}
	// In the order of their indexes, in which neighbours are at hand.
	keys := slices.SortedFunc(maps.Keys(seen), func(a, b key) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.websdrID, b.websdrID))
	})
	ids, websdrIDs := make([]uuid.UUID, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		ids[i], websdrIDs[i] = k.id, k.websdrID
	}
	writes.Queue(insertImportedCaptures, ids, websdrIDs, b.now)
}

func (b *importing) copyTo(ctx context.Context, tx pgx.Tx, table string) error {
	var names []string
	for _, c := range measurementColumns(&heimdall.Measurement{}) {
		names = append(names, c.name)
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, names, &importCopy{b: b, n: -1})
	return err
}

// An importCopy is what is accepted as COPY takes it.
type importCopy struct {
	b   *importing
	n   int
	row []any // used again for each
}

func (c *importCopy) Next() bool {
	c.n++
	return c.n < len(c.b.accepted)
}

func (c *importCopy) Err() error { return nil }

func (c *importCopy) Values() ([]any, error) {
	m := c.b.accepted[c.n]
	c.row = copyValues(c.row[:0], measurementColumns(&m.Measurement))
	c.row[0] = c.b.ids[c.n] // the binary form of an id is its bytes
	if m.S3Path == fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", m.TaskID, m.WebSDRID) {
		c.row[6] = nil
	}
	return c.row, nil
}

// copyValues is values for millions of rows: without a driver.Value in between.
func copyValues(out []any, columns []column) []any {
	for _, c := range columns {
		switch f := c.field.(type) {
		case *float64:
			out = append(out, *f)
		case **float64:
			out = append(out, *f)
		case *int64:
			out = append(out, *f)
		case *int:
			out = append(out, int64(*f))
		case *bool:
			out = append(out, *f)
		case *string:
			out = append(out, *f)
		case **string:
			out = append(out, *f)
		case *heimdall.TimeQuality:
			out = append(out, string(*f))
		case micros:
			out = append(out, f.t.UTC().Truncate(time.Microsecond))
		case list[string]:
			if len(*f.p) == 0 {
				out = append(out, "[]")
				continue
			}
			v, _ := f.Value() // of strings it is no error
			out = append(out, v)
		}
	}
	return out
}
