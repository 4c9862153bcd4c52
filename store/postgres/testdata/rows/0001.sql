-- Rows as schema 1 held them: an acquisition by two WebSDRs, of which one failed.
INSERT INTO websdrs VALUES
    (1, 'kiwi', 'kiwisdr', 'http://kiwi.example:8073', 'Torino', 45.044, 7.672, NULL, true, 30, 3, 0, 0, 0, 0, 0, 0, NULL, '', 0, NULL, NULL, '', '2026-11-01', '2026-11-01'),
    (2, 'other', 'kiwisdr', 'http://other.example:8073', 'Genova', 44.4, 8.9, 12, true, 30, 3, 0, 0, 0, 0, 0, 0, 10, 'secret', 1, -80, 2, 'on the roof', '2026-11-01', '2026-11-02');
SELECT setval('websdr_ids', 2);

INSERT INTO acquisitions (task_id, idempotency_key, label, frequency_hz, duration_seconds, sample_rate_hz, channel_center_hz, channel_bandwidth_hz,
    join_timeout_seconds, state, cancel_requested, reason, created_at, started_at, ended_at, window_start, claims, fence)
VALUES ('019ab000-0000-7000-8000-000000000001', 'key', 'beacon', 7074000, 10, 0, 0, 0,
    0, 'partial', false, '', '2026-11-20 12:00:00+00', '2026-11-20 12:00:01+00', '2026-11-20 12:00:20+00', '2026-11-20 12:00:05+00', 1, 1);

INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds, started_at, ended_at,
    s3_path, datatype, sample_rate_hz, nominal_rate_hz, frequency_hz, passband_low_hz, passband_high_hz, samples_count, expected_samples, bytes, sha256,
    start_unix_ns, start_skew_s, time_quality, time_uncertainty_s, time_residual_s, gps_age_max_s, gaps, overloads, dialect, zero_if, planned_samples)
VALUES ('019ab000-0000-7000-8000-000000000001', 1, 0, 'success', 'done', 1, '', '', 480000, 10, '2026-11-20 12:00:01+00', '2026-11-20 12:00:16+00',
    'sessions/019ab000-0000-7000-8000-000000000001/websdr_1.sigmf-data', 'ci16_le', 12000.01, 12000, 7074000, -5000, 5000, 119993, 120000, 479972, repeat('0f', 32),
    1795176005123456789, 0, 'gps', 1e-6, 1e-7, 2, '[{"sample": 100, "missing": 7}]', 0, 'v1', false, 120000);
INSERT INTO captures (task_id, websdr_id, position, state, phase, attempts, failure_class, reason, bytes_received, elapsed_seconds, ended_at)
VALUES ('019ab000-0000-7000-8000-000000000001', 2, 1, 'failed', 'done', 4, 'busy', 'all slots taken', 0, 3, '2026-11-20 12:00:16+00');

INSERT INTO measurement_rows (timestamp_utc, websdr_id, task_id, frequency_hz, sample_rate_hz, samples_count, time_quality, time_uncertainty_s,
    snr_db, snr_bandwidth_hz, detected, noise_source, clip_fraction, obw_valid, flags, algorithm_version, welch_l, welch_k)
VALUES ('1970-01-01 00:00:00+00'::timestamptz + 1795176005123456 * INTERVAL '1 microsecond', 1, '019ab000-0000-7000-8000-000000000001', 7074000, 12000.01, 119993, 'gps', 1e-6,
    12.5, 2500, true, 'off_channel', 0, false, '["clipped"]', '1', 1024, 100);
