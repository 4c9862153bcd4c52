-- +goose Up
-- Labels are few: what is sought in them is sought in the index, from one label to the next.
CREATE INDEX acquisitions_by_label ON acquisitions (label COLLATE "C", created_at, task_id);

-- How much all recordings hold, as a sum of changes: what is asked for on every page must not be a sum over all captures,
-- and one number would keep everybody who ends a capture waiting for each other. The changes are folded now and then.
CREATE TABLE recorded_changes (
    bytes bigint NOT NULL
);

INSERT INTO recorded_changes SELECT COALESCE(sum(bytes), 0) FROM captures;

-- +goose StatementBegin
CREATE FUNCTION heimdall_recorded_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO recorded_changes SELECT sum(bytes) FROM fresh HAVING sum(bytes) <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION heimdall_recorded_less() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO recorded_changes SELECT -sum(bytes) FROM gone HAVING sum(bytes) <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION heimdall_recorded_other() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO recorded_changes VALUES (COALESCE(NEW.bytes, 0) - COALESCE(OLD.bytes, 0));
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER recorded_more AFTER INSERT ON captures REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION heimdall_recorded_more();
CREATE TRIGGER recorded_less AFTER DELETE ON captures REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION heimdall_recorded_less();
CREATE TRIGGER recorded_other AFTER UPDATE OF bytes ON captures
    FOR EACH ROW WHEN (NEW.bytes IS DISTINCT FROM OLD.bytes) EXECUTE FUNCTION heimdall_recorded_other();
