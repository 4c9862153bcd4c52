package postgres

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/heimdall-sdr/heimdall"
)

const (
	// Views of any schema but TimescaleDB's own that read the table; a continuous aggregate may only read what its own
	// table holds, so that it is asked for by its name.
	selectReaders = `
SELECT DISTINCT n.nspname::text, v.relname::text, v.relkind::text, n.nspname = current_schema()
FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid JOIN pg_class AS v ON v.oid = r.ev_class JOIN pg_namespace AS n ON n.oid = v.relnamespace
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.refobjid = format('%I.%I', current_schema(), $1::text)::regclass AND v.oid <> d.refobjid AND n.nspname NOT LIKE '\_timescaledb%'
ORDER BY 1, 2`

	selectAggregates = `
SELECT view_schema::text, view_name::text, 'm', view_schema = current_schema() FROM timescaledb_information.continuous_aggregates
WHERE hypertable_schema = current_schema() AND hypertable_name = $1 ORDER BY 1, 2`

	selectOldViewNames = `SELECT view_names FROM seed_adoption`

	// Indexes of what is renamed are renamed with it.
	selectTaken = `
SELECT c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
WHERE n.nspname = current_schema() AND c.relname = ANY($1) AND c.relname <> ALL($2)
  AND (i.indrelid IS NULL OR i.indrelid::bigint <> ALL (SELECT o.oid::bigint FROM pg_class AS o WHERE o.relnamespace = n.oid AND o.relname = ANY($2)))
ORDER BY 1`
)

// findReaders finds who reads the old table measurements: views that must make room, and others to tell of.
func (s *seed) findReaders(ctx context.Context, q querier) error {
	if s.measurements == nil {
		return nil
	}
	readers, err := s.readers(ctx, q)
	if err != nil {
		return err
	}
	var old []string
	if s.renamed {
		if err := q.QueryRow(ctx, selectOldViewNames).Scan(&old); err != nil {
			return err
		}
	}
	ours := neededNames()
	for _, r := range readers {
		switch {
		case r.here && slices.Contains(old, r.name):
		case r.here && slices.Contains(ours, r.name) && !s.renamed:
			s.views = append(s.views, seedRelation{r.name, r.kind})
		default:
			s.remarks = append(s.remarks, fmt.Sprintf("the view %s.%s reads the old table, and goes on to do so under its new name %s", r.schema, r.name, oldMeasurements))
		}
	}
	return nil
}

// findStrangeIDs counts the old WebSDRs that are left behind.
func (s *seed) findStrangeIDs(ctx context.Context, q querier) error {
	if s.websdrs == nil {
		return nil
	}
	var n int64
	err := q.QueryRow(ctx, `SELECT count(*) FROM `+s.quoted(s.websdrs.name)+` WHERE COALESCE(id, 0) NOT BETWEEN 1 AND $1::bigint`, mostStandIn).Scan(&n)
	if n > 0 {
		s.remarks = append(s.remarks, fmt.Sprintf("%d rows of the old table websdrs have an id below 1 or above %d: they are left there, and rows of measurements that name them are rejected", n, mostStandIn))
	}
	return err
}

// refuseOthers refuses what else has names that Heimdall needs.
func (s *seed) refuseOthers(ctx context.Context, q querier) error {
	var own []string
	for _, t := range []*seedTable{s.websdrs, s.measurements} {
		if t != nil {
			own = append(own, t.name)
		}
	}
	for _, v := range s.views {
		own = append(own, v.name)
	}
	rows, err := q.Query(ctx, selectTaken, neededNames(), own)
	taken, err := all(rows, err, func(r row) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	})
	if err == nil && len(taken) > 0 {
		err = fmt.Errorf("the database has %s, which Heimdall needs as a name of its own and the Python system did not have: rename it, or give Heimdall a database of its own: %w",
			strings.Join(taken, ", "), heimdall.ErrConflict)
	}
	return err
}

// A reader is a view over the old table.
type reader struct {
	schema, name, kind string
	here               bool // in our schema
}

func (s *seed) readers(ctx context.Context, q querier) ([]reader, error) {
	scan := func(r row) (v reader, err error) {
		err = r.Scan(&v.schema, &v.name, &v.kind, &v.here)
		return v, err
	}
	rows, err := q.Query(ctx, selectReaders, s.measurements.name)
	list, err := all(rows, err, scan)
	if err != nil || !s.measurements.hypertable {
		return list, err
	}
	rows, err = q.Query(ctx, selectAggregates, s.measurements.name)
	aggregates, err := all(rows, err, scan)
	for _, a := range aggregates {
		list = slices.DeleteFunc(list, func(r reader) bool { return r.schema == a.schema && r.name == a.name })
		list = append(list, a)
	}
	return list, err
}

var created = regexp.MustCompile(`(?m)^\s*CREATE (TABLE|VIEW|SEQUENCE|INDEX|UNIQUE INDEX) (\w+)`)

// neededNames are the relations of our schema, read from what makes them.
func neededNames() (names []string) {
	files, _ := migrations.ReadDir("migrations") // it is embedded
	for _, f := range files {
		text, _ := migrations.ReadFile("migrations/" + f.Name())
		for _, m := range created.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[2])
			if m[1] == "TABLE" {
				names = append(names, m[2]+"_pkey")
			}
		}
	}
	return append(names, "websdrs_name_key", "acquisitions_idempotency_key_key")
}
