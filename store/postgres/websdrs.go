package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const selectWebSDRs = `
SELECT websdr_id, name, kind, url, location_name, latitude, longitude, altitude_m, is_active,
       timeout_seconds, retry_count, frequency_min_hz, frequency_max_hz, frequency_offset_hz, sample_rate_hz,
       passband_low_hz, passband_high_hz, gain_db, password, clock_sigma_ppm, calibration_db, calibration_sigma_db,
       notes, created_at, updated_at, host, daily_budget_s
FROM websdrs`

// websdrColumns are in the order of selectWebSDRs.
func websdrColumns(w *heimdall.WebSDR) []column {
	return []column{
		{"websdr_id", &w.ID}, {"name", &w.Name}, {"kind", &w.Kind}, {"url", &w.URL},
		{"location_name", &w.LocationName}, {"latitude", &w.LatitudeDeg}, {"longitude", &w.LongitudeDeg},
		{"altitude_m", &w.AltitudeM}, {"is_active", &w.Active},
		{"timeout_seconds", seconds{&w.Timeout}}, {"retry_count", &w.RetryCount},
		{"frequency_min_hz", &w.FrequencyMinHz}, {"frequency_max_hz", &w.FrequencyMaxHz},
		{"frequency_offset_hz", &w.FrequencyOffsetHz}, {"sample_rate_hz", &w.SampleRateHz},
		{"passband_low_hz", &w.PassbandLowHz}, {"passband_high_hz", &w.PassbandHighHz}, {"gain_db", &w.GainDB},
		{"password", &w.Password}, {"clock_sigma_ppm", &w.ClockSigmaPPM},
		{"calibration_db", &w.CalibrationDB}, {"calibration_sigma_db", &w.CalibrationSigma}, {"notes", &w.Notes},
		{"created_at", micros{&w.CreatedAt}}, {"updated_at", micros{&w.UpdatedAt}},
		{"host", host{w}}, {"daily_budget_s", seconds{&w.DailyBudget}},
	}
}

func scanWebSDR(r row) (w heimdall.WebSDR, err error) {
	err = r.Scan(fields(websdrColumns(&w))...)
	return w, err
}

// WebSDRs returns the WebSDRs chosen, in order of id.
func (s *Store) WebSDRs(ctx context.Context, f heimdall.WebSDRFilter) ([]heimdall.WebSDR, error) {
	rows, err := s.pool.Query(ctx, selectWebSDRsChosen, f.IDs, f.ActiveOnly)
	list, err := all(rows, err, scanWebSDR)
	return list, failed(ctx, "list WebSDRs", err)
}

const selectWebSDRsChosen = selectWebSDRs + `
WHERE ($1::bigint[] IS NULL OR websdr_id = ANY($1))
  AND (NOT $2 OR is_active)
ORDER BY websdr_id`

// A querier is the pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

const selectWebSDR = selectWebSDRs + ` WHERE websdr_id = $1::bigint`

// WebSDR returns one WebSDR, or ErrNotFound.
func (s *Store) WebSDR(ctx context.Context, id int64) (heimdall.WebSDR, error) {
	w, err := getWebSDR(ctx, s.pool, id)
	return w, failed(ctx, "get WebSDR", err)
}

func getWebSDR(ctx context.Context, q querier, id int64) (heimdall.WebSDR, error) {
	w, err := scanWebSDR(q.QueryRow(ctx, selectWebSDR, id))
	return w, notFound(err, "WebSDR %d", id)
}

// CreateWebSDR stores a new WebSDR and returns its row. The database gives an id of 0 its number; a number given
// must be above all that were ever given, since an id means one WebSDR for ever. A name in use is ErrExists.
func (s *Store) CreateWebSDR(ctx context.Context, w heimdall.WebSDR) (created heimdall.WebSDR, err error) {
	err = s.write(ctx, "create WebSDR", func(tx pgx.Tx) (err error) {
		created, err = insertOneWebSDR(ctx, tx, w)
		return err
	})
	return created, err
}

const (
	// Those who create or change WebSDRs go one after the other, so that ids only grow and nobody overwrites what
	// another has just written. Readers and captures do not wait.
	lockWebSDRs = `LOCK TABLE websdrs IN SHARE ROW EXCLUSIVE MODE`

	// A sequence keeps its number when the transaction does not: ids are skipped then, and never repeated.
	selectLastWebSDRID = `SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM websdr_ids`
	setLastWebSDRID    = `SELECT setval('websdr_ids', $1::bigint)`
)

const insertWebSDR = `
INSERT INTO websdrs (websdr_id, name, kind, url, location_name, latitude, longitude, altitude_m, is_active,
       timeout_seconds, retry_count, frequency_min_hz, frequency_max_hz, frequency_offset_hz, sample_rate_hz,
       passband_low_hz, passband_high_hz, gain_db, password, clock_sigma_ppm, calibration_db, calibration_sigma_db,
       notes, created_at, updated_at, host, daily_budget_s)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
        $10, $11, $12, $13, $14, $15,
        $16, $17, $18, $19, $20, $21, $22,
        $23, $24, $25, $26, $27)`

func insertOneWebSDR(ctx context.Context, tx pgx.Tx, w heimdall.WebSDR) (heimdall.WebSDR, error) {
	if err := w.Validate(); err != nil {
		return w, err
	}
	if _, err := tx.Exec(ctx, lockWebSDRs); err != nil {
		return w, err
	}
	var last int64
	if err := tx.QueryRow(ctx, selectLastWebSDRID).Scan(&last); err != nil {
		return w, err
	}
	switch {
	case w.ID == 0:
		w.ID = last + 1
	case w.ID <= last:
		return w, fmt.Errorf("id %d is or was another WebSDR's, leave it out to be given one: %w", w.ID, heimdall.ErrExists)
	case w.ID > math.MaxInt32:
		var bad heimdall.InvalidError
		bad.Add("id", "must be at most %d", math.MaxInt32)
		return w, bad.Err()
	}
	var err error
	if w.CreatedAt, err = moment(ctx, tx); err != nil {
		return w, err
	}
	w.UpdatedAt = w.CreatedAt
	if _, err := tx.Exec(ctx, setLastWebSDRID, w.ID); err != nil {
		return w, err
	}
	args, err := values(websdrColumns(&w))
	if err != nil {
		return w, err
	}
	if _, err := tx.Exec(ctx, insertWebSDR, args...); err != nil {
		return w, takenName(err, w.Name)
	}
	return getWebSDR(ctx, tx, w.ID)
}

func takenName(err error, name string) error {
	if isTaken(err) {
		return fmt.Errorf("a WebSDR called %q: %w", name, heimdall.ErrExists)
	}
	return err
}

// UpdateWebSDR replaces the whole row but its id and time of creation, and returns it. An UpdatedAt that is not
// zero must be that of the row, otherwise somebody has changed it since it was read: ErrConflict.
func (s *Store) UpdateWebSDR(ctx context.Context, w heimdall.WebSDR) (updated heimdall.WebSDR, err error) {
	err = s.write(ctx, "update WebSDR", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockWebSDRs); err != nil {
			return err
		}
		old, err := getWebSDR(ctx, tx, w.ID)
		if err != nil {
			return err
		}
		if !w.UpdatedAt.IsZero() && !w.UpdatedAt.Truncate(time.Microsecond).Equal(old.UpdatedAt) {
			return fmt.Errorf("WebSDR %d has been changed since it was read, read it again: %w", w.ID, heimdall.ErrConflict)
		}
		updated, err = replaceWebSDR(ctx, tx, old, w)
		return err
	})
	return updated, err
}

const updateWebSDR = `
UPDATE websdrs SET (name, kind, url, location_name, latitude, longitude, altitude_m, is_active,
       timeout_seconds, retry_count, frequency_min_hz, frequency_max_hz, frequency_offset_hz, sample_rate_hz,
       passband_low_hz, passband_high_hz, gain_db, password, clock_sigma_ppm, calibration_db, calibration_sigma_db,
       notes, created_at, updated_at, host, daily_budget_s)
= ($2, $3, $4, $5, $6, $7, $8, $9,
   $10, $11, $12, $13, $14, $15,
   $16, $17, $18, $19, $20, $21, $22,
   $23, $24, $25, $26, $27)
WHERE websdr_id = $1`

func replaceWebSDR(ctx context.Context, tx pgx.Tx, old, w heimdall.WebSDR) (heimdall.WebSDR, error) {
	if err := w.Validate(); err != nil {
		return w, err
	}
	now, err := moment(ctx, tx)
	if err != nil {
		return w, err
	}
	w.ID, w.CreatedAt, w.UpdatedAt = old.ID, old.CreatedAt, now
	if !w.UpdatedAt.After(old.UpdatedAt) { // two updates never bear the same time
		w.UpdatedAt = old.UpdatedAt.Add(time.Microsecond)
	}
	args, err := values(websdrColumns(&w))
	if err != nil {
		return w, err
	}
	if _, err := tx.Exec(ctx, updateWebSDR, args...); err != nil {
		return w, takenName(err, w.Name)
	}
	return getWebSDR(ctx, tx, w.ID)
}

const (
	// A rollup remembers captures that have been deleted.
	countWebSDRCaptures = `
SELECT GREATEST((SELECT count(*) FROM captures WHERE websdr_id = $1::bigint),
                (SELECT COALESCE(sum(captures), 0)::bigint FROM captures_daily WHERE websdr_id = $1::bigint))`
	deleteWebSDR = `DELETE FROM websdrs WHERE websdr_id = $1::bigint`
)

// DeleteWebSDR removes a WebSDR that has never been part of an acquisition; one that has is ErrConflict.
func (s *Store) DeleteWebSDR(ctx context.Context, id int64) error {
	return s.write(ctx, "delete WebSDR", func(tx pgx.Tx) error {
		var captures int64
		if err := tx.QueryRow(ctx, countWebSDRCaptures, id).Scan(&captures); err != nil {
			return err
		}
		if captures > 0 {
			return fmt.Errorf("%d captures or rollups of captures refer to WebSDR %d, disable it instead: %w", captures, id, heimdall.ErrConflict)
		}
		result, err := tx.Exec(ctx, deleteWebSDR, id)
		if code(err) == foreignKeyViolation { // an acquisition was created meanwhile
			return fmt.Errorf("captures refer to WebSDR %d, disable it instead: %w", id, heimdall.ErrConflict)
		}
		if err == nil && result.RowsAffected() == 0 {
			err = fmt.Errorf("WebSDR %d: %w", id, heimdall.ErrNotFound)
		}
		return err
	})
}

const selectWebSDRNamed = selectWebSDRs + ` WHERE name = $1`

// ImportWebSDRs creates those of the list whose name is new, in its order, and replaces the others, or does
// nothing at all. The name is the identity: ids and times in the list are ignored.
func (s *Store) ImportWebSDRs(ctx context.Context, list []heimdall.WebSDR) (created, updated int, err error) {
	if err := checkImport(list); err != nil {
		return 0, 0, fmt.Errorf("import WebSDRs: %w", err)
	}
	err = s.write(ctx, "import WebSDRs", func(tx pgx.Tx) error {
		created, updated = 0, 0
		if _, err := tx.Exec(ctx, lockWebSDRs); err != nil {
			return err
		}
		for _, w := range list {
			old, err := scanWebSDR(tx.QueryRow(ctx, selectWebSDRNamed, storable(w.Name)))
			switch {
			case err == nil:
				_, err = replaceWebSDR(ctx, tx, old, w)
				updated++
			case errors.Is(err, pgx.ErrNoRows):
				w.ID = 0
				_, err = insertOneWebSDR(ctx, tx, w)
				created++
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	return created, updated, nil
}

// checkImport collects what is wrong with every row, so that a long list is mended in one go.
func checkImport(list []heimdall.WebSDR) error {
	var bad heimdall.InvalidError
	first := make(map[string]int, len(list))
	for i, w := range list {
		if err := w.Validate(); err != nil {
			bad.Add(fmt.Sprintf("websdrs[%d]", i), "(%s): %v", w.Name, err)
		}
		if j, twice := first[w.Name]; twice {
			bad.Add(fmt.Sprintf("websdrs[%d]", i), "has the name of websdrs[%d], %q: names are unique", j, w.Name)
			continue
		}
		first[w.Name] = i
	}
	return bad.Err()
}
