package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"github.com/heimdall-sdr/heimdall"
)

const selectMeasurements = `
SELECT task_id, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, s3_path, time_quality,
       time_uncertainty_s,
       snr_db, snr_sigma_db, snr_upper_db, snr_bandwidth_hz, detected, cn0_dbhz, signal_dbfs, channel_power_dbfs,
       noise_dbfs_hz, noise_source, noise_used_fraction, power_dbfs, peak_dbfs, papr_db, dc_dbfs, clip_fraction,
       frequency_offset_hz, frequency_method, frequency_sigma_hz, clock_sigma_hz, line_fraction, drift_hz_s, drift_sigma_hz_s,
       obw_hz, obw_lo_hz, obw_hi_hz, obw_valid, flatness_db, spectral_kurtosis, duty, on_snr_db,
       power_dbm, signal_dbm, noise_dbm_hz, cal_db, cal_sigma_db, cal_source,
       flags, algorithm_version, welch_l, welch_k
FROM measurements`

// measurementColumns are in the order of selectMeasurements and insertMeasurement.
func measurementColumns(m *heimdall.Measurement) []column {
	return append([]column{
		{"task_id", &m.TaskID}, {"websdr_id", &m.WebSDRID}, {"timestamp_utc", micros{&m.Timestamp}},
		{"frequency_hz", &m.FrequencyHz}, {"sample_rate_hz", &m.SampleRateHz}, {"samples_count", &m.SamplesCount},
		{"s3_path", &m.S3Path}, {"time_quality", &m.TimeQuality},
		{"time_uncertainty_s", &m.TimeUncertaintyS},
	}, metricsColumns(&m.Metrics)...)
}

// metricsColumns are the last columns of a measurement, in the order of replaceMetrics.
func metricsColumns(m *heimdall.Metrics) []column {
	return []column{
		{"snr_db", &m.SNRdB}, {"snr_sigma_db", &m.SNRSigmaDB}, {"snr_upper_db", &m.SNRUpperDB},
		{"snr_bandwidth_hz", &m.SNRBandwidthHz}, {"detected", &m.Detected}, {"cn0_dbhz", &m.CN0dBHz},
		{"signal_dbfs", &m.SignalDBFS}, {"channel_power_dbfs", &m.ChannelPowerDBFS},
		{"noise_dbfs_hz", &m.NoiseDBFSHz}, {"noise_source", &m.NoiseSource}, {"noise_used_fraction", &m.NoiseUsedFraction},
		{"power_dbfs", &m.PowerDBFS}, {"peak_dbfs", &m.PeakDBFS}, {"papr_db", &m.PAPRdB}, {"dc_dbfs", &m.DCdBFS},
		{"clip_fraction", &m.ClipFraction},
		{"frequency_offset_hz", &m.FrequencyOffsetHz}, {"frequency_method", &m.FrequencyMethod},
		{"frequency_sigma_hz", &m.FrequencySigmaHz}, {"clock_sigma_hz", &m.ClockSigmaHz},
		{"line_fraction", &m.LineFraction}, {"drift_hz_s", &m.DriftHzS}, {"drift_sigma_hz_s", &m.DriftSigmaHzS},
		{"obw_hz", &m.OBWHz}, {"obw_lo_hz", &m.OBWLowHz}, {"obw_hi_hz", &m.OBWHighHz}, {"obw_valid", &m.OBWValid},
		{"flatness_db", &m.FlatnessDB}, {"spectral_kurtosis", &m.SpectralKurtosis}, {"duty", &m.Duty}, {"on_snr_db", &m.OnSNRdB},
		{"power_dbm", &m.PowerDBM}, {"signal_dbm", &m.SignalDBM}, {"noise_dbm_hz", &m.NoiseDBMHz},
		{"cal_db", &m.CalibrationDB}, {"cal_sigma_db", &m.CalibrationSigmaDB}, {"cal_source", &m.CalibrationSource},
		{"flags", list[string]{&m.Flags}}, {"algorithm_version", &m.AlgorithmVersion},
		{"welch_l", &m.SegmentLength}, {"welch_k", &m.SegmentAverages},
	}
}

func scanMeasurement(r row) (m heimdall.Measurement, err error) {
	err = r.Scan(fields(measurementColumns(&m))...)
	return m, err
}

const insertMeasurement = `
INSERT INTO measurements (task_id, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, s3_path,
       time_quality, time_uncertainty_s,
       snr_db, snr_sigma_db, snr_upper_db, snr_bandwidth_hz, detected, cn0_dbhz, signal_dbfs, channel_power_dbfs,
       noise_dbfs_hz, noise_source, noise_used_fraction, power_dbfs, peak_dbfs, papr_db, dc_dbfs, clip_fraction,
       frequency_offset_hz, frequency_method, frequency_sigma_hz, clock_sigma_hz, line_fraction, drift_hz_s, drift_sigma_hz_s,
       obw_hz, obw_lo_hz, obw_hi_hz, obw_valid, flatness_db, spectral_kurtosis, duty, on_snr_db,
       power_dbm, signal_dbm, noise_dbm_hz, cal_db, cal_sigma_db, cal_source,
       flags, algorithm_version, welch_l, welch_k)
VALUES (?, ?, ?, ?, ?, ?, ?,
       ?, ?,
       ?, ?, ?, ?, ?, ?, ?, ?,
       ?, ?, ?, ?, ?, ?, ?, ?,
       ?, ?, ?, ?, ?, ?, ?,
       ?, ?, ?, ?, ?, ?, ?, ?,
       ?, ?, ?, ?, ?, ?,
       ?, ?, ?, ?)`

func addMeasurement(ctx context.Context, tx *sql.Tx, m *heimdall.Measurement) error {
	_, err := tx.ExecContext(ctx, insertMeasurement, fields(measurementColumns(m))...)
	return failed(ctx, "insert measurement", err)
}

const replaceMetrics = `
UPDATE measurements
SET snr_db = ?, snr_sigma_db = ?, snr_upper_db = ?, snr_bandwidth_hz = ?, detected = ?, cn0_dbhz = ?, signal_dbfs = ?,
    channel_power_dbfs = ?, noise_dbfs_hz = ?, noise_source = ?, noise_used_fraction = ?, power_dbfs = ?, peak_dbfs = ?,
    papr_db = ?, dc_dbfs = ?, clip_fraction = ?, frequency_offset_hz = ?, frequency_method = ?, frequency_sigma_hz = ?,
    clock_sigma_hz = ?, line_fraction = ?, drift_hz_s = ?, drift_sigma_hz_s = ?, obw_hz = ?, obw_lo_hz = ?,
    obw_hi_hz = ?, obw_valid = ?, flatness_db = ?, spectral_kurtosis = ?, duty = ?, on_snr_db = ?, power_dbm = ?,
    signal_dbm = ?, noise_dbm_hz = ?, cal_db = ?, cal_sigma_db = ?, cal_source = ?, flags = ?, algorithm_version = ?,
    welch_l = ?, welch_k = ?
WHERE task_id = ? AND websdr_id = ? AND timestamp_utc = ? AND algorithm_version = ?`

const selectVersion = `
SELECT algorithm_version FROM measurements WHERE task_id = ? AND websdr_id = ? AND timestamp_utc = ?`

// ReplaceMetrics puts new metrics in the place of those of version oldVersion, and touches nothing else of the
// row. It is ErrConflict when the row is of another version by now, and ErrNotFound when there is none.
func (s *Store) ReplaceMetrics(ctx context.Context, key heimdall.MeasurementKey, oldVersion string, m heimdall.Metrics) error {
	const do = "replace metrics"
	columns := metricsColumns(&m)
	if err := checkFinite(columns); err != nil {
		return failed(ctx, do, err)
	}
	return s.write(ctx, do, func(tx *sql.Tx) error {
		if err := refuseImported(ctx, tx, key.TaskID); err != nil {
			return err
		}
		return reroll(ctx, tx, key, func() error { return replaceRow(ctx, tx, key, oldVersion, columns) })
	})
}

func replaceRow(ctx context.Context, tx *sql.Tx, key heimdall.MeasurementKey, oldVersion string, columns []column) error {
	id := []any{key.TaskID, key.WebSDRID, micros{&key.Timestamp}}
	result, err := tx.ExecContext(ctx, replaceMetrics, append(append(fields(columns), id...), oldVersion)...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); n > 0 || err != nil {
		return err
	}
	var version string
	if err := tx.QueryRowContext(ctx, selectVersion, id...).Scan(&version); err != nil {
		return notFound(err, "measurement of WebSDR %d in acquisition %s", key.WebSDRID, key.TaskID)
	}
	return fmt.Errorf("the measurement of WebSDR %d in acquisition %s is of version %q, not %q any more: %w",
		key.WebSDRID, key.TaskID, version, oldVersion, heimdall.ErrConflict)
}

// Measurements returns a page of measurements, newest first.
func (s *Store) Measurements(ctx context.Context, f heimdall.MeasurementFilter) ([]heimdall.Measurement, error) {
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, "list measurements", err)
	}
	page, err := s.measurements(ctx, f)
	return page, failed(ctx, "list measurements", err)
}

// streamPage is how many rows a stream holds: enough that finding the place of a page costs little.
const streamPage = 200

// EachMeasurement yields all measurements chosen, newest first, at most f.Limit unless that is 0. It reads page
// by page and holds neither a connection nor a snapshot between them, so that a slow reader costs the store
// nothing: every row that is there throughout comes exactly once, one stored meanwhile may be missing.
func (s *Store) EachMeasurement(ctx context.Context, f heimdall.MeasurementFilter) iter.Seq2[heimdall.Measurement, error] {
	return func(yield func(heimdall.Measurement, error) bool) {
		left := f.Limit
		for {
			f.Limit = streamPage
			if left > 0 {
				f.Limit = min(left, streamPage)
			}
			page, err := s.measurements(ctx, f)
			if err != nil {
				yield(heimdall.Measurement{}, failed(ctx, "stream measurements", err))
				return
			}
			for _, m := range page {
				if !yield(m, nil) {
					return
				}
			}
			left -= len(page)
			if len(page) < f.Limit || left == 0 {
				return
			}
			last := page[len(page)-1]
			f.After = &heimdall.MeasurementKey{Timestamp: last.Timestamp, TaskID: last.TaskID, WebSDRID: last.WebSDRID}
		}
	}
}

const measurementsOrder = ` ORDER BY timestamp_utc DESC, task_id DESC, websdr_id DESC LIMIT ?`

func (s *Store) measurements(ctx context.Context, f heimdall.MeasurementFilter) (_ []heimdall.Measurement, err error) {
	if f.WebSDRIDs, err = near(ctx, s.reader, f.Near, f.WebSDRIDs); err != nil {
		return nil, err
	}
	w, err := measurementsWhere(f)
	if err != nil {
		return nil, err
	}
	if err := s.addText(ctx, &w, "measurements", f.Text); err != nil {
		return nil, err
	}
	if err := s.addSchedules(ctx, &w, "measurements", f.ScheduleIDs); err != nil {
		return nil, err
	}
	rows, err := s.reader.QueryContext(ctx, selectMeasurements+w.String()+measurementsOrder, append(w.args, f.Limit)...)
	return all(rows, err, scanMeasurement)
}

// measurementsWhere is the condition of f. One WebSDR or one frequency is looked up in an index that is in order
// of time, too. Several, or a window, are filtered from the index of all times (that is what + says): a page then
// reads as many rows as it skips, where the other indexes would have to sort everything that matches.
func measurementsWhere(f heimdall.MeasurementFilter) (where, error) {
	var w where
	if f.TaskID != "" {
		w.add("task_id = ?", f.TaskID)
	}
	if len(f.WebSDRIDs) == 1 {
		w.add("websdr_id = ?", f.WebSDRIDs[0])
	} else if f.WebSDRIDs != nil {
		ids, err := asJSON(f.WebSDRIDs)
		if err != nil {
			return w, err
		}
		w.add("+websdr_id IN (SELECT value FROM json_each(?))", ids)
	}
	if !f.From.IsZero() {
		w.add("timestamp_utc >= ?", ceilMicros(f.From))
	}
	if !f.To.IsZero() {
		w.add("timestamp_utc < ?", ceilMicros(f.To))
	}
	if f.FrequencyMinHz != 0 && f.FrequencyMinHz == f.FrequencyMaxHz {
		w.add("frequency_mhz = ? / 1e6", f.FrequencyMinHz)
	} else {
		if f.FrequencyMinHz != 0 {
			w.add("frequency_hz >= ?", f.FrequencyMinHz)
		}
		if f.FrequencyMaxHz != 0 {
			w.add("frequency_hz <= ?", f.FrequencyMaxHz)
		}
	}
	if f.SNRMinDB != nil {
		w.add("snr_db >= ?", *f.SNRMinDB)
	}
	if f.SNRMaxDB != nil {
		w.add("snr_db <= ?", *f.SNRMaxDB)
	}
	if f.DetectedOnly {
		w.add("detected")
	}
	if f.UndetectedOnly {
		w.add("NOT detected")
	}
	if err := w.addQuality(f); err != nil {
		return w, err
	}
	if f.AlgorithmVersionNot != "" {
		w.add("algorithm_version <> ?"+notImported, f.AlgorithmVersionNot)
	}
	if f.After != nil {
		w.add("(timestamp_utc, task_id, websdr_id) < (?, ?, ?)", f.After.Timestamp.UnixMicro(), f.After.TaskID, f.After.WebSDRID)
	}
	return w, nil
}
