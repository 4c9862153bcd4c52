-- +goose Up
-- Who may use the API from elsewhere. The value of a token is not kept, only its SHA-256. What is revoked stays, so that
-- the audit log can be read.
CREATE TABLE tokens (
    token_id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text        NOT NULL,
    scope        text        NOT NULL CHECK (scope IN ('read', 'operate', 'admin')),
    hash         bytea       NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz, -- NULL means never
    last_used_at timestamptz, -- to the minute
    revoked_at   timestamptz
);

CREATE UNIQUE INDEX tokens_by_name ON tokens (name COLLATE "C") WHERE revoked_at IS NULL;

-- Who asked for which change, and what came of it.
CREATE TABLE audit (
    audit_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    token_id bigint,      -- NULL: the actor had none
    actor    text        NOT NULL,
    address  text        NOT NULL,
    action   text        NOT NULL,
    object   text        NOT NULL,
    status   integer     NOT NULL
);

CREATE INDEX audit_by_time ON audit (at);
