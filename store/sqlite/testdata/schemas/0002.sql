-- What schema 0002 held when it was released: the rows of 0001, with numbers in the columns that are new (sqlite3 .dump).
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-21 20:38:52');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-21 20:38:52');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-21 22:55:37');
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
) STRICT;
INSERT INTO websdrs VALUES(1,'first','rtl_tcp','tcp://radio.example:1234','',0.0,0.0,NULL,1,30.0,0,0,0,0,0,0.0,0.0,NULL,'',0.0,NULL,NULL,'',1795293532104964,1795293532104964);
INSERT INTO websdrs VALUES(2,'second','rtl_tcp','tcp://radio.example:1234','',0.0,0.0,NULL,1,30.0,0,0,0,0,0,0.0,0.0,NULL,'',0.0,NULL,NULL,'',1795293532108149,1795293532108149);
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
) STRICT;
INSERT INTO acquisitions VALUES('01a1ffd5-4fd0-72f2-9acd-002121e87384',NULL,'',145500000,1.0,250000,0.0,0.0,NULL,0.0,'partial',0,'',1795293532110006,1795293532114908,1795293532120333,NULL,1,1,NULL,NULL);
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
    dialect            TEXT, zero_if INTEGER CHECK (zero_if IN (0, 1)), planned_samples INTEGER,
    PRIMARY KEY (task_id, websdr_id)
) STRICT;
INSERT INTO captures VALUES('01a1ffd5-4fd0-72f2-9acd-002121e87384',1,0,'success','done',0,NULL,'','',0,0.0,NULL,1795293532116817,'sessions/01a1ffd5-4fd0-72f2-9acd-002121e87384/websdr_1.sigmf-data','cu8',250000.24999999999998,0.0,145500000,0.0,0.0,250000,250007,500000,'0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f',1795262400123456789,0.0,'host_arrival',0.0,0.0,0,'[{"sample":100,"missing":7}]',0,NULL,'',1,250007);
INSERT INTO captures VALUES('01a1ffd5-4fd0-72f2-9acd-002121e87384',2,1,'failed','done',0,NULL,'busy','it serves one client at a time',0,0.0,NULL,1795293532117621,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
    drift_sigma_hz_s         REAL,
    obw_hz              REAL,
    obw_lo_hz              REAL,
    obw_hi_hz              REAL,
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
INSERT INTO measurements VALUES(1,'01a1ffd5-4fd0-72f2-9acd-002121e87384',1,1795262400123456,145500000,250000.24999999999998,250000,'sessions/01a1ffd5-4fd0-72f2-9acd-002121e87384/websdr_1.sigmf-data','host_arrival',0.0,12.5,NULL,NULL,12500.0,1,NULL,NULL,NULL,NULL,'off_channel',NULL,NULL,NULL,NULL,NULL,0.0,NULL,'',NULL,NULL,NULL,NULL,0.125,NULL,-100.49999999999999999,200.25,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'','["gaps"]','1',1024,480.49999999999999998);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',3);
INSERT INTO sqlite_sequence VALUES('websdrs',2);
CREATE INDEX acquisitions_by_age ON acquisitions (created_at, task_id);
CREATE INDEX acquisitions_by_state ON acquisitions (state, created_at, task_id);
CREATE INDEX acquisitions_live ON acquisitions (created_at, task_id) WHERE state IN ('pending', 'running');
CREATE INDEX captures_by_state ON captures (state, task_id DESC, websdr_id);
CREATE INDEX captures_by_websdr ON captures (websdr_id, task_id DESC);
CREATE UNIQUE INDEX captures_by_s3_path ON captures (s3_path) WHERE s3_path IS NOT NULL;
CREATE INDEX measurements_by_websdr ON measurements (websdr_id, timestamp_utc DESC, task_id DESC);
CREATE INDEX measurements_by_frequency ON measurements (frequency_mhz, timestamp_utc DESC, task_id DESC, websdr_id DESC);
CREATE INDEX measurements_by_time ON measurements (timestamp_utc DESC, task_id DESC, websdr_id DESC, algorithm_version);
COMMIT;
