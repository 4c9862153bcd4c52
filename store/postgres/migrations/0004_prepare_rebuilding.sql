-- +goose Up
-- What another system gave for recordings that came from it, under its own definitions: beside the measurement, which
-- was made of the same samples here. Nothing is computed from it.
CREATE TABLE legacy_metrics (
    task_id             uuid        NOT NULL REFERENCES acquisitions (task_id) ON DELETE CASCADE,
    websdr_id           integer     NOT NULL,
    timestamp_utc       timestamptz NOT NULL,
    source              text        NOT NULL COLLATE "C", -- which system, and which shape of its numbers
    snr_db              float8,
    psd_dbm             float8,
    frequency_offset_hz float8,
    signal_power_dbm    float8,
    noise_power_dbm     float8,
    power_dbm           float8,
    s3_path             text        NOT NULL, -- where that system kept the recording
    PRIMARY KEY (task_id, websdr_id, timestamp_utc, source)
);

-- When the collection that says what the rows say was last known to be among the objects; NULL when it has to be written.
ALTER TABLE acquisitions ADD COLUMN collected_at timestamptz;

CREATE INDEX acquisitions_uncollected ON acquisitions (task_id) WHERE ended_at IS NOT NULL AND collected_at IS NULL;
