-- +goose Up
ALTER TABLE websdrs ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE websdrs ADD COLUMN daily_budget_s REAL NOT NULL DEFAULT 0;

ALTER TABLE acquisitions ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE acquisitions ADD COLUMN deadline INTEGER;
ALTER TABLE acquisitions ADD COLUMN origin TEXT NOT NULL DEFAULT '';

DROP INDEX acquisitions_live;
CREATE INDEX acquisitions_pending ON acquisitions (priority DESC, origin, created_at, task_id, start_at, deadline, started_at, cancel_requested) WHERE state = 'pending';
CREATE INDEX acquisitions_running ON acquisitions (lease_until, task_id, origin) WHERE state = 'running';
CREATE INDEX acquisitions_by_deadline ON acquisitions (deadline) WHERE state = 'pending' AND deadline IS NOT NULL;
CREATE INDEX acquisitions_by_origin ON acquisitions (origin, created_at, task_id);

CREATE TABLE origins (
    origin    TEXT    NOT NULL PRIMARY KEY,
    served_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE receiver_holds (
    host       TEXT NOT NULL PRIMARY KEY,
    task_id    TEXT,
    fence      INTEGER,
    held_by    TEXT NOT NULL,
    held_until INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE receiver_hosts (
    host         TEXT    NOT NULL PRIMARY KEY,
    contacted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE receiver_blocks (
    host      TEXT    NOT NULL,
    websdr_id INTEGER NOT NULL,
    class     TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    PRIMARY KEY (host, websdr_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE receiver_days (
    host        TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    connected_s REAL    NOT NULL,
    PRIMARY KEY (host, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
    only_row   INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    is_off     INTEGER NOT NULL CHECK (is_off IN (0, 1)),
    reason     TEXT    NOT NULL,
    changed_by TEXT    NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE TABLE workers (
    name       TEXT    NOT NULL PRIMARY KEY,
    host       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    slots      INTEGER NOT NULL,
    running    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
