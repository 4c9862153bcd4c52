package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// Stages of an adoption.
const (
	stageRenamed = "renamed" // the old tables have other names; the schema may be there
	stageRows    = "rows"    // the WebSDRs are there, the rows are being copied: others may work with the database
	stageDone    = "done"
	stageDropped = "dropped" // and the old tables are gone
)

// What the old tables are called afterwards.
const (
	oldMeasurements = "measurements_seed"
	oldWebSDRs      = "websdrs_seed"
)

// A seed is what is left of the seed in a database.
type seed struct {
	schema       string
	measurements *seedTable // nil when there is none
	websdrs      *seedTable
	views        []seedRelation // over measurements, whose names Heimdall needs
	renamed      bool           // all of them have their other names
	stage        string         // "" before that
	remarks      []string       // what its owner should know, and what keeps nothing from being adopted
}

// A seedTable is one of its tables, as far as it is as the seed made it.
type seedTable struct {
	name       string
	columns    []seedColumn // that are adopted, in the order of the table
	hypertable bool
}

// A seedColumn is one column of it.
type seedColumn struct{ name, dataType string }

func (t *seedTable) has(column string) bool {
	return slices.ContainsFunc(t.columns, func(c seedColumn) bool { return c.name == column })
}

// A seedRelation is a view of any kind.
type seedRelation struct{ name, kind string }

// names are for people.
func (s seed) names() string {
	switch {
	case s.websdrs == nil:
		return "the table measurements"
	case s.measurements == nil:
		return "the table websdrs"
	}
	return "the tables measurements and websdrs"
}

// Kinds of column, as PostgreSQL names types.
var (
	textTypes   = []string{"text", "character varying", "character", "uuid"}
	wholeTypes  = []string{"smallint", "integer", "bigint"}
	numberTypes = []string{"double precision", "real", "numeric", "smallint", "integer", "bigint"}
	timeTypes   = []string{"timestamp with time zone", "timestamp without time zone"}
	truthTypes  = []string{"boolean"}
)

// A wanted is a column that one of the old tables has.
type wanted struct {
	name     string
	types    []string
	required bool
}

var wantedMeasurements = []wanted{
	{"id", wholeTypes, false}, {"task_id", textTypes, true}, {"websdr_id", wholeTypes, true}, {"frequency_mhz", numberTypes, true},
	{"sample_rate_khz", numberTypes, false}, {"samples_count", wholeTypes, false}, {"timestamp_utc", timeTypes, true},
	{"snr_db", numberTypes, false}, {"frequency_offset_hz", numberTypes, false}, {"power_dbm", numberTypes, false}, {"s3_path", textTypes, false},
}

var wantedWebSDRs = []wanted{
	{"id", wholeTypes, true}, {"name", textTypes, true}, {"url", textTypes, true}, {"location_name", textTypes, false},
	{"latitude", numberTypes, false}, {"longitude", numberTypes, false}, {"is_active", truthTypes, false},
	{"timeout_seconds", numberTypes, false}, {"retry_count", wholeTypes, false}, {"created_at", timeTypes, false}, {"updated_at", timeTypes, false},
}

const (
	selectStage = `SELECT COALESCE((SELECT stage FROM seed_adoption), '')`
	setStage    = `UPDATE seed_adoption SET stage = $1`

	selectIgnored = `SELECT ignored FROM seed_adoption`

	selectRelation = `
SELECT c.oid, c.relkind::text, current_schema()::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`

	selectColumns = `
SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum`

	hasTimescale = `SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb')`

	selectIsHypertable = `
SELECT EXISTS (SELECT 1 FROM timescaledb_information.hypertables WHERE hypertable_schema = current_schema() AND hypertable_name = $1)`
)

// adoptionStage is "" where no adoption has begun.
func adoptionStage(ctx context.Context, q querier) (stage string, err error) {
	if there, err := exists(ctx, q, "seed_adoption"); !there || err != nil {
		return "", err
	}
	err = q.QueryRow(ctx, selectStage).Scan(&stage)
	return stage, err
}

// exists looks in our schema only, and not in others of the search path.
func exists(ctx context.Context, q querier, name string) (bool, error) {
	var oid uint32
	var kind, schema string
	err := q.QueryRow(ctx, selectRelation, name).Scan(&oid, &kind, &schema)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// findSeed recognises what is there by its columns. A table with one of the names that is not the seed's is an error that
// says what is odd about it; where there is none of them, that is ErrNoSeed.
func findSeed(ctx context.Context, q querier, ignore []string) (s seed, err error) {
	if s.stage, err = adoptionStage(ctx, q); err != nil {
		return s, err
	}
	measurements, websdrs := "measurements", "websdrs"
	if s.renamed = s.stage != ""; s.renamed {
		measurements, websdrs = oldMeasurements, oldWebSDRs
		if err := q.QueryRow(ctx, selectIgnored).Scan(&ignore); err != nil { // what was said when it began
			return s, err
		}
	} else if migrated, err := isMigrated(ctx, q); err != nil || migrated {
		return s, errors.Join(err, ErrNoSeed)
	}
	var bad heimdall.InvalidError
	if s.measurements, err = s.findTable(ctx, q, measurements, wantedMeasurements, ignore, &bad); err != nil {
		return s, err
	}
	if s.websdrs, err = s.findTable(ctx, q, websdrs, wantedWebSDRs, ignore, &bad); err != nil {
		return s, err
	}
	if err := bad.Err(); err != nil {
		return s, fmt.Errorf("a table here has a name that Heimdall needs, but is not the Python system's: give Heimdall a database of its own, or a schema (CREATE SCHEMA heimdall, and ?search_path=heimdall in DATABASE_URL): %w", err)
	}
	if s.stage != stageDropped && s.measurements == nil && s.websdrs == nil {
		return s, ErrNoSeed
	}
	if err := errors.Join(s.findReaders(ctx, q), s.findStrangeIDs(ctx, q)); err != nil || s.renamed {
		return s, err
	}
	return s, s.refuseOthers(ctx, q)
}

// isMigrated also holds where the first migration broke off and left nothing but its number 0.
func isMigrated(ctx context.Context, q querier) (bool, error) {
	if there, err := exists(ctx, q, "goose_db_version"); !there || err != nil {
		return false, err
	}
	var have int64
	err := q.QueryRow(ctx, selectVersion).Scan(&have)
	return have > 0, err
}

// findTable is nil where there is none of that name, and where it is not the seed's, which is noted in bad.
func (s *seed) findTable(ctx context.Context, q querier, name string, want []wanted, ignore []string, bad *heimdall.InvalidError) (*seedTable, error) {
	var oid uint32
	var kind string
	err := q.QueryRow(ctx, selectRelation, name).Scan(&oid, &kind, &s.schema)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if kind != "r" && kind != "p" {
		bad.Add(name, "is no table, but a view or a foreign table")
		return nil, nil
	}
	rows, err := q.Query(ctx, selectColumns, oid)
	columns, err := all(rows, err, func(r row) (c seedColumn, err error) {
		err = r.Scan(&c.name, &c.dataType)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	t := &seedTable{name: name}
	for _, c := range columns {
		i := slices.IndexFunc(want, func(w wanted) bool { return w.name == c.name })
		switch {
		case slices.Contains(ignore, c.name):
		case i < 0:
			bad.Add(name, "has a column %s, which the Python system did not have: leave it behind with --ignore %[1]s", c.name)
		case !slices.Contains(want[i].types, c.dataType):
			bad.Add(name, "has a column %s of type %s, which should be %s", c.name, c.dataType, want[i].types[0])
		default:
			t.columns = append(t.columns, c)
		}
	}
	for _, w := range want {
		if w.required && !slices.ContainsFunc(columns, func(c seedColumn) bool { return c.name == w.name }) {
			bad.Add(name, "lacks the column %s", w.name)
		} else if w.required && slices.Contains(ignore, w.name) {
			bad.Add(name, "cannot do without the column %s", w.name)
		}
	}
	var timescale bool
	if err := q.QueryRow(ctx, hasTimescale).Scan(&timescale); err != nil || !timescale {
		return t, err
	}
	return t, q.QueryRow(ctx, selectIsHypertable, name).Scan(&t.hypertable)
}
