-- +goose Up
-- host is what of the url may be connected to only once at a time: Heimdall writes it, and fills it in for rows that
-- have none when it opens the database.
ALTER TABLE websdrs ADD COLUMN host text NOT NULL DEFAULT '';
ALTER TABLE websdrs ADD COLUMN daily_budget_s float8 NOT NULL DEFAULT 0;

ALTER TABLE acquisitions ADD COLUMN priority integer NOT NULL DEFAULT 0;
ALTER TABLE acquisitions ADD COLUMN deadline timestamptz;
ALTER TABLE acquisitions ADD COLUMN origin text NOT NULL DEFAULT '' COLLATE "C";

-- The queue: by priority, then one line for each origin, each with the oldest first; and the work whose lease runs
-- out first.
DROP INDEX acquisitions_live;
CREATE INDEX acquisitions_pending ON acquisitions (priority DESC, origin, created_at, task_id) WHERE state = 'pending';
CREATE INDEX acquisitions_running ON acquisitions (lease_until, task_id, origin) WHERE state = 'running';
CREATE INDEX acquisitions_by_deadline ON acquisitions (deadline) WHERE state = 'pending' AND deadline IS NOT NULL;
CREATE INDEX acquisitions_by_origin ON acquisitions (origin, created_at, task_id);

-- When the first in line of each origin was last claimed: origins take turns.
CREATE TABLE origins (
    origin    text        COLLATE "C" PRIMARY KEY,
    served_at timestamptz NOT NULL
);

-- Who may connect to a host. A row counts only as long as its acquisition is running under its fence and its lease
-- is in force, or, where it has none, until held_until.
CREATE TABLE receiver_holds (
    host       text   COLLATE "C" PRIMARY KEY,
    task_id    uuid,
    fence      bigint,
    held_by    text   NOT NULL,
    held_until timestamptz
);

-- When each host was last connected to, so that it is not hammered.
CREATE TABLE receiver_hosts (
    host         text        COLLATE "C" PRIMARY KEY,
    contacted_at timestamptz NOT NULL
);

-- What receivers hold against us. websdr_id is 0 where it counts for all at the host.
CREATE TABLE receiver_blocks (
    host      text        COLLATE "C" NOT NULL,
    websdr_id integer     NOT NULL,
    class     text        NOT NULL,
    reason    text        NOT NULL,
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    PRIMARY KEY (host, websdr_id)
);

-- How long we were connected to each host on each UTC day.
CREATE TABLE receiver_days (
    host        text   COLLATE "C" NOT NULL,
    day         date   NOT NULL,
    connected_s float8 NOT NULL,
    PRIMARY KEY (host, day)
);

-- Whether receivers may be contacted at all; no row means that they may.
CREATE TABLE contact (
    only_row   boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    is_off     boolean     NOT NULL,
    reason     text        NOT NULL,
    changed_by text        NOT NULL,
    changed_at timestamptz NOT NULL
);

CREATE TABLE workers (
    name       text        COLLATE "C" PRIMARY KEY,
    host       text        NOT NULL,
    version    text        NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    slots      integer     NOT NULL,
    running    integer     NOT NULL
);
