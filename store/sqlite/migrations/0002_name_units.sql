-- +goose Up
-- Every number names its unit.
ALTER TABLE measurements RENAME COLUMN drift_sigma TO drift_sigma_hz_s;
ALTER TABLE measurements RENAME COLUMN obw_lo TO obw_lo_hz;
ALTER TABLE measurements RENAME COLUMN obw_hi TO obw_hi_hz;
