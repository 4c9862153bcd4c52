-- +goose Up
CREATE TABLE emitters (
    emitter_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL UNIQUE,
    frequency_hz INTEGER NOT NULL CHECK (frequency_hz > 0),
    bandwidth_hz REAL             CHECK (bandwidth_hz > 0),
    latitude     REAL    NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude    REAL    NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    altitude_m   REAL,
    eirp_dbm     REAL,
    notes        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX emitters_by_frequency ON emitters (frequency_hz);
