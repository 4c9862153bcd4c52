package postgres

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

// mostStandIn is the highest id for which a WebSDR is made up: it is garbage beyond that, and the ids of WebSDRs to come
// begin after the highest there is.
const mostStandIn = 1_000_000

const (
	selectHighestWebSDRID = `SELECT COALESCE(max(websdr_id), 0)::bigint FROM websdrs`

	countWebSDRs = `UPDATE seed_adoption SET stage = 'rows', websdrs = $1, stand_ins = $2 WHERE stage = 'renamed'`

	selectReadersOfSeed = `SELECT readers FROM seed_adoption`
)

// adoptWebSDRs makes the WebSDRs that the rows will name, under the ids that they had, before anybody else can
// make one: until then Open refuses the database.
func (d *adopting) adoptWebSDRs(ctx context.Context) error {
	if d.seed.stage != stageRenamed {
		return nil
	}
	list, standIns, err := d.listWebSDRs(ctx)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, d.conn, func(tx pgx.Tx) error {
		for _, w := range append(slices.Clone(list), standIns...) {
			args, err := values(websdrColumns(&w))
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insertWebSDR, args...); err != nil {
				return fmt.Errorf("adopt WebSDR %d, %q: %w", w.ID, w.Name, err)
			}
		}
		var highest int64
		if err := tx.QueryRow(ctx, selectHighestWebSDRID).Scan(&highest); err != nil {
			return err
		}
		if highest > 0 {
			if _, err := tx.Exec(ctx, setLastWebSDRID, highest); err != nil {
				return err
			}
		}
		if err := grantReaders(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, countWebSDRs, len(list), len(standIns))
		return err
	})
	if err == nil {
		d.seed.stage = stageRows
	}
	return err
}

// grantReaders lets those read the views who could read the old tables: dashboards have a user of their own.
func grantReaders(ctx context.Context, tx pgx.Tx) error {
	var readers []string
	if err := tx.QueryRow(ctx, selectReadersOfSeed).Scan(&readers); err != nil {
		return err
	}
	for _, name := range readers {
		to := "PUBLIC"
		if name != "" {
			to = pgx.Identifier{name}.Sanitize()
		}
		if _, err := tx.Exec(ctx, `GRANT SELECT ON measurements, measurements_hourly, measurements_daily TO `+to); err != nil {
			return fmt.Errorf("let %s read measurements as before: %w", to, err)
		}
	}
	return nil
}

// listWebSDRs are those of the old table, and those that its rows name beside them.
func (d *adopting) listWebSDRs(ctx context.Context) (list, standIns []heimdall.WebSDR, err error) {
	now, err := moment(ctx, d.conn)
	if err != nil {
		return nil, nil, err
	}
	names := map[string]bool{}
	if t := d.seed.websdrs; t != nil {
		rows, err := d.conn.Query(ctx, d.seed.selectOldWebSDRs())
		if list, err = all(rows, err, func(r row) (heimdall.WebSDR, error) { return scanOldWebSDR(r, t, now, names) }); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", t.name, err)
		}
	}
	if d.seed.measurements == nil {
		return list, nil, nil
	}
	rows, err := d.conn.Query(ctx, `SELECT DISTINCT websdr_id::bigint FROM `+d.seed.quoted(d.seed.measurements.name)+
		` WHERE websdr_id BETWEEN 1 AND $1::bigint ORDER BY 1`, mostStandIn)
	ids, err := all(rows, err, func(r row) (id int64, err error) {
		err = r.Scan(&id)
		return id, err
	})
	for _, id := range ids {
		if !slices.ContainsFunc(list, func(w heimdall.WebSDR) bool { return w.ID == id }) {
			standIns = append(standIns, standIn(id, now, names))
		}
	}
	return list, standIns, err
}

// No old receiver can be asked by a driver of ours: they are OpenWebRX, which delivers no IQ.
const oldKind = "openwebrx"

func standIn(id int64, now time.Time, names map[string]bool) heimdall.WebSDR {
	return heimdall.WebSDR{ID: id, Name: unused(names, fmt.Sprintf("WebSDR %d of the Python system", id)), Kind: oldKind, URL: unknownURL,
		Timeout: heimdall.DefaultTimeout, Notes: "adopted: measurements name it, and nothing else of it is known", CreatedAt: now, UpdatedAt: now}
}

// unknownURL is of no host, for ever (RFC 2606, section 2).
const unknownURL = "http://unknown.invalid/"

// unused is name, or one like it that no other WebSDR has.
func unused(names map[string]bool, name string) string {
	try := name
	for n := 2; names[try]; n++ {
		try = fmt.Sprintf("%s (%d)", name, n)
	}
	names[try] = true
	return try
}

func (s *seed) selectOldWebSDRs() string {
	column := func(name, as, otherwise string) string {
		if !s.websdrs.has(name) {
			return otherwise
		}
		return fmt.Sprintf("COALESCE(%s, %s)", s.websdrs.expression(name, as), otherwise)
	}
	return `SELECT ` + strings.Join([]string{
		"id::bigint", column("name", "text", "''"), column("url", "text", "''"), column("location_name", "text", "''"),
		column("latitude", "float8", "'NaN'"), column("longitude", "float8", "'NaN'"), column("timeout_seconds", "float8", "'NaN'"),
		column("retry_count", "bigint", "-1"), column("is_active", "boolean", "false"),
		column("created_at", "timestamptz", "'infinity'"), column("updated_at", "timestamptz", "'infinity'"),
	}, ", ") + ` FROM ` + s.quoted(s.websdrs.name) + fmt.Sprintf(` WHERE id BETWEEN 1 AND %d ORDER BY 1`, mostStandIn)
}

// scanOldWebSDR makes a WebSDR of an old row. What may not be stored is replaced, and said in its notes.
func scanOldWebSDR(r row, t *seedTable, now time.Time, names map[string]bool) (w heimdall.WebSDR, err error) {
	var timeout float64
	var retries int64
	var active bool
	created, updated := finiteTime{now: now}, finiteTime{now: now}
	err = r.Scan(&w.ID, &w.Name, &w.URL, &w.LocationName, &w.LatitudeDeg, &w.LongitudeDeg, &timeout, &retries, &active, &created, &updated)
	if err != nil {
		return w, err
	}
	notes := []string{"adopted from the Python system: its receivers are OpenWebRX, which deliver no IQ, so it is not active"}
	if active {
		notes[0] += " as it was there"
	}
	if name := strings.TrimSpace(w.Name); name == "" || len(w.Name) > 90 { // with room for a number
		if name != "" {
			notes = append(notes, "its name was "+w.Name)
		}
		w.Name = fmt.Sprintf("WebSDR %d of the Python system", w.ID)
	}
	w.Name, w.Kind = unused(names, w.Name), oldKind
	if !isAddress(w.URL) {
		notes, w.URL = append(notes, fmt.Sprintf("its address was %q", w.URL)), unknownURL
	}
	if !(math.Abs(w.LatitudeDeg) <= 90 && math.Abs(w.LongitudeDeg) <= 180) {
		notes = append(notes, fmt.Sprintf("its place is not known (%v, %v)", w.LatitudeDeg, w.LongitudeDeg))
		w.LatitudeDeg, w.LongitudeDeg = 0, 0
	}
	w.Timeout = heimdall.DefaultTimeout
	if timeout >= 1 && timeout <= 300 {
		w.Timeout = time.Duration(timeout * float64(time.Second))
	}
	if retries >= 0 {
		w.RetryCount = int(min(retries, 10))
	}
	w.Notes, w.CreatedAt, w.UpdatedAt = strings.Join(notes, "; "), created.t, updated.t
	if err := w.Validate(); err != nil {
		return w, fmt.Errorf("WebSDR %d: %w", w.ID, err)
	}
	return w, nil
}

// isAddress is what Validate asks of the address of that kind.
func isAddress(at string) bool {
	u, err := url.Parse(at)
	kind, _ := heimdall.KindNamed(oldKind)
	return err == nil && u.User == nil && slices.Contains(kind.Schemes, u.Scheme) && u.Host != ""
}

// A finiteTime is a time that may be infinite in the database; it is now then.
type finiteTime struct{ t, now time.Time }

// Scan implements sql.Scanner.
func (f *finiteTime) Scan(v any) error {
	f.t = f.now
	if t, ok := v.(time.Time); ok {
		f.t = t.UTC()
	}
	return nil
}
