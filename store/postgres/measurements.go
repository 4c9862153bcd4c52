package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"

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

// insertMeasurements takes a column of values as one argument, so that one statement serves any number of rows. What
// is there already under its key is what a repeat would store.
const insertMeasurements = `
INSERT INTO measurement_rows (task_id, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, s3_path, time_quality,
       time_uncertainty_s, snr_db, snr_sigma_db, snr_upper_db, snr_bandwidth_hz, detected, cn0_dbhz, signal_dbfs,
       channel_power_dbfs, noise_dbfs_hz, noise_source, noise_used_fraction, power_dbfs, peak_dbfs, papr_db,
       dc_dbfs, clip_fraction, frequency_offset_hz, frequency_method, frequency_sigma_hz, clock_sigma_hz,
       line_fraction, drift_hz_s, drift_sigma_hz_s, obw_hz, obw_lo_hz, obw_hi_hz, obw_valid, flatness_db,
       spectral_kurtosis, duty, on_snr_db, power_dbm, signal_dbm, noise_dbm_hz, cal_db, cal_sigma_db, cal_source,
       flags, algorithm_version, welch_l, welch_k)
SELECT task_id::uuid, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, s3_path, time_quality,
       time_uncertainty_s, snr_db, snr_sigma_db, snr_upper_db, snr_bandwidth_hz, detected, cn0_dbhz, signal_dbfs,
       channel_power_dbfs, noise_dbfs_hz, noise_source, noise_used_fraction, power_dbfs, peak_dbfs, papr_db,
       dc_dbfs, clip_fraction, frequency_offset_hz, frequency_method, frequency_sigma_hz, clock_sigma_hz,
       line_fraction, drift_hz_s, drift_sigma_hz_s, obw_hz, obw_lo_hz, obw_hi_hz, obw_valid, flatness_db,
       spectral_kurtosis, duty, on_snr_db, power_dbm, signal_dbm, noise_dbm_hz, cal_db, cal_sigma_db, cal_source,
       flags::jsonb, algorithm_version, welch_l, welch_k
FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::float8[], $6::bigint[], $7::text[],
       $8::text[], $9::float8[], $10::float8[], $11::float8[], $12::float8[], $13::float8[], $14::boolean[],
       $15::float8[], $16::float8[], $17::float8[], $18::float8[], $19::text[], $20::float8[], $21::float8[],
       $22::float8[], $23::float8[], $24::float8[], $25::float8[], $26::float8[], $27::text[], $28::float8[],
       $29::float8[], $30::float8[], $31::float8[], $32::float8[], $33::float8[], $34::float8[], $35::float8[],
       $36::boolean[], $37::float8[], $38::float8[], $39::float8[], $40::float8[], $41::float8[], $42::float8[],
       $43::float8[], $44::float8[], $45::float8[], $46::text[], $47::text[], $48::text[], $49::bigint[],
       $50::float8[])
  AS m (task_id, websdr_id, timestamp_utc, frequency_hz, sample_rate_hz, samples_count, s3_path, time_quality,
       time_uncertainty_s, snr_db, snr_sigma_db, snr_upper_db, snr_bandwidth_hz, detected, cn0_dbhz, signal_dbfs,
       channel_power_dbfs, noise_dbfs_hz, noise_source, noise_used_fraction, power_dbfs, peak_dbfs, papr_db,
       dc_dbfs, clip_fraction, frequency_offset_hz, frequency_method, frequency_sigma_hz, clock_sigma_hz,
       line_fraction, drift_hz_s, drift_sigma_hz_s, obw_hz, obw_lo_hz, obw_hi_hz, obw_valid, flatness_db,
       spectral_kurtosis, duty, on_snr_db, power_dbm, signal_dbm, noise_dbm_hz, cal_db, cal_sigma_db, cal_source,
       flags, algorithm_version, welch_l, welch_k)
ON CONFLICT DO NOTHING`

// measurementValues are the arguments of insertMeasurements for one row. A key that follows from the row is not kept.
func measurementValues(m *heimdall.Measurement) ([]any, error) {
	const s3Path = 6
	out, err := values(measurementColumns(m))
	if err == nil && m.S3Path == fmt.Sprintf("sessions/%s/websdr_%d.sigmf-data", m.TaskID, m.WebSDRID) {
		out[s3Path] = nil
	}
	return out, err
}

const replaceMetrics = `
UPDATE measurement_rows
SET snr_db = $1, snr_sigma_db = $2, snr_upper_db = $3, snr_bandwidth_hz = $4, detected = $5, cn0_dbhz = $6, signal_dbfs = $7,
    channel_power_dbfs = $8, noise_dbfs_hz = $9, noise_source = $10, noise_used_fraction = $11, power_dbfs = $12, peak_dbfs = $13,
    papr_db = $14, dc_dbfs = $15, clip_fraction = $16, frequency_offset_hz = $17, frequency_method = $18, frequency_sigma_hz = $19,
    clock_sigma_hz = $20, line_fraction = $21, drift_hz_s = $22, drift_sigma_hz_s = $23, obw_hz = $24, obw_lo_hz = $25,
    obw_hi_hz = $26, obw_valid = $27, flatness_db = $28, spectral_kurtosis = $29, duty = $30, on_snr_db = $31, power_dbm = $32,
    signal_dbm = $33, noise_dbm_hz = $34, cal_db = $35, cal_sigma_db = $36, cal_source = $37, flags = $38, algorithm_version = $39,
    welch_l = $40, welch_k = $41
WHERE timestamp_utc = $42 AND websdr_id = $43::bigint AND task_id = $44 AND algorithm_version = $45`

const selectAlgorithmVersion = `
SELECT algorithm_version FROM measurement_rows WHERE timestamp_utc = $1 AND websdr_id = $2::bigint AND task_id = $3`

// ReplaceMetrics puts new metrics in the place of those of version oldVersion, and touches nothing else of the
// row but its rollups. It is ErrConflict when the row is of another version by now, and ErrNotFound when there is none.
func (s *Store) ReplaceMetrics(ctx context.Context, key heimdall.MeasurementKey, oldVersion string, m heimdall.Metrics) error {
	const do = "replace metrics"
	columns := metricsColumns(&m)
	if err := checkFinite(columns); err != nil {
		return failed(ctx, do, err)
	}
	args, err := values(columns)
	if err != nil {
		return failed(ctx, do, err)
	}
	return s.write(ctx, do, func(tx pgx.Tx) error {
		missing := func(err error) error {
			return notFound(err, "measurement of WebSDR %d in acquisition %s", key.WebSDRID, key.TaskID)
		}
		id, err := parseTaskID(key.TaskID)
		if err != nil {
			return missing(err)
		}
		if _, err := tx.Exec(ctx, lockAcquisition, id); err != nil {
			return err
		}
		if err := refuseImported(ctx, tx, id); err != nil {
			return err
		}
		where := []any{micros{&key.Timestamp}, key.WebSDRID, id}
		return missing(reroll(ctx, tx, where, func() error {
			result, err := tx.Exec(ctx, replaceMetrics, append(append(args[:len(args):len(args)], where...), storable(oldVersion))...)
			if err != nil || result.RowsAffected() > 0 {
				return err
			}
			var version string
			if err := tx.QueryRow(ctx, selectAlgorithmVersion, where...).Scan(&version); err != nil {
				return err
			}
			return fmt.Errorf("the measurement of WebSDR %d in acquisition %s is of version %q, not %q any more: %w",
				key.WebSDRID, key.TaskID, version, oldVersion, heimdall.ErrConflict)
		}))
	})
}

// Measurements returns a page of measurements, newest first.
func (s *Store) Measurements(ctx context.Context, f heimdall.MeasurementFilter) ([]heimdall.Measurement, error) {
	if err := checkLimit(f.Limit); err != nil {
		return nil, failed(ctx, "list measurements", err)
	}
	page, err := measurements(ctx, s.pool, f)
	return page, failed(ctx, "list measurements", err)
}

// streamPage is how many rows a stream holds: enough that finding the place of a page costs little.
const streamPage = 500

// EachMeasurement yields all measurements chosen, newest first, at most f.Limit unless that is 0. It reads page
// by page and holds neither a connection nor a snapshot between them, so that a slow reader costs the store
// nothing: every row that is there throughout comes exactly once, one stored meanwhile may be missing.
func (s *Store) EachMeasurement(ctx context.Context, f heimdall.MeasurementFilter) iter.Seq2[heimdall.Measurement, error] {
	const do = "stream measurements"
	return func(yield func(heimdall.Measurement, error) bool) {
		left := f.Limit
		for {
			f.Limit = streamPage
			if left > 0 {
				f.Limit = min(left, streamPage)
			}
			var page []heimdall.Measurement
			err := s.readLong(ctx, do, func(tx pgx.Tx) (err error) {
				page, err = measurements(ctx, tx, f)
				return err
			})
			if err != nil {
				yield(heimdall.Measurement{}, err)
				return
			}
			for _, m := range page {
				if err := ctx.Err(); err != nil {
					yield(heimdall.Measurement{}, failed(ctx, do, err))
					return
				}
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

const measurementsOrder = ` ORDER BY timestamp_utc DESC, task_id DESC, websdr_id DESC`

func measurements(ctx context.Context, q querier, f heimdall.MeasurementFilter) (_ []heimdall.Measurement, err error) {
	var w where
	if f.WebSDRIDs, err = near(ctx, q, f.Near, f.WebSDRIDs); err != nil {
		return nil, err
	}
	if f.TaskID != "" {
		if err := w.addAcquisition(ctx, q, f.TaskID); errors.Is(err, pgx.ErrNoRows) {
			return []heimdall.Measurement{}, nil
		} else if err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.addFilter(f), w.addText(ctx, q, f.Text), w.addTimesOf(ctx, q, f.ScheduleIDs)); err != nil {
		return nil, err
	}
	if f.TaskID == "" && f.FrequencyMinHz+f.FrequencyMaxHz > 0 {
		return measurementsInHours(ctx, q, f, w)
	}
	query := selectMeasurements + w.String() + measurementsOrder + w.limit(f.Limit)
	rows, err := q.Query(ctx, query, w.args...)
	return all(rows, err, scanMeasurement)
}
