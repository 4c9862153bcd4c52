package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

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
	list, err := listWebSDRs(ctx, s.reader, f)
	return list, failed(ctx, "list WebSDRs", err)
}

// A querier is the database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func listWebSDRs(ctx context.Context, q querier, f heimdall.WebSDRFilter) ([]heimdall.WebSDR, error) {
	var w where
	if err := w.addAmong("websdr_id", f.IDs); err != nil {
		return nil, err
	}
	if f.ActiveOnly {
		w.add("is_active")
	}
	rows, err := q.QueryContext(ctx, selectWebSDRs+w.String()+" ORDER BY websdr_id", w.args...)
	return all(rows, err, scanWebSDR)
}

const selectWebSDR = selectWebSDRs + ` WHERE websdr_id = ?`

// WebSDR returns one WebSDR, or ErrNotFound.
func (s *Store) WebSDR(ctx context.Context, id int64) (heimdall.WebSDR, error) {
	w, err := getWebSDR(ctx, s.reader, id)
	return w, failed(ctx, "get WebSDR", err)
}

func getWebSDR(ctx context.Context, q querier, id int64) (heimdall.WebSDR, error) {
	w, err := scanWebSDR(q.QueryRowContext(ctx, selectWebSDR, id))
	return w, notFound(err, "WebSDR %d", id)
}

// CreateWebSDR stores a new WebSDR and returns its row. The database gives an id of 0 its number; a number given
// must be above all that were ever given, since an id means one WebSDR for ever. A name in use is ErrExists.
func (s *Store) CreateWebSDR(ctx context.Context, w heimdall.WebSDR) (heimdall.WebSDR, error) {
	err := s.write(ctx, "create WebSDR", func(tx *sql.Tx) (err error) {
		w, err = s.insertWebSDR(ctx, tx, w)
		return err
	})
	return w, err
}

const selectLastWebSDRID = `SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'websdrs'`

const insertWebSDR = `
INSERT INTO websdrs (websdr_id, name, kind, url, location_name, latitude, longitude, altitude_m, is_active,
       timeout_seconds, retry_count, frequency_min_hz, frequency_max_hz, frequency_offset_hz, sample_rate_hz,
       passband_low_hz, passband_high_hz, gain_db, password, clock_sigma_ppm, calibration_db, calibration_sigma_db,
       notes, created_at, updated_at, host, daily_budget_s)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,
        ?, ?, ?, ?, ?, ?,
        ?, ?, ?, ?, ?, ?, ?,
        ?, ?, ?, ?, ?)`

func (s *Store) insertWebSDR(ctx context.Context, tx *sql.Tx, w heimdall.WebSDR) (heimdall.WebSDR, error) {
	if err := w.Validate(); err != nil {
		return w, err
	}
	var last int64
	if err := tx.QueryRowContext(ctx, selectLastWebSDRID).Scan(&last); err != nil {
		return w, err
	}
	switch {
	case w.ID == 0:
		w.ID = last + 1
	case w.ID <= last:
		return w, fmt.Errorf("id %d is or was another WebSDR's, leave it out to be given one: %w", w.ID, heimdall.ErrExists)
	}
	w.CreatedAt = s.moment()
	w.UpdatedAt = w.CreatedAt
	if _, err := tx.ExecContext(ctx, insertWebSDR, fields(websdrColumns(&w))...); err != nil {
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
func (s *Store) UpdateWebSDR(ctx context.Context, w heimdall.WebSDR) (heimdall.WebSDR, error) {
	err := s.write(ctx, "update WebSDR", func(tx *sql.Tx) error {
		old, err := getWebSDR(ctx, tx, w.ID)
		if err != nil {
			return err
		}
		if !w.UpdatedAt.IsZero() && !w.UpdatedAt.Truncate(time.Microsecond).Equal(old.UpdatedAt) {
			return fmt.Errorf("WebSDR %d has been changed since it was read, read it again: %w", w.ID, heimdall.ErrConflict)
		}
		w, err = s.replaceWebSDR(ctx, tx, old, w)
		return err
	})
	return w, err
}

const updateWebSDR = `
UPDATE websdrs SET (name, kind, url, location_name, latitude, longitude, altitude_m, is_active,
       timeout_seconds, retry_count, frequency_min_hz, frequency_max_hz, frequency_offset_hz, sample_rate_hz,
       passband_low_hz, passband_high_hz, gain_db, password, clock_sigma_ppm, calibration_db, calibration_sigma_db,
       notes, created_at, updated_at, host, daily_budget_s)
= (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
   ?10, ?11, ?12, ?13, ?14, ?15,
   ?16, ?17, ?18, ?19, ?20, ?21, ?22,
   ?23, ?24, ?25, ?26, ?27)
WHERE websdr_id = ?1`

func (s *Store) replaceWebSDR(ctx context.Context, tx *sql.Tx, old, w heimdall.WebSDR) (heimdall.WebSDR, error) {
	if err := w.Validate(); err != nil {
		return w, err
	}
	w.ID, w.CreatedAt, w.UpdatedAt = old.ID, old.CreatedAt, s.moment()
	if !w.UpdatedAt.After(old.UpdatedAt) { // two updates never bear the same time
		w.UpdatedAt = old.UpdatedAt.Add(time.Microsecond)
	}
	if _, err := tx.ExecContext(ctx, updateWebSDR, fields(websdrColumns(&w))...); err != nil {
		return w, takenName(err, w.Name)
	}
	return getWebSDR(ctx, tx, w.ID)
}

const (
	// A rollup remembers captures that have been deleted.
	countWebSDRCaptures = `
SELECT max((SELECT count(*) FROM captures WHERE websdr_id = ?1),
           (SELECT COALESCE(sum(captures), 0) FROM captures_hourly WHERE websdr_id = ?1))`
	deleteWebSDR = `DELETE FROM websdrs WHERE websdr_id = ?`
)

// DeleteWebSDR removes a WebSDR that has never been part of an acquisition; one that has is ErrConflict.
func (s *Store) DeleteWebSDR(ctx context.Context, id int64) error {
	return s.write(ctx, "delete WebSDR", func(tx *sql.Tx) error {
		var captures int64
		if err := tx.QueryRowContext(ctx, countWebSDRCaptures, id).Scan(&captures); err != nil {
			return err
		}
		if captures > 0 {
			return fmt.Errorf("%d captures or rollups of captures refer to WebSDR %d, disable it instead: %w", captures, id, heimdall.ErrConflict)
		}
		result, err := tx.ExecContext(ctx, deleteWebSDR, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n == 0 && err == nil {
			return fmt.Errorf("WebSDR %d: %w", id, heimdall.ErrNotFound)
		}
		return nil
	})
}

const selectWebSDRNamed = selectWebSDRs + ` WHERE name = ?`

// ImportWebSDRs creates those of the list whose name is new, in its order, and replaces the others, or does
// nothing at all. The name is the identity: ids and times in the list are ignored.
func (s *Store) ImportWebSDRs(ctx context.Context, list []heimdall.WebSDR) (created, updated int, err error) {
	if err := checkImport(list); err != nil {
		return 0, 0, fmt.Errorf("import WebSDRs: %w", err)
	}
	err = s.write(ctx, "import WebSDRs", func(tx *sql.Tx) error {
		for _, w := range list {
			old, err := scanWebSDR(tx.QueryRowContext(ctx, selectWebSDRNamed, w.Name))
			switch err {
			case nil:
				_, err = s.replaceWebSDR(ctx, tx, old, w)
				updated++
			case sql.ErrNoRows:
				w.ID = 0
				_, err = s.insertWebSDR(ctx, tx, w)
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
