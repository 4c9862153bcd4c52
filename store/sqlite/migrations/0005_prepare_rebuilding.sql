-- +goose Up
CREATE TABLE legacy_metrics (
    task_id             TEXT    NOT NULL REFERENCES acquisitions (task_id) ON DELETE CASCADE,
    websdr_id           INTEGER NOT NULL,
    timestamp_utc       INTEGER NOT NULL,
    source              TEXT    NOT NULL,
    snr_db              REAL,
    psd_dbm             REAL,
    frequency_offset_hz REAL,
    signal_power_dbm    REAL,
    noise_power_dbm     REAL,
    power_dbm           REAL,
    s3_path             TEXT    NOT NULL,
    PRIMARY KEY (task_id, websdr_id, timestamp_utc, source)
) STRICT, WITHOUT ROWID;

ALTER TABLE acquisitions ADD COLUMN collected_at INTEGER;

CREATE INDEX acquisitions_uncollected ON acquisitions (task_id) WHERE ended_at IS NOT NULL AND collected_at IS NULL;
