-- +goose Up
-- Acquisitions whose measurements were made elsewhere. Their captures have no recording, attempts or start, and each any
-- number of measurements; whatever else is true of an acquisition is true of them.
CREATE TABLE imported_acquisitions (
    task_id        uuid        PRIMARY KEY REFERENCES acquisitions (task_id) ON DELETE CASCADE,
    source_task_id text        NOT NULL, -- what it is called there; '' when that is task_id
    first_at       timestamptz NOT NULL, -- of its measurements, timestamp_utc of the first and of the last:
    last_at        timestamptz NOT NULL, -- so bound, they are sought in few partitions
    measurements   bigint      NOT NULL
);
