-- +goose Up
-- In which hours something was recorded on a frequency.
CREATE INDEX captures_hourly_by_frequency ON captures_hourly (frequency_hz, bucket);

-- What failed of late: of all that ever failed it is little.
CREATE INDEX captures_failed_by_start ON captures (started_at) WHERE state = 'failed';
