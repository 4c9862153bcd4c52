-- +goose Up
CREATE TABLE captures_hourly (
    bucket           INTEGER NOT NULL,
    websdr_id        INTEGER NOT NULL,
    frequency_hz     INTEGER NOT NULL,
    label            TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('success', 'failed', 'cancelled')),
    failure_class    TEXT    NOT NULL,
    captures         INTEGER NOT NULL,
    deleted          INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    bytes            INTEGER NOT NULL,
    last_at          INTEGER NOT NULL,
    detected         INTEGER NOT NULL,
    recorded_s       REAL    NOT NULL,
    snr_count        INTEGER NOT NULL,
    snr_sum_db       REAL    NOT NULL,
    snr_sumsq_db2    REAL    NOT NULL,
    snr_min_db       REAL,
    snr_max_db       REAL,
    offset_count     INTEGER NOT NULL,
    offset_sum_hz    REAL    NOT NULL,
    offset_sumsq_hz2 REAL    NOT NULL,
    offset_min_hz    REAL,
    offset_max_hz    REAL,
    centroid_count   INTEGER NOT NULL,
    noise_count      INTEGER NOT NULL,
    noise_sum_dbfs_hz REAL   NOT NULL,
    noise_sumsq_db2  REAL    NOT NULL,
    noise_min_dbfs_hz REAL,
    noise_max_dbfs_hz REAL,
    power_count      INTEGER NOT NULL,
    power_sum_dbfs   REAL    NOT NULL,
    power_sumsq_db2  REAL    NOT NULL,
    power_min_dbfs   REAL,
    power_max_dbfs   REAL,
    PRIMARY KEY (bucket, websdr_id, frequency_hz, label, state, failure_class)
) STRICT, WITHOUT ROWID;

CREATE TABLE captures_daily (
    bucket           INTEGER NOT NULL,
    websdr_id        INTEGER NOT NULL,
    frequency_hz     INTEGER NOT NULL,
    label            TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('success', 'failed', 'cancelled')),
    failure_class    TEXT    NOT NULL,
    captures         INTEGER NOT NULL,
    deleted          INTEGER NOT NULL,
    attempts         INTEGER NOT NULL,
    bytes            INTEGER NOT NULL,
    last_at          INTEGER NOT NULL,
    detected         INTEGER NOT NULL,
    recorded_s       REAL    NOT NULL,
    snr_count        INTEGER NOT NULL,
    snr_sum_db       REAL    NOT NULL,
    snr_sumsq_db2    REAL    NOT NULL,
    snr_min_db       REAL,
    snr_max_db       REAL,
    offset_count     INTEGER NOT NULL,
    offset_sum_hz    REAL    NOT NULL,
    offset_sumsq_hz2 REAL    NOT NULL,
    offset_min_hz    REAL,
    offset_max_hz    REAL,
    centroid_count   INTEGER NOT NULL,
    noise_count      INTEGER NOT NULL,
    noise_sum_dbfs_hz REAL   NOT NULL,
    noise_sumsq_db2  REAL    NOT NULL,
    noise_min_dbfs_hz REAL,
    noise_max_dbfs_hz REAL,
    power_count      INTEGER NOT NULL,
    power_sum_dbfs   REAL    NOT NULL,
    power_sumsq_db2  REAL    NOT NULL,
    power_min_dbfs   REAL,
    power_max_dbfs   REAL,
    PRIMARY KEY (bucket, websdr_id, frequency_hz, label, state, failure_class)
) STRICT, WITHOUT ROWID;

CREATE VIEW measurements_hourly AS
SELECT bucket, websdr_id, frequency_hz, frequency_hz / 1e6 AS frequency_mhz,
       sum(captures) AS rows, sum(detected) AS detected, total(recorded_s) AS recorded_s,
       sum(snr_count) AS snr_count, total(snr_sum_db) AS snr_sum_db, total(snr_sumsq_db2) AS snr_sumsq_db2,
       min(snr_min_db) AS snr_min_db, max(snr_max_db) AS snr_max_db,
       total(snr_sum_db) / NULLIF(sum(snr_count), 0) AS avg_snr_db,
       sum(offset_count) AS offset_count, total(offset_sum_hz) AS offset_sum_hz, total(offset_sumsq_hz2) AS offset_sumsq_hz2,
       min(offset_min_hz) AS offset_min_hz, max(offset_max_hz) AS offset_max_hz,
       total(offset_sum_hz) / NULLIF(sum(offset_count), 0) AS avg_frequency_offset_hz,
       sum(centroid_count) AS centroid_count,
       sum(noise_count) AS noise_count, total(noise_sum_dbfs_hz) AS noise_sum_dbfs_hz, total(noise_sumsq_db2) AS noise_sumsq_db2,
       min(noise_min_dbfs_hz) AS noise_min_dbfs_hz, max(noise_max_dbfs_hz) AS noise_max_dbfs_hz,
       total(noise_sum_dbfs_hz) / NULLIF(sum(noise_count), 0) AS avg_noise_dbfs_hz,
       sum(power_count) AS power_count, total(power_sum_dbfs) AS power_sum_dbfs, total(power_sumsq_db2) AS power_sumsq_db2,
       min(power_min_dbfs) AS power_min_dbfs, max(power_max_dbfs) AS power_max_dbfs,
       total(power_sum_dbfs) / NULLIF(sum(power_count), 0) AS avg_power_dbfs
FROM captures_hourly
WHERE state = 'success'
GROUP BY bucket, websdr_id, frequency_hz;

CREATE VIEW measurements_daily AS
SELECT bucket, websdr_id, frequency_hz, frequency_hz / 1e6 AS frequency_mhz,
       sum(captures) AS rows, sum(detected) AS detected, total(recorded_s) AS recorded_s,
       sum(snr_count) AS snr_count, total(snr_sum_db) AS snr_sum_db, total(snr_sumsq_db2) AS snr_sumsq_db2,
       min(snr_min_db) AS snr_min_db, max(snr_max_db) AS snr_max_db,
       total(snr_sum_db) / NULLIF(sum(snr_count), 0) AS avg_snr_db,
       sum(offset_count) AS offset_count, total(offset_sum_hz) AS offset_sum_hz, total(offset_sumsq_hz2) AS offset_sumsq_hz2,
       min(offset_min_hz) AS offset_min_hz, max(offset_max_hz) AS offset_max_hz,
       total(offset_sum_hz) / NULLIF(sum(offset_count), 0) AS avg_frequency_offset_hz,
       sum(centroid_count) AS centroid_count,
       sum(noise_count) AS noise_count, total(noise_sum_dbfs_hz) AS noise_sum_dbfs_hz, total(noise_sumsq_db2) AS noise_sumsq_db2,
       min(noise_min_dbfs_hz) AS noise_min_dbfs_hz, max(noise_max_dbfs_hz) AS noise_max_dbfs_hz,
       total(noise_sum_dbfs_hz) / NULLIF(sum(noise_count), 0) AS avg_noise_dbfs_hz,
       sum(power_count) AS power_count, total(power_sum_dbfs) AS power_sum_dbfs, total(power_sumsq_db2) AS power_sumsq_db2,
       min(power_min_dbfs) AS power_min_dbfs, max(power_max_dbfs) AS power_max_dbfs,
       total(power_sum_dbfs) / NULLIF(sum(power_count), 0) AS avg_power_dbfs
FROM captures_daily
WHERE state = 'success'
GROUP BY bucket, websdr_id, frequency_hz;

INSERT INTO captures_hourly
SELECT moment - (moment % 3600000000 + 3600000000) % 3600000000, websdr_id, frequency_hz, label, state, failure_class,
       count(*), 0, sum(attempts), sum(bytes), max(moment), COALESCE(sum(detected), 0), total(recorded_s),
       count(snr_db), total(snr_db), total(snr_db * snr_db), min(snr_db), max(snr_db),
       count(carrier_hz), total(carrier_hz), total(carrier_hz * carrier_hz), min(carrier_hz), max(carrier_hz), count(centroid_hz),
       count(noise_dbfs_hz), total(noise_dbfs_hz), total(noise_dbfs_hz * noise_dbfs_hz), min(noise_dbfs_hz), max(noise_dbfs_hz),
       count(power_dbfs), total(power_dbfs), total(power_dbfs * power_dbfs), min(power_dbfs), max(power_dbfs)
FROM (SELECT COALESCE(m.timestamp_utc, c.ended_at) AS moment, c.websdr_id, COALESCE(m.frequency_hz, a.frequency_hz) AS frequency_hz,
             a.label, c.state, c.failure_class, c.attempts, COALESCE(c.bytes, 0) AS bytes, m.detected,
             m.samples_count / NULLIF(m.sample_rate_hz, 0) AS recorded_s, m.snr_db,
             CASE m.frequency_method WHEN 'carrier' THEN m.frequency_offset_hz END AS carrier_hz,
             CASE m.frequency_method WHEN 'centroid' THEN m.frequency_offset_hz END AS centroid_hz,
             m.noise_dbfs_hz, m.power_dbfs
      FROM captures AS c JOIN acquisitions AS a ON a.task_id = c.task_id
           LEFT JOIN measurements AS m ON m.task_id = c.task_id AND m.websdr_id = c.websdr_id
      WHERE c.state IN ('success', 'failed', 'cancelled') AND COALESCE(m.timestamp_utc, c.ended_at) IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO captures_daily
SELECT bucket - (bucket % 86400000000 + 86400000000) % 86400000000, websdr_id, frequency_hz, label, state, failure_class,
       sum(captures), sum(deleted), sum(attempts), sum(bytes), max(last_at), sum(detected), total(recorded_s),
       sum(snr_count), total(snr_sum_db), total(snr_sumsq_db2), min(snr_min_db), max(snr_max_db),
       sum(offset_count), total(offset_sum_hz), total(offset_sumsq_hz2), min(offset_min_hz), max(offset_max_hz), sum(centroid_count),
       sum(noise_count), total(noise_sum_dbfs_hz), total(noise_sumsq_db2), min(noise_min_dbfs_hz), max(noise_max_dbfs_hz),
       sum(power_count), total(power_sum_dbfs), total(power_sumsq_db2), min(power_min_dbfs), max(power_max_dbfs)
FROM captures_hourly
GROUP BY 1, 2, 3, 4, 5, 6;

CREATE TABLE deletions (
    task_id    TEXT    NOT NULL PRIMARY KEY,
    reason     TEXT    NOT NULL,
    ended_at   INTEGER NOT NULL,
    rows       INTEGER NOT NULL,
    objects    INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    planned_at INTEGER NOT NULL,
    done_at    INTEGER
) STRICT;

CREATE INDEX deletions_planned ON deletions (task_id) WHERE done_at IS NULL;

CREATE INDEX acquisitions_by_end ON acquisitions (ended_at, task_id) WHERE ended_at IS NOT NULL;
DROP INDEX acquisitions_by_age;
CREATE INDEX acquisitions_by_age ON acquisitions (created_at, task_id, state, started_at, ended_at);
CREATE INDEX captures_without_data ON captures (ended_at) WHERE state IN ('failed', 'cancelled');
CREATE INDEX captures_hourly_by_websdr ON captures_hourly (websdr_id, bucket);
CREATE INDEX captures_daily_by_websdr ON captures_daily (websdr_id, bucket);
