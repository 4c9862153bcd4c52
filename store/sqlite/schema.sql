-- The newest schema, to be read. What runs are the migrations; a test proves that both give the same.
--
-- Names are those of the JSON API and end in their unit. Times are INTEGER microseconds since 1970 UTC, the
-- resolution of measurements.timestamp_utc; only start_unix_ns keeps the nanoseconds of a GPS fit, because
-- samples are aligned by it. Durations are REAL seconds, exact to the nanosecond up to 50 days. Frequencies are
-- INTEGER hertz, so that windows are exact; the MHz and kHz that people query are generated from them.
-- Text that may be missing is '', numbers that may be missing are NULL.

CREATE TABLE websdrs (
    websdr_id            INTEGER PRIMARY KEY AUTOINCREMENT, -- an id once given is never given again
    name                 TEXT    NOT NULL UNIQUE,
    kind                 TEXT    NOT NULL,
    url                  TEXT    NOT NULL,
    location_name        TEXT    NOT NULL,
    latitude             REAL    NOT NULL,
    longitude            REAL    NOT NULL,
    altitude_m           REAL,
    is_active            INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    timeout_seconds      REAL    NOT NULL,
    retry_count          INTEGER NOT NULL,
    frequency_min_hz     INTEGER NOT NULL,
    frequency_max_hz     INTEGER NOT NULL,
    frequency_offset_hz  INTEGER NOT NULL,
    sample_rate_hz       INTEGER NOT NULL,
    passband_low_hz      REAL    NOT NULL,
    passband_high_hz     REAL    NOT NULL,
    gain_db              REAL,
    password             TEXT    NOT NULL, -- in clear, since it must be sent: the file is readable by its owner alone
    clock_sigma_ppm      REAL    NOT NULL,
    calibration_db       REAL,
    calibration_sigma_db REAL,
    notes                TEXT    NOT NULL,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL
    -- What of the url may be connected to only once at a time; '' where nothing is connected to. Heimdall writes it,
    -- and fills it in for rows that have none when it opens the file.
    -- daily_budget_s is how long its host may be connected to on one UTC day; 0 means any.
    , host TEXT NOT NULL DEFAULT '', daily_budget_s REAL NOT NULL DEFAULT 0) STRICT;

-- An acquisition is also the job: a worker holds it by a lease, and fence counts the claims it has had, so that
-- a worker that lost its lease is recognised by its old number.
CREATE TABLE acquisitions (
    task_id              TEXT    NOT NULL PRIMARY KEY,
    idempotency_key      TEXT    UNIQUE,
    label                TEXT    NOT NULL,
    frequency_hz         INTEGER NOT NULL,
    frequency_mhz        REAL    GENERATED ALWAYS AS (frequency_hz / 1e6) VIRTUAL,
    duration_seconds     REAL    NOT NULL,
    sample_rate_hz       INTEGER NOT NULL,
    sample_rate_khz      REAL    GENERATED ALWAYS AS (sample_rate_hz / 1e3) VIRTUAL,
    channel_center_hz    REAL    NOT NULL,
    channel_bandwidth_hz REAL    NOT NULL,
    start_at             INTEGER,
    join_timeout_seconds REAL    NOT NULL,
    state                TEXT    NOT NULL
        CHECK (state IN ('pending', 'running', 'success', 'partial', 'failed', 'cancelled')),
    cancel_requested     INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
    reason               TEXT    NOT NULL,
    created_at           INTEGER NOT NULL,
    started_at           INTEGER,
    ended_at             INTEGER,
    window_start         INTEGER,
    claims               INTEGER NOT NULL,
    fence                INTEGER NOT NULL,
    worker               TEXT,
    lease_until          INTEGER
    -- When its collection was last known to be among the objects; NULL when it has to be written.
    -- Not begun by its deadline, it fails. An origin shares one turn in the queue: '' is requests by hand.
    , collected_at       INTEGER, priority INTEGER NOT NULL DEFAULT 0, deadline INTEGER, origin TEXT NOT NULL DEFAULT '') STRICT;

-- With what session statistics ask for, so that they read the index alone.
CREATE INDEX acquisitions_by_age ON acquisitions (created_at, task_id, state, started_at, ended_at);
CREATE INDEX acquisitions_by_end ON acquisitions (ended_at, task_id) WHERE ended_at IS NOT NULL;
CREATE INDEX acquisitions_by_state ON acquisitions (state, created_at, task_id);
-- The queue: by priority, then one line for each origin, each with the oldest first; what is asked of them there is
-- read from the index alone. And the work whose lease runs out first.
CREATE INDEX acquisitions_pending ON acquisitions (priority DESC, origin, created_at, task_id, start_at, deadline, started_at, cancel_requested) WHERE state = 'pending';
CREATE INDEX acquisitions_running ON acquisitions (lease_until, task_id, origin) WHERE state = 'running';
CREATE INDEX acquisitions_by_deadline ON acquisitions (deadline) WHERE state = 'pending' AND deadline IS NOT NULL;
CREATE INDEX acquisitions_by_origin ON acquisitions (origin, created_at, task_id);
-- Labels are few: what is sought in them is sought here, from one label to the next.
CREATE INDEX acquisitions_by_label ON acquisitions (label, created_at, task_id);
CREATE INDEX acquisitions_uncollected ON acquisitions (task_id) WHERE ended_at IS NOT NULL AND collected_at IS NULL;

-- From s3_path on, the columns are the capture's recording, and NULL together when it has none.
CREATE TABLE captures (
    task_id            TEXT    NOT NULL REFERENCES acquisitions (task_id),
    websdr_id          INTEGER NOT NULL REFERENCES websdrs (websdr_id),
    position           INTEGER NOT NULL, -- place in the request's list, from 0
    state              TEXT    NOT NULL CHECK (state IN ('pending', 'running', 'success', 'failed', 'cancelled')),
    phase              TEXT    NOT NULL,
    attempts           INTEGER NOT NULL,
    next_attempt_at    INTEGER,
    failure_class      TEXT    NOT NULL,
    reason             TEXT    NOT NULL,
    bytes_received     INTEGER NOT NULL,
    elapsed_seconds    REAL    NOT NULL,
    started_at         INTEGER,
    ended_at           INTEGER,
    s3_path            TEXT,
    datatype           TEXT,
    sample_rate_hz     REAL,
    nominal_rate_hz    REAL,
    frequency_hz       INTEGER,
    passband_low_hz    REAL,
    passband_high_hz   REAL,
    samples_count      INTEGER,
    expected_samples   INTEGER,
    bytes              INTEGER,
    sha256             TEXT,
    start_unix_ns      INTEGER, -- time of sample 0 in nanoseconds
    start_skew_s       REAL,
    time_quality       TEXT,
    time_uncertainty_s REAL,
    time_residual_s    REAL,
    gps_age_max_s      INTEGER,
    gaps               TEXT, -- JSON: [{"sample": 100, "missing": 7}]
    overloads          INTEGER,
    s_meter_dbm        REAL,
    dialect            TEXT,
    zero_if            INTEGER CHECK (zero_if IN (0, 1)), -- NULL in rows of 0.1.0, which did not keep it
    planned_samples    INTEGER,
    PRIMARY KEY (task_id, websdr_id)
) STRICT;

CREATE INDEX captures_by_state ON captures (state, task_id DESC, websdr_id);
CREATE INDEX captures_by_websdr ON captures (websdr_id, task_id DESC);
CREATE INDEX captures_without_data ON captures (ended_at) WHERE state IN ('failed', 'cancelled');
-- How much all recordings hold is asked of the index alone.
CREATE INDEX captures_by_bytes ON captures (task_id, bytes) WHERE bytes IS NOT NULL;
CREATE UNIQUE INDEX captures_by_s3_path ON captures (s3_path) WHERE s3_path IS NOT NULL;

-- How much all recordings hold: what is asked for on every page must not be a sum over all captures.
CREATE TABLE recorded_total (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    bytes INTEGER NOT NULL
) STRICT;

INSERT INTO recorded_total (id, bytes) VALUES (1, 0);

CREATE TRIGGER recorded_more AFTER INSERT ON captures WHEN NEW.bytes IS NOT NULL BEGIN
    UPDATE recorded_total SET bytes = bytes + NEW.bytes;
END;

CREATE TRIGGER recorded_less AFTER DELETE ON captures WHEN OLD.bytes IS NOT NULL BEGIN
    UPDATE recorded_total SET bytes = bytes - OLD.bytes;
END;

CREATE TRIGGER recorded_other AFTER UPDATE OF bytes ON captures WHEN NEW.bytes IS NOT OLD.bytes BEGIN
    UPDATE recorded_total SET bytes = bytes + COALESCE(NEW.bytes, 0) - COALESCE(OLD.bytes, 0);
END;

-- One row per successful capture, unless it was imported. From snr_db on, the columns are heimdall.Metrics under their JSON names
-- (L and K, which SQL would not tell from l and k, as welch_l and welch_k).
CREATE TABLE measurements (
    id                  INTEGER PRIMARY KEY,
    task_id             TEXT    NOT NULL,
    websdr_id           INTEGER NOT NULL,
    timestamp_utc       INTEGER NOT NULL, -- time of sample 0: captures.start_unix_ns cut to microseconds
    frequency_hz        INTEGER NOT NULL,
    frequency_mhz       REAL    GENERATED ALWAYS AS (frequency_hz / 1e6) VIRTUAL,
    sample_rate_hz      REAL    NOT NULL,
    sample_rate_khz     REAL    GENERATED ALWAYS AS (sample_rate_hz / 1e3) VIRTUAL,
    samples_count       INTEGER NOT NULL,
    s3_path             TEXT    NOT NULL,
    time_quality        TEXT    NOT NULL,
    time_uncertainty_s  REAL    NOT NULL,
    snr_db              REAL,
    snr_sigma_db        REAL,
    snr_upper_db        REAL,
    snr_bandwidth_hz    REAL    NOT NULL,
    detected            INTEGER NOT NULL CHECK (detected IN (0, 1)),
    cn0_dbhz            REAL,
    signal_dbfs         REAL,
    channel_power_dbfs  REAL,
    noise_dbfs_hz       REAL,
    noise_source        TEXT    NOT NULL,
    noise_used_fraction REAL,
    power_dbfs          REAL,
    peak_dbfs           REAL,
    papr_db             REAL,
    dc_dbfs             REAL,
    clip_fraction       REAL    NOT NULL,
    frequency_offset_hz REAL,
    frequency_method    TEXT,
    frequency_sigma_hz  REAL,
    clock_sigma_hz      REAL,
    line_fraction       REAL,
    drift_hz_s          REAL,
    drift_sigma_hz_s    REAL,
    obw_hz              REAL,
    obw_lo_hz           REAL,
    obw_hi_hz           REAL,
    obw_valid           INTEGER NOT NULL CHECK (obw_valid IN (0, 1)),
    flatness_db         REAL,
    spectral_kurtosis   REAL,
    duty                REAL,
    on_snr_db           REAL,
    power_dbm           REAL,
    signal_dbm          REAL,
    noise_dbm_hz        REAL,
    cal_db              REAL,
    cal_sigma_db        REAL,
    cal_source          TEXT,
    flags               TEXT    NOT NULL, -- JSON: ["clipped"]
    algorithm_version   TEXT    NOT NULL,
    welch_l             INTEGER NOT NULL,
    welch_k             REAL    NOT NULL,
    UNIQUE (task_id, websdr_id, timestamp_utc),
    FOREIGN KEY (task_id, websdr_id) REFERENCES captures (task_id, websdr_id)
) STRICT;

-- With the version, so that rows to be recomputed are sought in the index alone.
CREATE INDEX measurements_by_time ON measurements (timestamp_utc DESC, task_id DESC, websdr_id DESC, algorithm_version);
CREATE INDEX measurements_by_websdr ON measurements (websdr_id, timestamp_utc DESC, task_id DESC);
-- On the generated column, so that frequency_mhz = 145.5 is quick, too. Division by 1e6 is correctly rounded,
-- so it keeps distinct hertz distinct and in order.
CREATE INDEX measurements_by_frequency ON measurements (frequency_mhz, timestamp_utc DESC, task_id DESC, websdr_id DESC);

-- Rollups: how the captures of an hour ended, and sums of what the successes measured, kept for ever. A capture is
-- of the hour of its moment: the time of sample 0, or without one the time when it ended. Sums of decibels are sums
-- of the decibels; offsets are those of carriers only. They are kept in the transaction that ends a capture. When
-- rows are deleted, they stay, and deleted says how many of captures have no rows any more.
CREATE TABLE captures_hourly (
    bucket           INTEGER NOT NULL,
    websdr_id        INTEGER NOT NULL,
    frequency_hz     INTEGER NOT NULL,
    label            TEXT    NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('success', 'failed', 'cancelled')),
    failure_class    TEXT    NOT NULL,
    captures         INTEGER NOT NULL,
    deleted          INTEGER NOT NULL, -- of captures
    attempts         INTEGER NOT NULL,
    bytes            INTEGER NOT NULL,
    last_at          INTEGER NOT NULL, -- the latest moment
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

CREATE INDEX captures_hourly_by_websdr ON captures_hourly (websdr_id, bucket);

-- The same by day: the sums of captures_hourly.
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

CREATE INDEX captures_daily_by_websdr ON captures_daily (websdr_id, bucket);

-- The rollups of measurements, for people: the same names, columns and meaning on every database. An average is
-- NULL where nothing was counted, and averages of decibels are those of the decibels.
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

-- The journal of deletions: planned, then the objects go, then the rows, in the transaction that sets done_at.
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

CREATE INDEX deletions_by_time ON deletions (planned_at, task_id);
CREATE INDEX deletions_planned ON deletions (task_id) WHERE done_at IS NULL;

-- Acquisitions that nothing may delete, and who says so.
CREATE TABLE holds (
    task_id TEXT    NOT NULL PRIMARY KEY REFERENCES acquisitions (task_id),
    held_by TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    held_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Acquisitions whose measurements were made elsewhere. Their captures have no recording, attempts or start, and each
-- any number of measurements; whatever else is true of an acquisition is true of them.
CREATE TABLE imported_acquisitions (
    task_id        TEXT    NOT NULL PRIMARY KEY REFERENCES acquisitions (task_id) ON DELETE CASCADE,
    source_task_id TEXT    NOT NULL, -- what it is called there; '' when that is task_id
    first_at       INTEGER NOT NULL, -- of its measurements, timestamp_utc of the first and of the last
    last_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What another system gave for recordings that came from it, under its own definitions: beside the measurement, which
-- was made of the same samples here. Nothing is computed from it.
CREATE TABLE legacy_metrics (
    task_id             TEXT    NOT NULL REFERENCES acquisitions (task_id) ON DELETE CASCADE,
    websdr_id           INTEGER NOT NULL,
    timestamp_utc       INTEGER NOT NULL,
    source              TEXT    NOT NULL, -- which system, and which shape of its numbers
    snr_db              REAL,
    psd_dbm             REAL,
    frequency_offset_hz REAL,
    signal_power_dbm    REAL,
    noise_power_dbm     REAL,
    power_dbm           REAL,
    s3_path             TEXT    NOT NULL, -- where that system kept the recording
    PRIMARY KEY (task_id, websdr_id, timestamp_utc, source)
) STRICT, WITHOUT ROWID;

-- What makes acquisitions recur. Exactly one of every_seconds, cron, rrule and sun says when.
CREATE TABLE schedules (
    schedule_id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name                 TEXT    NOT NULL UNIQUE,
    is_active            INTEGER NOT NULL,
    frequency_hz         INTEGER NOT NULL, -- from here to priority: the request that each run makes
    duration_seconds     REAL    NOT NULL,
    sample_rate_hz       INTEGER NOT NULL,
    channel_center_hz    REAL    NOT NULL,
    channel_bandwidth_hz REAL    NOT NULL,
    join_timeout_seconds REAL    NOT NULL,
    websdrs              TEXT    NOT NULL, -- JSON; [] means all that can at the moment of a run
    label                TEXT    NOT NULL,
    priority             INTEGER NOT NULL,
    every_seconds        REAL    NOT NULL,
    cron                 TEXT    NOT NULL,
    rrule                TEXT    NOT NULL,
    sun                  TEXT    NOT NULL,
    offset_seconds       REAL    NOT NULL,
    latitude             REAL    NOT NULL,
    longitude            REAL    NOT NULL,
    place_websdr_id      INTEGER NOT NULL,
    zone                 TEXT    NOT NULL,
    start_at             INTEGER,
    end_at               INTEGER,
    windows              TEXT    NOT NULL, -- JSON
    jitter_seconds       REAL    NOT NULL,
    max_runs             INTEGER NOT NULL,
    misfire              TEXT    NOT NULL,
    grace_seconds        REAL    NOT NULL,
    overlap              TEXT    NOT NULL,
    runs_count           INTEGER NOT NULL, -- that made an acquisition by the clock; also those deleted since
    next_due_at          INTEGER,          -- without jitter; NULL when there is no next run
    next_start_at        INTEGER,          -- with it
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL
) STRICT;

CREATE INDEX schedules_next ON schedules (next_start_at, schedule_id) WHERE is_active AND next_start_at IS NOT NULL;

-- What became of each time that a schedule was due; its key is the guard against firing twice. A run that made an
-- acquisition goes with it.
CREATE TABLE schedule_runs (
    schedule_id INTEGER NOT NULL REFERENCES schedules (schedule_id) ON DELETE CASCADE,
    due_at      INTEGER NOT NULL,
    start_at    INTEGER NOT NULL,
    fired_at    INTEGER NOT NULL,
    task_id     TEXT    UNIQUE REFERENCES acquisitions (task_id) ON DELETE CASCADE,
    skipped     TEXT    NOT NULL, -- why there is no task_id; '' when there is
    detail      TEXT    NOT NULL,
    count       INTEGER NOT NULL, -- how many runs in a row it stands for, from due_at to last_due_at
    last_due_at INTEGER NOT NULL,
    by_hand     INTEGER NOT NULL,
    PRIMARY KEY (schedule_id, due_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedule_runs_by_time ON schedule_runs (due_at, schedule_id);
-- What was learnt of WebSDRs, by probes and by captures. is_up is NULL where that says nothing of their health; what is
-- learnt holds until the next row, but no longer than holds_seconds.
CREATE TABLE websdr_status (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    websdr_id         INTEGER NOT NULL REFERENCES websdrs (websdr_id) ON DELETE CASCADE,
    at                INTEGER NOT NULL,
    source            TEXT    NOT NULL CHECK (source IN ('probe', 'capture')),
    ok                INTEGER NOT NULL CHECK (ok IN (0, 1)),
    is_up             INTEGER CHECK (is_up IN (0, 1)),
    failure_class     TEXT    NOT NULL,
    reason            TEXT    NOT NULL,
    latency_ms        REAL,
    users             INTEGER,
    users_max         INTEGER,
    gps_fixes_per_min INTEGER,
    gps_satellites    INTEGER,
    receiver_snr_db   REAL,
    version           TEXT    NOT NULL,
    holds_seconds     REAL    NOT NULL
) STRICT;

-- With what the reckoning of uptimes asks for, so that it reads the index alone.
CREATE INDEX websdr_status_of_websdr ON websdr_status (websdr_id, at, id, is_up, holds_seconds, source, ok);
CREATE INDEX websdr_status_by_time ON websdr_status (at, id);

-- How each WebSDR is, and its breaker; one row from the first time on that somebody looks. claim counts the probes that
-- were claimed, and claimed_until says how long the last has to end.
CREATE TABLE websdr_health (
    websdr_id         INTEGER NOT NULL PRIMARY KEY REFERENCES websdrs (websdr_id) ON DELETE CASCADE,
    state             TEXT    NOT NULL CHECK (state IN ('up', 'down', 'unknown')),
    breaker           TEXT    NOT NULL CHECK (breaker IN ('closed', 'open', 'half_open')),
    failures          INTEGER NOT NULL,
    opened_at         INTEGER,
    next_probe_at     INTEGER,
    last_at           INTEGER,
    last_up_at        INTEGER,
    last_class        TEXT    NOT NULL,
    last_error        TEXT    NOT NULL,
    latency_ms        REAL,
    users             INTEGER,
    users_max         INTEGER,
    gps_fixes_per_min INTEGER,
    gps_satellites    INTEGER,
    receiver_snr_db   REAL,
    version           TEXT    NOT NULL,
    details           TEXT    NOT NULL,
    claim             INTEGER NOT NULL,
    claimed_until     INTEGER,
    probed_at         INTEGER,
    contacted_at      INTEGER
) STRICT;
-- When the first in line of each origin was last claimed: origins take turns.
CREATE TABLE origins (
    origin    TEXT    NOT NULL PRIMARY KEY,
    served_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who may connect to a host. A row counts only as long as its acquisition is running under its fence and its lease is in
-- force, or, where it has none, until held_until.
CREATE TABLE receiver_holds (
    host       TEXT NOT NULL PRIMARY KEY,
    task_id    TEXT,
    fence      INTEGER,
    held_by    TEXT NOT NULL,
    held_until INTEGER
) STRICT, WITHOUT ROWID;

-- When each host was last connected to, so that it is not hammered.
CREATE TABLE receiver_hosts (
    host         TEXT    NOT NULL PRIMARY KEY,
    contacted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What receivers hold against us. websdr_id is 0 where it counts for all at the host.
CREATE TABLE receiver_blocks (
    host      TEXT    NOT NULL,
    websdr_id INTEGER NOT NULL,
    class     TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    PRIMARY KEY (host, websdr_id)
) STRICT, WITHOUT ROWID;

-- How long we were connected to each host on each UTC day, which is kept as its first microsecond.
CREATE TABLE receiver_days (
    host        TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    connected_s REAL    NOT NULL,
    PRIMARY KEY (host, day)
) STRICT, WITHOUT ROWID;

-- Whether receivers may be contacted at all; no row means that they may.
CREATE TABLE contact (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    is_off     INTEGER NOT NULL CHECK (is_off IN (0, 1)),
    reason     TEXT    NOT NULL,
    changed_by TEXT    NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE workers (
    name       TEXT    NOT NULL PRIMARY KEY,
    host       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    slots      INTEGER NOT NULL,
    running    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- What happened, in the order in which it was committed: there is one writer. Written in the transaction that made it
-- happen, and kept for a week.
CREATE TABLE events (
    id        INTEGER PRIMARY KEY AUTOINCREMENT, -- a reader remembers it: never given again
    kind      TEXT    NOT NULL,
    task_id   TEXT,             -- of the acquisition concerned; NULL when none is
    websdr_id INTEGER NOT NULL, -- of the capture concerned; 0 when none is
    at        INTEGER NOT NULL,
    payload   TEXT    NOT NULL  -- JSON: heimdall.EventPayload
) STRICT;

-- One row. Of the events up to pruned_to some are gone.
CREATE TABLE event_state (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    pruned_to INTEGER NOT NULL
) STRICT;

-- Who wants to be told of events.
CREATE TABLE webhooks (
    webhook_id INTEGER PRIMARY KEY AUTOINCREMENT,
    url        TEXT    NOT NULL,
    secret     TEXT    NOT NULL, -- in clear, since it signs: the file is readable by its owner alone
    kinds      TEXT    NOT NULL, -- JSON list
    label      TEXT    NOT NULL,
    is_active  INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    reason     TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Events on their way to webhooks: the transactional outbox, written with the event.
CREATE TABLE deliveries (
    webhook_id      INTEGER NOT NULL REFERENCES webhooks (webhook_id) ON DELETE CASCADE,
    event_id        INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    state           TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts        INTEGER NOT NULL,
    next_attempt_at INTEGER,          -- NULL unless pending; while it is tried, when that counts as lost
    last_status     INTEGER NOT NULL, -- HTTP; 0 without an answer
    last_error      TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    ended_at        INTEGER,          -- NULL while pending
    PRIMARY KEY (webhook_id, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_event ON deliveries (event_id, state);
-- Who may use the API from elsewhere. The value of a token is not kept, only its SHA-256. What is revoked stays, so that
-- the audit log can be read; only what logins made goes, a month after it has expired.
CREATE TABLE tokens (
    token_id     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL,
    scope        TEXT    NOT NULL CHECK (scope IN ('read', 'operate', 'admin')),
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER, -- NULL means never
    last_used_at INTEGER, -- to the minute
    revoked_at   INTEGER
) STRICT;

CREATE UNIQUE INDEX tokens_by_name ON tokens (name) WHERE revoked_at IS NULL;

-- Who asked for which change, and what came of it.
CREATE TABLE audit (
    audit_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    token_id INTEGER, -- NULL: the actor had none
    actor    TEXT    NOT NULL,
    address  TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    object   TEXT    NOT NULL,
    status   INTEGER NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (at);

-- Transmitters that somebody knows. What is measured does not depend on them.
CREATE TABLE emitters (
    emitter_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL UNIQUE,
    frequency_hz INTEGER NOT NULL CHECK (frequency_hz > 0),
    bandwidth_hz REAL             CHECK (bandwidth_hz > 0), -- NULL: not known; so are altitude_m and eirp_dbm
    latitude     REAL    NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude    REAL    NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    altitude_m   REAL,
    eirp_dbm     REAL,
    notes        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX emitters_by_frequency ON emitters (frequency_hz);
