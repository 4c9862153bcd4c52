package heimdall

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// An ImportedMeasurement is a measurement that was made elsewhere: by another Heimdall, or by the Python system.
//
// With it comes a stand-in for what it was made from, so that it can be listed, counted and deleted like any other:
// an acquisition that ended as a success, and in it a capture that succeeded without a recording. One capture may
// have any number of imported measurements, since elsewhere one task may have gone on for months.
type ImportedMeasurement struct {
	Measurement
	SourceTaskID string // what its acquisition is called where it comes from; "" when that is TaskID
}

// ImportOptions say how to import.
type ImportOptions struct {
	Label  string // of acquisitions that are new; the others keep theirs
	DryRun bool   // only say what would become of each row
}

// An ImportResult says what became of the rows of one call.
type ImportResult struct {
	Stored  int             // or would be, on a dry run
	Present int             // were there already, under the same key, and stay as they are
	Refused []ImportRefusal // in order of rows
}

// An ImportRefusal says what is wrong with one row.
type ImportRefusal struct {
	Row int // index among the rows of the call
	Err *InvalidError
}

// Refuse notes that the row of that index is refused for one reason.
func (r *ImportResult) Refuse(row int, field, format string, args ...any) {
	var bad InvalidError
	bad.Add(field, format, args...)
	r.Refused = append(r.Refused, ImportRefusal{Row: row, Err: &bad})
}

// importedTasks is the namespace of the ids that TaskIDOf makes up; it was drawn at random.
const importedTasks = "3f0cb5a2-8a3e-4e7d-9d0b-5f6f0f6d2c11"

// TaskIDOf is the task id of an acquisition that is called source elsewhere: source itself where that is a UUID, in
// lower case, and else the UUID of version 5 (RFC 9562, section 5.5) that is always the same for the same name.
func TaskIDOf(source string) string {
	if isUUID(source) {
		return strings.ToLower(source)
	}
	space, err := hex.DecodeString(strings.ReplaceAll(importedTasks, "-", ""))
	if err != nil {
		return source // cannot be: it is a constant
	}
	sum := sha1.Sum(append(space, source...))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F'):
			return false
		}
	}
	return true
}

// MaxSourceTaskID is how long the name of an acquisition may be elsewhere, in bytes.
const MaxSourceTaskID = 200

// oldest is before any network receiver; rows of 1970 have lost their time.
var oldest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// Validate reports everything wrong with a measurement made elsewhere as one *InvalidError. Clocks may differ by a day.
func (m *ImportedMeasurement) Validate(now time.Time) error {
	var bad InvalidError
	if !isUUID(m.TaskID) {
		bad.Add("task_id", "must be a UUID, not %q", m.TaskID)
	}
	if len(m.SourceTaskID) > MaxSourceTaskID || !utf8.ValidString(m.SourceTaskID) || strings.ContainsRune(m.SourceTaskID, 0) {
		bad.Add("task_id", "must be at most %d bytes of UTF-8", MaxSourceTaskID)
	}
	if m.WebSDRID < 1 || m.WebSDRID > 1<<31-1 {
		bad.Add("websdr_id", "must be from 1 to 2147483647, not %d", m.WebSDRID)
	}
	if m.Timestamp.Before(oldest) || m.Timestamp.After(now.AddDate(0, 0, 1)) {
		bad.Add("timestamp_utc", "must be after %s and not in the future: it is %s", oldest.Format(time.DateOnly), m.Timestamp.UTC().Format(time.RFC3339))
	}
	if m.FrequencyHz <= 0 || m.FrequencyHz > MaxFrequencyHz {
		bad.Add("frequency_mhz", "must be above 0 and at most %d", MaxFrequencyHz/1_000_000)
	}
	if !within(m.SampleRateHz, 0, 1e8) {
		bad.Add("sample_rate_khz", "must be from 0 (not known) to 100000, not %v", m.SampleRateHz/1e3)
	}
	if m.SamplesCount < 0 {
		bad.Add("samples_count", "must not be below 0, but is %d", m.SamplesCount)
	}
	if m.SegmentLength < 0 {
		bad.Add("L", "must not be below 0, but is %d", m.SegmentLength)
	}
	switch m.TimeQuality {
	case TimeGPS, TimeHostDisciplined, TimeHostArrival, TimeNone:
	default:
		bad.Add("time_quality", "must be %s, %s, %s or %s, not %q", TimeGPS, TimeHostDisciplined, TimeHostArrival, TimeNone, m.TimeQuality)
	}
	m.validateNumbers(&bad)
	m.validateTexts(&bad)
	return bad.Err()
}

// validateNumbers is wide enough for any receiver, and false for NaN and infinities.
func (m *ImportedMeasurement) validateNumbers(bad *InvalidError) {
	const db, hz = 400, 1e8
	for _, n := range []struct {
		name      string
		v         *float64
		low, high float64
	}{
		{"time_uncertainty_s", &m.TimeUncertaintyS, 0, 1e9}, {"snr_db", m.SNRdB, -db, db}, {"snr_sigma_db", m.SNRSigmaDB, 0, db},
		{"snr_upper_db", m.SNRUpperDB, -db, db}, {"snr_bandwidth_hz", &m.SNRBandwidthHz, 0, hz}, {"cn0_dbhz", m.CN0dBHz, -db, db},
		{"signal_dbfs", m.SignalDBFS, -db, db}, {"channel_power_dbfs", m.ChannelPowerDBFS, -db, db},
		{"noise_dbfs_hz", m.NoiseDBFSHz, -db, db}, {"noise_used_fraction", m.NoiseUsedFraction, 0, 1},
		{"power_dbfs", m.PowerDBFS, -db, db}, {"peak_dbfs", m.PeakDBFS, -db, db}, {"papr_db", m.PAPRdB, -db, db},
		{"dc_dbfs", m.DCdBFS, -db, db}, {"clip_fraction", &m.ClipFraction, 0, 1},
		{"frequency_offset_hz", m.FrequencyOffsetHz, -hz, hz}, {"frequency_sigma_hz", m.FrequencySigmaHz, 0, hz},
		{"clock_sigma_hz", m.ClockSigmaHz, 0, hz}, {"line_fraction", m.LineFraction, 0, 1}, {"drift_hz_s", m.DriftHzS, -hz, hz},
		{"drift_sigma_hz_s", m.DriftSigmaHzS, 0, hz}, {"obw_hz", m.OBWHz, 0, hz}, {"obw_lo_hz", m.OBWLowHz, -hz, hz},
		{"obw_hi_hz", m.OBWHighHz, -hz, hz}, {"flatness_db", m.FlatnessDB, -db, db}, {"spectral_kurtosis", m.SpectralKurtosis, -1e12, 1e12},
		{"duty", m.Duty, 0, 1}, {"on_snr_db", m.OnSNRdB, -db, db}, {"power_dbm", m.PowerDBM, -db, db}, {"signal_dbm", m.SignalDBM, -db, db},
		{"noise_dbm_hz", m.NoiseDBMHz, -db, db}, {"cal_db", m.CalibrationDB, -db, db}, {"cal_sigma_db", m.CalibrationSigmaDB, 0, db},
		{"K", &m.SegmentAverages, 0, 1e12},
	} {
		if n.v != nil && !within(*n.v, n.low, n.high) {
			bad.Add(n.name, "must be from %v to %v, not %v", n.low, n.high, *n.v)
		}
	}
}

func (m *ImportedMeasurement) validateTexts(bad *InvalidError) {
	check := func(name, text string) {
		if len(text) > 1000 || !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			bad.Add(name, "must be at most 1000 bytes of UTF-8")
		}
	}
	check("s3_path", m.S3Path)
	check("noise_source", m.NoiseSource)
	check("algorithm_version", m.AlgorithmVersion)
	check("flags", strings.Join(m.Flags, " "))
	if m.FrequencyMethod != nil {
		check("frequency_method", *m.FrequencyMethod)
	}
	if m.CalibrationSource != nil {
		check("cal_source", *m.CalibrationSource)
	}
}
