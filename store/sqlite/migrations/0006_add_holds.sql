-- +goose Up
CREATE TABLE holds (
    task_id TEXT    NOT NULL PRIMARY KEY REFERENCES acquisitions (task_id),
    held_by TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    held_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX captures_by_bytes ON captures (task_id, bytes) WHERE bytes IS NOT NULL;
CREATE INDEX deletions_by_time ON deletions (planned_at, task_id);
