-- +goose Up
-- Acquisitions that nothing may delete, and who says so.
CREATE TABLE holds (
    task_id uuid        PRIMARY KEY REFERENCES acquisitions (task_id),
    held_by text        NOT NULL,
    reason  text        NOT NULL,
    held_at timestamptz NOT NULL
);

-- How much all recordings hold is asked of the index alone.
CREATE INDEX captures_by_bytes ON captures (task_id, bytes) WHERE bytes IS NOT NULL;
CREATE INDEX deletions_by_time ON deletions (planned_at, task_id);
