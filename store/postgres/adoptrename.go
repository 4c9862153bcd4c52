package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// The tables that remember an adoption. They are no part of the schema, since few databases have them, and stay when the
// old tables are dropped.
const createAdoption = `
CREATE TABLE seed_adoption (
    only_row     boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    since        timestamptz NOT NULL DEFAULT clock_timestamp(),
    stage        text        NOT NULL CHECK (stage IN ('renamed', 'rows', 'done', 'dropped')),
    bytes_before bigint      NOT NULL, -- of the old table with its indexes
    websdrs      bigint      NOT NULL DEFAULT 0, -- that the old table websdrs became
    stand_ins    bigint      NOT NULL DEFAULT 0, -- WebSDRs for ids that it does not have
    columns      text[]      NOT NULL, -- of the old table measurements that are adopted
    ignored      text[]      NOT NULL, -- columns of the old tables that are left behind
    readers      text[]      NOT NULL, -- who may read the old table measurements, '' for everybody
    view_names   text[]      NOT NULL, -- that were renamed with it, and their kinds as in pg_class
    view_kinds   text[]      NOT NULL
);
CREATE TABLE seed_adoption_days (
    day        text    PRIMARY KEY, -- UTC, or 'infinity', '-infinity', '' for no time
    rows       bigint  NOT NULL,
    adopted    bigint  NOT NULL DEFAULT 0,
    duplicates bigint  NOT NULL DEFAULT 0,
    rejected   bigint  NOT NULL DEFAULT 0,
    done       boolean NOT NULL DEFAULT false
);
CREATE TABLE seed_adoption_rejects (
    n      bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    day    text   NOT NULL,
    id     text   NOT NULL, -- of the row, '' where the table has none
    "column" text NOT NULL,
    reason text   NOT NULL,
    cells  text[] NOT NULL -- in the order of seed_adoption.columns
);
CREATE INDEX seed_adoption_rejects_by_day ON seed_adoption_rejects (day)`

const (
	// Of the table itself and of the continuous aggregates over it. A job that runs at this moment ends first.
	deleteJobs = `
SELECT delete_job(j.job_id) FROM timescaledb_information.jobs AS j
WHERE (j.hypertable_schema, j.hypertable_name) IN (
    SELECT current_schema(), 'measurements'::name
    UNION ALL SELECT materialization_hypertable_schema, materialization_hypertable_name FROM timescaledb_information.continuous_aggregates
        WHERE hypertable_schema = current_schema() AND hypertable_name = 'measurements'
    UNION ALL SELECT view_schema, view_name FROM timescaledb_information.continuous_aggregates
        WHERE hypertable_schema = current_schema() AND hypertable_name = 'measurements')`

	insertAdoption = `
INSERT INTO seed_adoption (stage, bytes_before, view_names, view_kinds, ignored, columns, readers)
VALUES ('renamed', $1, $2, $3, $4, $5, ARRAY(
    SELECT DISTINCT CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee)::text END
    FROM pg_class, aclexplode(relacl) WHERE oid = to_regclass(quote_ident(current_schema()) || '.measurements') AND privilege_type = 'SELECT' AND grantee <> relowner
    ORDER BY 1))`

	selectTableSize = `
SELECT pg_total_relation_size(t) + COALESCE((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(t) WHERE relid <> t), 0)::bigint
FROM (SELECT format('%I.%I', current_schema(), $1::text)::regclass AS t) AS old`

	selectIndexes = `
SELECT c.relname::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE i.indrelid = format('%I.%I', current_schema(), $1::text)::regclass AND c.relname = ANY($2) ORDER BY 1`
)

// waitForTables is how long renaming waits for who is at the old tables, while others wait behind it.
const waitForTables = 10 * time.Second

// rename gives everything of the seed another name, and ends the policies that would delete or compress its rows, all in
// one transaction. Writers of the seed that are at work end first; later ones find a view, and fail.
func (d *adopting) rename(ctx context.Context) error {
	return pgx.BeginFunc(ctx, d.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, limitWait, millis(waitForTables)); err != nil {
			return err
		}
		if t := d.seed.measurements; t != nil && t.hypertable {
			if _, err := tx.Exec(ctx, deleteJobs); err != nil {
				return fmt.Errorf("remove the policies of the old table: %w", err)
			}
		}
		var bytes int64
		for _, t := range []*seedTable{d.seed.measurements, d.seed.websdrs} {
			if t == nil {
				continue
			}
			if _, err := tx.Exec(ctx, `LOCK TABLE `+d.seed.quoted(t.name)+` IN ACCESS EXCLUSIVE MODE`); err != nil {
				return err
			}
		}
		if t := d.seed.measurements; t != nil {
			var err error
			if bytes, err = d.seed.size(ctx, tx); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, createAdoption); err != nil {
			return err
		}
		names, kinds := []string{}, []string{}
		for _, v := range d.seed.views {
			names, kinds = append(names, v.name+"_seed"), append(kinds, v.kind)
		}
		if _, err := tx.Exec(ctx, insertAdoption, bytes, names, kinds, append([]string{}, d.opt.Ignore...), append([]string{}, d.seed.columnNames()...)); err != nil {
			return err
		}
		return d.renameAll(ctx, tx)
	})
}

// kindWords are the kinds of pg_class as SQL has them; a continuous aggregate is a materialized view.
var kindWords = map[string]string{"r": "TABLE", "v": "VIEW", "m": "MATERIALIZED VIEW"}

func (d *adopting) renameAll(ctx context.Context, tx pgx.Tx) error {
	relations := append([]seedRelation{}, d.seed.views...) // first, while they can be found under the names they read
	for _, t := range []*seedTable{d.seed.measurements, d.seed.websdrs} {
		if t != nil {
			relations = append(relations, seedRelation{t.name, "r"})
		}
	}
	for _, r := range relations {
		rows, err := tx.Query(ctx, selectIndexes, r.name, neededNames())
		indexes, err := all(rows, err, func(r row) (name string, err error) {
			err = r.Scan(&name)
			return name, err
		})
		if err != nil {
			return err
		}
		for _, index := range indexes {
			if _, err := tx.Exec(ctx, `ALTER INDEX `+d.seed.quoted(index)+` RENAME TO `+pgx.Identifier{index + "_seed"}.Sanitize()); err != nil {
				return fmt.Errorf("rename index %s: %w", index, err)
			}
		}
		if _, err := tx.Exec(ctx, `ALTER `+kindWords[r.kind]+` `+d.seed.quoted(r.name)+` RENAME TO `+pgx.Identifier{r.name + "_seed"}.Sanitize()); err != nil {
			return fmt.Errorf("rename %s: %w", r.name, err)
		}
	}
	return nil
}

// quoted is the name of something of the seed for SQL.
func (s *seed) quoted(name string) string { return pgx.Identifier{s.schema, name}.Sanitize() }

// size is that of the old table measurements in bytes, with indexes and chunks.
func (s *seed) size(ctx context.Context, q querier) (bytes int64, err error) {
	query := selectTableSize
	if s.measurements.hypertable {
		query = selectHypertableSize
	}
	err = q.QueryRow(ctx, query, s.measurements.name).Scan(&bytes)
	return bytes, err
}
