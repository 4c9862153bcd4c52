-- +goose Up
-- What happened, written in the transaction that made it happen, and kept for a week.
--
-- Readers remember the id of the last event they saw, so no event may appear behind it later. Sequences do not give
-- that: who took a number first may commit last. So the id is the number of the transaction, and within it that of the
-- event (the lower 14 bits), and readers look at no transaction as long as an older one is in progress: see event_state.
CREATE TABLE events (
    id        bigint      PRIMARY KEY,
    kind      text        NOT NULL,
    task_id   uuid,                 -- of the acquisition concerned; NULL when none is
    websdr_id integer     NOT NULL, -- of the capture concerned; 0 when none is
    at        timestamptz NOT NULL,
    payload   json        NOT NULL  -- heimdall.EventPayload
);

-- One row. Of the events up to pruned_to some are gone. base is added to the numbers of transactions: a database that
-- was restored from a dump lives on a server whose own numbers may be smaller than those in the dump.
CREATE TABLE event_state (
    only_row  boolean PRIMARY KEY CHECK (only_row),
    base      bigint  NOT NULL,
    pruned_to bigint  NOT NULL
);

INSERT INTO event_state (only_row, base, pruned_to) VALUES (true, 0, 0);

-- Who wants to be told of events.
CREATE TABLE webhooks (
    webhook_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url        text        NOT NULL,
    secret     text        NOT NULL, -- in clear, since it signs
    kinds      text[]      NOT NULL,
    label      text        NOT NULL,
    is_active  boolean     NOT NULL,
    reason     text        NOT NULL,
    created_at timestamptz NOT NULL
);

-- Events on their way to webhooks: the transactional outbox, written with the event.
CREATE TABLE deliveries (
    webhook_id      bigint      NOT NULL REFERENCES webhooks (webhook_id) ON DELETE CASCADE,
    event_id        bigint      NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    state           text        NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts        integer     NOT NULL,
    next_attempt_at timestamptz,          -- NULL unless pending; while it is tried, when that counts as lost
    last_status     integer     NOT NULL, -- HTTP; 0 without an answer
    last_error      text        NOT NULL,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,          -- NULL while pending
    PRIMARY KEY (webhook_id, event_id)
);

CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_event ON deliveries (event_id, state);
