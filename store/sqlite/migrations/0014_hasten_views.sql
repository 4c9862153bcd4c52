-- +goose Up
-- Labels are few: what is sought in them is sought in the index, from one label to the next.
CREATE INDEX acquisitions_by_label ON acquisitions (label, created_at, task_id);

-- How much all recordings hold: what is asked for on every page must not be a sum over all captures.
CREATE TABLE recorded_total (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    bytes INTEGER NOT NULL
) STRICT;

INSERT INTO recorded_total (id, bytes) SELECT 1, COALESCE(sum(bytes), 0) FROM captures;

-- +goose StatementBegin
CREATE TRIGGER recorded_more AFTER INSERT ON captures WHEN NEW.bytes IS NOT NULL BEGIN
    UPDATE recorded_total SET bytes = bytes + NEW.bytes;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER recorded_less AFTER DELETE ON captures WHEN OLD.bytes IS NOT NULL BEGIN
    UPDATE recorded_total SET bytes = bytes - OLD.bytes;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER recorded_other AFTER UPDATE OF bytes ON captures WHEN NEW.bytes IS NOT OLD.bytes BEGIN
    UPDATE recorded_total SET bytes = bytes + COALESCE(NEW.bytes, 0) - COALESCE(OLD.bytes, 0);
END;
-- +goose StatementEnd
