package postgres

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/heimdall-sdr/heimdall"
)

// A seedRow is one row of the old table measurements. Whatever it has may be missing, or absurd.
type seedRow struct {
	table *seedTable

	id                 *int64
	taskID             *string
	websdrID           *int64
	frequencyMHz       *float64
	sampleRateKHz      *float64
	samplesCount       *int64
	at                 pgtype.Timestamptz
	snr, offset, power *float64
	s3Path             *string
}

// seedFields are the columns of a seedRow, and what they are read as.
var seedFields = []struct{ name, as string }{
	{"id", "bigint"}, {"task_id", "text"}, {"websdr_id", "bigint"}, {"frequency_mhz", "float8"}, {"sample_rate_khz", "float8"},
	{"samples_count", "bigint"}, {"timestamp_utc", "timestamptz"}, {"snr_db", "float8"}, {"frequency_offset_hz", "float8"},
	{"power_dbm", "float8"}, {"s3_path", "text"},
}

// fields are in the order of seedFields.
func (r *seedRow) fields() []any {
	return []any{&r.id, &r.taskID, &r.websdrID, &r.frequencyMHz, &r.sampleRateKHz, &r.samplesCount, &r.at, &r.snr, &r.offset, &r.power, &r.s3Path}
}

// measurement is r as an import has it, and why it may not be one.
func (r *seedRow) measurement() (heimdall.ImportedMeasurement, *heimdall.InvalidError) {
	var bad heimdall.InvalidError
	m := heimdall.ImportedMeasurement{Measurement: heimdall.Measurement{TimeQuality: heimdall.TimeNone, Metrics: heimdall.Metrics{
		SNRdB: r.snr, FrequencyOffsetHz: r.offset, PowerDBM: r.power}}}
	if r.taskID == nil || *r.taskID == "" {
		bad.Add("task_id", "must not be empty")
	} else if m.TaskID = heimdall.TaskIDOf(*r.taskID); !strings.EqualFold(m.TaskID, *r.taskID) {
		m.SourceTaskID = *r.taskID
	}
	if r.websdrID == nil {
		bad.Add("websdr_id", "must not be empty")
	} else {
		m.WebSDRID = *r.websdrID
	}
	switch {
	case !r.at.Valid:
		bad.Add("timestamp_utc", "must not be empty")
	case r.at.InfinityModifier != pgtype.Finite:
		bad.Add("timestamp_utc", "must be a time, not %s", r.at.InfinityModifier)
	default:
		m.Timestamp = r.at.Time.UTC()
	}
	switch f := r.frequencyMHz; {
	case f == nil:
		bad.Add("frequency_mhz", "must not be empty")
	case !(*f > 0 && *f <= 1e9): // what can be no int64 of hertz, and NaN
		bad.Add("frequency_mhz", "must be above 0 and at most %d, not %v", heimdall.MaxFrequencyHz/1_000_000, *f)
	default:
		m.FrequencyHz = int64(math.Round(*f * 1e6))
	}
	if r.sampleRateKHz != nil {
		m.SampleRateHz = thousandfold(*r.sampleRateKHz)
	}
	if r.samplesCount != nil {
		m.SamplesCount = *r.samplesCount
	}
	if r.s3Path != nil {
		m.S3Path = *r.s3Path
	}
	if bad.Err() != nil {
		return m, &bad
	}
	if bad, ok := m.Validate(time.Now()).(*heimdall.InvalidError); ok {
		return m, bad
	}
	return m, nil
}

// thousandfold moves the decimal point: in binary, 4.001 times 1000 is not 4001.
func thousandfold(v float64) float64 {
	moved, err := strconv.ParseFloat(strconv.FormatFloat(v, 'f', -1, 64)+"e3", 64)
	if err != nil { // NaN and infinities
		return v
	}
	return moved
}

// reject is r for the file of rejects.
func (r *seedRow) reject(bad *heimdall.InvalidError) SeedReject {
	out := SeedReject{Column: bad.Fields[0].Field, Reason: bad.Error()}
	if r.id != nil {
		out.ID = strconv.FormatInt(*r.id, 10)
	}
	fields := r.fields()
	for _, c := range r.table.columns {
		for i, f := range seedFields {
			if f.name == c.name {
				out.Cells = append(out.Cells, cellOf(fields[i]))
			}
		}
	}
	return out
}

// cellOf is a field as CSV has it, and as an import reads it.
func cellOf(field any) string {
	switch f := field.(type) {
	case **int64:
		if *f != nil {
			return strconv.FormatInt(**f, 10)
		}
	case **float64:
		if *f != nil {
			return strconv.FormatFloat(**f, 'g', -1, 64)
		}
	case **string:
		if *f != nil {
			return **f
		}
	case *pgtype.Timestamptz:
		switch {
		case !f.Valid:
		case f.InfinityModifier != pgtype.Finite:
			return f.InfinityModifier.String()
		default:
			return f.Time.UTC().Format(time.RFC3339Nano)
		}
	}
	return ""
}

// A seedBatch is rows that were read and not stored yet.
type seedBatch struct {
	good       []heimdall.ImportedMeasurement
	from       []seedRow // of each of good
	rejects    []SeedReject
	rows       int64
	duplicates int64
	seen       seenKeys
}

func (b *seedBatch) size() int { return len(b.good) + len(b.rejects) }

func (b *seedBatch) clear() {
	b.good, b.from, b.rejects, b.rows, b.duplicates = b.good[:0], b.from[:0], b.rejects[:0], 0, 0
}

// add sorts a row into those to be stored and those to be rejected.
func (b *seedBatch) add(r *seedRow) {
	b.rows++
	m, bad := r.measurement()
	if bad != nil {
		b.rejects = append(b.rejects, r.reject(bad))
		return
	}
	if first, twice := b.seen.add(r, m.TaskID); twice {
		var bad heimdall.InvalidError
		bad.Add("task_id", "has the key (task_id, websdr_id, timestamp_utc) of another row%s, which comes first", first)
		b.rejects = append(b.rejects, r.reject(&bad))
		b.duplicates++
		return
	}
	b.good, b.from = append(b.good, m), append(b.from, *r)
}

// seenKeys remembers the keys of neighbours: those that are alike but for upper and lower case, which UUIDs do not tell
// apart. So it holds a few keys at most.
type seenKeys struct {
	at       time.Time
	websdrID int64
	folded   string
	ids      map[string]string // of each task id, which row was the first with it
}

// add reports whether the key of r was there before, and whose it is.
func (s *seenKeys) add(r *seedRow, taskID string) (first string, twice bool) {
	folded := strings.ToLower(*r.taskID)
	if s.ids == nil || !r.at.Time.Equal(s.at) || *r.websdrID != s.websdrID || folded != s.folded {
		s.at, s.websdrID, s.folded, s.ids = r.at.Time, *r.websdrID, folded, map[string]string{}
	}
	if first, twice = s.ids[taskID]; twice {
		return first, true
	}
	s.ids[taskID] = ""
	if r.id != nil {
		s.ids[taskID] = fmt.Sprintf(", that of id %d", *r.id)
	}
	return "", false
}
