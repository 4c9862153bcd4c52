-- +goose Up
CREATE TABLE schedules (
    schedule_id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name                 TEXT    NOT NULL UNIQUE,
    is_active            INTEGER NOT NULL,
    frequency_hz         INTEGER NOT NULL,
    duration_seconds     REAL    NOT NULL,
    sample_rate_hz       INTEGER NOT NULL,
    channel_center_hz    REAL    NOT NULL,
    channel_bandwidth_hz REAL    NOT NULL,
    join_timeout_seconds REAL    NOT NULL,
    websdrs              TEXT    NOT NULL,
    label                TEXT    NOT NULL,
    priority             INTEGER NOT NULL,
    every_seconds        REAL    NOT NULL,
    cron                 TEXT    NOT NULL,
    rrule                TEXT    NOT NULL,
    sun                  TEXT    NOT NULL,
    offset_seconds       REAL    NOT NULL,
    latitude             REAL    NOT NULL,
    longitude            REAL    NOT NULL,
    place_websdr_id      INTEGER NOT NULL,
    zone                 TEXT    NOT NULL,
    start_at             INTEGER,
    end_at               INTEGER,
    windows              TEXT    NOT NULL,
    jitter_seconds       REAL    NOT NULL,
    max_runs             INTEGER NOT NULL,
    misfire              TEXT    NOT NULL,
    grace_seconds        REAL    NOT NULL,
    overlap              TEXT    NOT NULL,
    runs_count           INTEGER NOT NULL,
    next_due_at          INTEGER,
    next_start_at        INTEGER,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL
) STRICT;

CREATE INDEX schedules_next ON schedules (next_start_at, schedule_id) WHERE is_active AND next_start_at IS NOT NULL;

CREATE TABLE schedule_runs (
    schedule_id INTEGER NOT NULL REFERENCES schedules (schedule_id) ON DELETE CASCADE,
    due_at      INTEGER NOT NULL,
    start_at    INTEGER NOT NULL,
    fired_at    INTEGER NOT NULL,
    task_id     TEXT    UNIQUE REFERENCES acquisitions (task_id) ON DELETE CASCADE,
    skipped     TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    count       INTEGER NOT NULL,
    last_due_at INTEGER NOT NULL,
    by_hand     INTEGER NOT NULL,
    PRIMARY KEY (schedule_id, due_at)
) STRICT, WITHOUT ROWID;

CREATE INDEX schedule_runs_by_time ON schedule_runs (due_at, schedule_id);
