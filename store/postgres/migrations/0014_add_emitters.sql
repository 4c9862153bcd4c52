-- +goose Up
-- Transmitters that somebody knows. What is measured does not depend on them.
CREATE TABLE emitters (
    emitter_id   bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text             NOT NULL UNIQUE,
    frequency_hz bigint           NOT NULL CHECK (frequency_hz > 0),
    bandwidth_hz double precision          CHECK (bandwidth_hz > 0), -- NULL: not known; so are altitude_m and eirp_dbm
    latitude     double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude    double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    altitude_m   double precision,
    eirp_dbm     double precision,
    notes        text             NOT NULL,
    created_at   timestamptz      NOT NULL,
    updated_at   timestamptz      NOT NULL
);

CREATE INDEX emitters_by_frequency ON emitters (frequency_hz);
