-- +goose Up
-- What was learnt of WebSDRs, by probes and by captures. is_up is NULL where that says nothing of their health; what is
-- learnt holds until the next row, but no longer than holds_seconds.
CREATE TABLE websdr_status (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    websdr_id         INTEGER NOT NULL REFERENCES websdrs (websdr_id) ON DELETE CASCADE,
    at                INTEGER NOT NULL,
    source            TEXT    NOT NULL CHECK (source IN ('probe', 'capture')),
    ok                INTEGER NOT NULL CHECK (ok IN (0, 1)),
    is_up             INTEGER CHECK (is_up IN (0, 1)),
    failure_class     TEXT    NOT NULL,
    reason            TEXT    NOT NULL,
    latency_ms        REAL,
    users             INTEGER,
    users_max         INTEGER,
    gps_fixes_per_min INTEGER,
    gps_satellites    INTEGER,
    receiver_snr_db   REAL,
    version           TEXT    NOT NULL,
    holds_seconds     REAL    NOT NULL
) STRICT;

-- With what the reckoning of uptimes asks for, so that it reads the index alone.
CREATE INDEX websdr_status_of_websdr ON websdr_status (websdr_id, at, id, is_up, holds_seconds, source, ok);
CREATE INDEX websdr_status_by_time ON websdr_status (at, id);

-- How each WebSDR is, and its breaker; one row from the first time on that somebody looks. claim counts the probes that
-- were claimed, and claimed_until says how long the last has to end.
CREATE TABLE websdr_health (
    websdr_id         INTEGER NOT NULL PRIMARY KEY REFERENCES websdrs (websdr_id) ON DELETE CASCADE,
    state             TEXT    NOT NULL CHECK (state IN ('up', 'down', 'unknown')),
    breaker           TEXT    NOT NULL CHECK (breaker IN ('closed', 'open', 'half_open')),
    failures          INTEGER NOT NULL,
    opened_at         INTEGER,
    next_probe_at     INTEGER,
    last_at           INTEGER,
    last_up_at        INTEGER,
    last_class        TEXT    NOT NULL,
    last_error        TEXT    NOT NULL,
    latency_ms        REAL,
    users             INTEGER,
    users_max         INTEGER,
    gps_fixes_per_min INTEGER,
    gps_satellites    INTEGER,
    receiver_snr_db   REAL,
    version           TEXT    NOT NULL,
    details           TEXT    NOT NULL,
    claim             INTEGER NOT NULL,
    claimed_until     INTEGER,
    probed_at         INTEGER,
    contacted_at      INTEGER
) STRICT;
