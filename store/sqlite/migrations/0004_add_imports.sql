-- +goose Up
CREATE TABLE imported_acquisitions (
    task_id        TEXT    NOT NULL PRIMARY KEY REFERENCES acquisitions (task_id) ON DELETE CASCADE,
    source_task_id TEXT    NOT NULL,
    first_at       INTEGER NOT NULL,
    last_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
