-- +goose Up
-- What was learnt of WebSDRs, by probes and by captures. is_up is NULL where that says nothing of their health; what is
-- learnt holds until the next row, but no longer than holds_seconds.
CREATE TABLE websdr_status (
    id                bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    websdr_id         integer          NOT NULL REFERENCES websdrs (websdr_id) ON DELETE CASCADE,
    at                timestamptz      NOT NULL,
    source            text             NOT NULL CHECK (source IN ('probe', 'capture')),
    ok                boolean          NOT NULL,
    is_up             boolean,
    failure_class     text             NOT NULL,
    reason            text             NOT NULL,
    latency_ms        double precision,
    users             integer,
    users_max         integer,
    gps_fixes_per_min integer,
    gps_satellites    integer,
    receiver_snr_db   double precision,
    version           text             NOT NULL,
    holds_seconds     double precision NOT NULL
);

-- With what the reckoning of uptimes asks for, so that it reads the index alone.
CREATE INDEX websdr_status_of_websdr ON websdr_status (websdr_id, at, id) INCLUDE (is_up, holds_seconds, source, ok);
CREATE INDEX websdr_status_by_time ON websdr_status (at, id);

-- How each WebSDR is, and its breaker; one row from the first time on that somebody looks. claim counts the probes that
-- were claimed, and claimed_until says how long the last has to end.
CREATE TABLE websdr_health (
    websdr_id         integer          PRIMARY KEY REFERENCES websdrs (websdr_id) ON DELETE CASCADE,
    state             text             NOT NULL CHECK (state IN ('up', 'down', 'unknown')),
    breaker           text             NOT NULL CHECK (breaker IN ('closed', 'open', 'half_open')),
    failures          integer          NOT NULL,
    opened_at         timestamptz,
    next_probe_at     timestamptz,
    last_at           timestamptz,
    last_up_at        timestamptz,
    last_class        text             NOT NULL,
    last_error        text             NOT NULL,
    latency_ms        double precision,
    users             integer,
    users_max         integer,
    gps_fixes_per_min integer,
    gps_satellites    integer,
    receiver_snr_db   double precision,
    version           text             NOT NULL,
    details           jsonb            NOT NULL,
    claim             bigint           NOT NULL,
    claimed_until     timestamptz,
    probed_at         timestamptz,
    contacted_at      timestamptz
);
