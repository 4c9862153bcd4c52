-- +goose Up
-- Rollups: how captures ended and the sums of what was measured, per hour and per day (UTC), for ever. They are kept in
-- the transaction that ends a capture, on every kind of server alike, and stay when its rows go. The moment of a capture
-- is the time of sample 0, or without a measurement the time when it ended.

-- The square of what is next to nothing is 0; PostgreSQL's own refuses it as an underflow.
CREATE FUNCTION heimdall_square(v float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT CASE WHEN abs(v) < 1e-150 THEN 0 ELSE v * v END';

CREATE TABLE captures_hourly (
    bucket            timestamptz NOT NULL, -- when it begins, UTC
    websdr_id         integer     NOT NULL,
    frequency_hz      bigint      NOT NULL,
    label             text        NOT NULL COLLATE "C",
    state             text        NOT NULL COLLATE "C" CHECK (state IN ('success', 'failed', 'cancelled')),
    failure_class     text        NOT NULL COLLATE "C",
    captures          bigint      NOT NULL, -- that ended so
    deleted           bigint      NOT NULL, -- of captures: their rows are gone, what they were is still counted
    attempts          bigint      NOT NULL,
    bytes             bigint      NOT NULL,
    last_at           timestamptz NOT NULL, -- moment of the last of them
    detected          bigint      NOT NULL, -- from here on it is about their measurements, so 0 or NULL without success
    recorded_s        float8      NOT NULL,
    snr_count         bigint      NOT NULL,
    snr_sum_db        float8      NOT NULL,
    snr_sumsq_db2     float8      NOT NULL,
    snr_min_db        float8,
    snr_max_db        float8,
    offset_count      bigint      NOT NULL, -- of carriers only
    offset_sum_hz     float8      NOT NULL,
    offset_sumsq_hz2  float8      NOT NULL,
    offset_min_hz     float8,
    offset_max_hz     float8,
    centroid_count    bigint      NOT NULL, -- offsets by the centroid, which are another thing
    noise_count       bigint      NOT NULL,
    noise_sum_dbfs_hz float8      NOT NULL,
    noise_sumsq_db2   float8      NOT NULL,
    noise_min_dbfs_hz float8,
    noise_max_dbfs_hz float8,
    power_count       bigint      NOT NULL,
    power_sum_dbfs    float8      NOT NULL,
    power_sumsq_db2   float8      NOT NULL,
    power_min_dbfs    float8,
    power_max_dbfs    float8,
    PRIMARY KEY (bucket, websdr_id, frequency_hz, label, state, failure_class)
) WITH (fillfactor = 80); -- room for the next version of a row beside it: no index changes when a capture is added

-- The same of days. It is kept beside the hours because dashboards ask for months.
CREATE TABLE captures_daily (
    bucket            timestamptz NOT NULL,
    websdr_id         integer     NOT NULL,
    frequency_hz      bigint      NOT NULL,
    label             text        NOT NULL COLLATE "C",
    state             text        NOT NULL COLLATE "C" CHECK (state IN ('success', 'failed', 'cancelled')),
    failure_class     text        NOT NULL COLLATE "C",
    captures          bigint      NOT NULL,
    deleted           bigint      NOT NULL,
    attempts          bigint      NOT NULL,
    bytes             bigint      NOT NULL,
    last_at           timestamptz NOT NULL,
    detected          bigint      NOT NULL,
    recorded_s        float8      NOT NULL,
    snr_count         bigint      NOT NULL,
    snr_sum_db        float8      NOT NULL,
    snr_sumsq_db2     float8      NOT NULL,
    snr_min_db        float8,
    snr_max_db        float8,
    offset_count      bigint      NOT NULL,
    offset_sum_hz     float8      NOT NULL,
    offset_sumsq_hz2  float8      NOT NULL,
    offset_min_hz     float8,
    offset_max_hz     float8,
    centroid_count    bigint      NOT NULL,
    noise_count       bigint      NOT NULL,
    noise_sum_dbfs_hz float8      NOT NULL,
    noise_sumsq_db2   float8      NOT NULL,
    noise_min_dbfs_hz float8,
    noise_max_dbfs_hz float8,
    power_count       bigint      NOT NULL,
    power_sum_dbfs    float8      NOT NULL,
    power_sumsq_db2   float8      NOT NULL,
    power_min_dbfs    float8,
    power_max_dbfs    float8,
    PRIMARY KEY (bucket, websdr_id, frequency_hz, label, state, failure_class)
) WITH (fillfactor = 80);

CREATE INDEX captures_hourly_by_websdr ON captures_hourly (websdr_id, bucket);
CREATE INDEX captures_daily_by_websdr ON captures_daily (websdr_id, bucket);

-- What people query: the measurements of each bucket, under the same names on every database.
CREATE VIEW measurements_hourly AS
SELECT bucket, websdr_id, frequency_hz, frequency_hz / 1e6::float8 AS frequency_mhz,
       sum(captures)::bigint AS rows, sum(detected)::bigint AS detected, sum(recorded_s) AS recorded_s,
       sum(snr_count)::bigint AS snr_count, sum(snr_sum_db) AS snr_sum_db, sum(snr_sumsq_db2) AS snr_sumsq_db2,
       min(snr_min_db) AS snr_min_db, max(snr_max_db) AS snr_max_db,
       sum(snr_sum_db) / NULLIF(sum(snr_count), 0)::float8 AS avg_snr_db,
       sum(offset_count)::bigint AS offset_count, sum(offset_sum_hz) AS offset_sum_hz, sum(offset_sumsq_hz2) AS offset_sumsq_hz2,
       min(offset_min_hz) AS offset_min_hz, max(offset_max_hz) AS offset_max_hz,
       sum(offset_sum_hz) / NULLIF(sum(offset_count), 0)::float8 AS avg_frequency_offset_hz,
       sum(centroid_count)::bigint AS centroid_count,
       sum(noise_count)::bigint AS noise_count, sum(noise_sum_dbfs_hz) AS noise_sum_dbfs_hz, sum(noise_sumsq_db2) AS noise_sumsq_db2,
       min(noise_min_dbfs_hz) AS noise_min_dbfs_hz, max(noise_max_dbfs_hz) AS noise_max_dbfs_hz,
       sum(noise_sum_dbfs_hz) / NULLIF(sum(noise_count), 0)::float8 AS avg_noise_dbfs_hz,
       sum(power_count)::bigint AS power_count, sum(power_sum_dbfs) AS power_sum_dbfs, sum(power_sumsq_db2) AS power_sumsq_db2,
       min(power_min_dbfs) AS power_min_dbfs, max(power_max_dbfs) AS power_max_dbfs,
       sum(power_sum_dbfs) / NULLIF(sum(power_count), 0)::float8 AS avg_power_dbfs
FROM captures_hourly
WHERE state = 'success'
GROUP BY bucket, websdr_id, frequency_hz;

CREATE VIEW measurements_daily AS
SELECT bucket, websdr_id, frequency_hz, frequency_hz / 1e6::float8 AS frequency_mhz,
       sum(captures)::bigint AS rows, sum(detected)::bigint AS detected, sum(recorded_s) AS recorded_s,
       sum(snr_count)::bigint AS snr_count, sum(snr_sum_db) AS snr_sum_db, sum(snr_sumsq_db2) AS snr_sumsq_db2,
       min(snr_min_db) AS snr_min_db, max(snr_max_db) AS snr_max_db,
       sum(snr_sum_db) / NULLIF(sum(snr_count), 0)::float8 AS avg_snr_db,
       sum(offset_count)::bigint AS offset_count, sum(offset_sum_hz) AS offset_sum_hz, sum(offset_sumsq_hz2) AS offset_sumsq_hz2,
       min(offset_min_hz) AS offset_min_hz, max(offset_max_hz) AS offset_max_hz,
       sum(offset_sum_hz) / NULLIF(sum(offset_count), 0)::float8 AS avg_frequency_offset_hz,
       sum(centroid_count)::bigint AS centroid_count,
       sum(noise_count)::bigint AS noise_count, sum(noise_sum_dbfs_hz) AS noise_sum_dbfs_hz, sum(noise_sumsq_db2) AS noise_sumsq_db2,
       min(noise_min_dbfs_hz) AS noise_min_dbfs_hz, max(noise_max_dbfs_hz) AS noise_max_dbfs_hz,
       sum(noise_sum_dbfs_hz) / NULLIF(sum(noise_count), 0)::float8 AS avg_noise_dbfs_hz,
       sum(power_count)::bigint AS power_count, sum(power_sum_dbfs) AS power_sum_dbfs, sum(power_sumsq_db2) AS power_sumsq_db2,
       min(power_min_dbfs) AS power_min_dbfs, max(power_max_dbfs) AS power_max_dbfs,
       sum(power_sum_dbfs) / NULLIF(sum(power_count), 0)::float8 AS avg_power_dbfs
FROM captures_daily
WHERE state = 'success'
GROUP BY bucket, websdr_id, frequency_hz;

INSERT INTO captures_hourly
SELECT date_trunc('hour', moment, 'UTC'), websdr_id, frequency_hz, label, state, failure_class,
       count(*), 0, sum(attempts), sum(bytes), max(moment), count(*) FILTER (WHERE detected), COALESCE(sum(recorded_s), 0),
       count(snr_db), COALESCE(sum(snr_db), 0), COALESCE(sum(heimdall_square(snr_db)), 0), min(snr_db), max(snr_db),
       count(carrier_hz), COALESCE(sum(carrier_hz), 0), COALESCE(sum(heimdall_square(carrier_hz)), 0), min(carrier_hz), max(carrier_hz),
       count(centroid_hz),
       count(noise_dbfs_hz), COALESCE(sum(noise_dbfs_hz), 0), COALESCE(sum(heimdall_square(noise_dbfs_hz)), 0), min(noise_dbfs_hz), max(noise_dbfs_hz),
       count(power_dbfs), COALESCE(sum(power_dbfs), 0), COALESCE(sum(heimdall_square(power_dbfs)), 0), min(power_dbfs), max(power_dbfs)
FROM (SELECT COALESCE(m.timestamp_utc, c.ended_at) AS moment, c.websdr_id, COALESCE(m.frequency_hz, a.frequency_hz) AS frequency_hz,
             a.label COLLATE "C" AS label, c.state COLLATE "C" AS state, c.failure_class COLLATE "C" AS failure_class,
             c.attempts, COALESCE(c.bytes, 0) AS bytes, m.detected,
             m.samples_count / NULLIF(m.sample_rate_hz, 0) AS recorded_s, m.snr_db,
             CASE m.frequency_method WHEN 'carrier' THEN m.frequency_offset_hz END AS carrier_hz,
             CASE m.frequency_method WHEN 'centroid' THEN m.frequency_offset_hz END AS centroid_hz,
             m.noise_dbfs_hz, m.power_dbfs
      FROM captures AS c JOIN acquisitions AS a ON a.task_id = c.task_id
           LEFT JOIN measurement_rows AS m ON m.task_id = c.task_id AND m.websdr_id = c.websdr_id
      WHERE c.state IN ('success', 'failed', 'cancelled') AND COALESCE(m.timestamp_utc, c.ended_at) IS NOT NULL) AS ended
GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO captures_daily
SELECT date_trunc('day', bucket, 'UTC'), websdr_id, frequency_hz, label, state, failure_class,
       sum(captures), sum(deleted), sum(attempts), sum(bytes), max(last_at), sum(detected), sum(recorded_s),
       sum(snr_count), sum(snr_sum_db), sum(snr_sumsq_db2), min(snr_min_db), max(snr_max_db),
       sum(offset_count), sum(offset_sum_hz), sum(offset_sumsq_hz2), min(offset_min_hz), max(offset_max_hz), sum(centroid_count),
       sum(noise_count), sum(noise_sum_dbfs_hz), sum(noise_sumsq_db2), min(noise_min_dbfs_hz), max(noise_max_dbfs_hz),
       sum(power_count), sum(power_sum_dbfs), sum(power_sumsq_db2), min(power_min_dbfs), max(power_max_dbfs)
FROM captures_hourly
GROUP BY 1, 2, 3, 4, 5, 6;

-- The journal of what is being deleted, or has been. Between planned_at and done_at the objects of its recordings go.
CREATE TABLE deletions (
    task_id    uuid        PRIMARY KEY,
    reason     text        NOT NULL,
    ended_at   timestamptz NOT NULL, -- of the acquisition
    rows       bigint      NOT NULL,
    objects    bigint      NOT NULL,
    bytes      bigint      NOT NULL,
    planned_at timestamptz NOT NULL,
    done_at    timestamptz
);

CREATE INDEX deletions_planned ON deletions (task_id) WHERE done_at IS NULL;

CREATE INDEX acquisitions_by_end ON acquisitions (ended_at, task_id) WHERE ended_at IS NOT NULL;
CREATE INDEX captures_without_data ON captures (ended_at) WHERE state IN ('failed', 'cancelled');
