-- +goose Up
-- Every number names its unit.
ALTER TABLE measurements RENAME COLUMN drift_sigma TO drift_sigma_hz_s;
ALTER TABLE measurements RENAME COLUMN obw_lo TO obw_lo_hz;
ALTER TABLE measurements RENAME COLUMN obw_hi TO obw_hi_hz;

-- What recomputing metrics needs and nothing else tells. Rows that are there keep NULL: it was not written down.
ALTER TABLE captures ADD COLUMN zero_if INTEGER CHECK (zero_if IN (0, 1));
ALTER TABLE captures ADD COLUMN planned_samples INTEGER;

-- Rows of another algorithm_version are sought in the index alone.
DROP INDEX measurements_by_time;
CREATE INDEX measurements_by_time ON measurements (timestamp_utc DESC, task_id DESC, websdr_id DESC, algorithm_version);
