package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

const selectEmitters = `
SELECT emitter_id, name, frequency_hz, bandwidth_hz, latitude, longitude, altitude_m, eirp_dbm, notes, created_at, updated_at
FROM emitters`

// emitterColumns are in the order of selectEmitters.
func emitterColumns(e *heimdall.Emitter) []column {
	return []column{
		{"emitter_id", &e.ID}, {"name", &e.Name}, {"frequency_hz", &e.FrequencyHz}, {"bandwidth_hz", &e.BandwidthHz},
		{"latitude", &e.LatitudeDeg}, {"longitude", &e.LongitudeDeg}, {"altitude_m", &e.AltitudeM}, {"eirp_dbm", &e.EIRPdBm},
		{"notes", &e.Notes}, {"created_at", micros{&e.CreatedAt}}, {"updated_at", micros{&e.UpdatedAt}},
	}
}

func scanEmitter(r row) (e heimdall.Emitter, err error) {
	err = r.Scan(fields(emitterColumns(&e))...)
	return e, err
}

// Emitters returns the emitters chosen, in order of id.
func (s *Store) Emitters(ctx context.Context, f heimdall.EmitterFilter) ([]heimdall.Emitter, error) {
	var w where
	if f.FrequencyMinHz != 0 {
		w.add("frequency_hz >= ?", f.FrequencyMinHz)
	}
	if f.FrequencyMaxHz != 0 {
		w.add("frequency_hz <= ?", f.FrequencyMaxHz)
	}
	rows, err := s.reader.QueryContext(ctx, selectEmitters+w.String()+` ORDER BY emitter_id`, w.args...)
	list, err := all(rows, err, scanEmitter)
	return f.Near.ChooseEmitters(list), failed(ctx, "list emitters", err)
}

// Emitter returns one, or ErrNotFound.
func (s *Store) Emitter(ctx context.Context, id int64) (heimdall.Emitter, error) {
	e, err := getEmitter(ctx, s.reader, id)
	return e, failed(ctx, "get emitter", err)
}

const selectEmitter = selectEmitters + ` WHERE emitter_id = ?`

func getEmitter(ctx context.Context, q querier, id int64) (heimdall.Emitter, error) {
	e, err := scanEmitter(q.QueryRowContext(ctx, selectEmitter, id))
	return e, notFound(err, "emitter %d", id)
}

// CreateEmitter stores e and returns it with its id and times. A name in use is ErrExists.
func (s *Store) CreateEmitter(ctx context.Context, e heimdall.Emitter) (stored heimdall.Emitter, err error) {
	err = s.write(ctx, "create emitter", func(tx *sql.Tx) (err error) {
		stored, err = s.insertEmitter(ctx, tx, e)
		return err
	})
	if err != nil {
		return heimdall.Emitter{}, err
	}
	return stored, nil
}

const insertEmitter = `
INSERT INTO emitters (name, frequency_hz, bandwidth_hz, latitude, longitude, altitude_m, eirp_dbm, notes, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (s *Store) insertEmitter(ctx context.Context, tx *sql.Tx, e heimdall.Emitter) (heimdall.Emitter, error) {
	if err := e.Validate(); err != nil {
		return e, err
	}
	e.CreatedAt = s.moment()
	e.UpdatedAt = e.CreatedAt
	result, err := tx.ExecContext(ctx, insertEmitter, fields(emitterColumns(&e)[1:])...)
	if err != nil {
		return e, takenEmitterName(err, e.Name)
	}
	id, err := result.LastInsertId()
	if err != nil {
		return e, err
	}
	return getEmitter(ctx, tx, id)
}

func takenEmitterName(err error, name string) error {
	if isTaken(err) {
		return fmt.Errorf("an emitter called %q: %w", name, heimdall.ErrExists)
	}
	return err
}

// UpdateEmitter replaces the whole row but its id and time of creation, and returns it. An UpdatedAt that is not zero
// must be that of the row, otherwise somebody has changed it since it was read: ErrConflict.
func (s *Store) UpdateEmitter(ctx context.Context, e heimdall.Emitter) (stored heimdall.Emitter, err error) {
	err = s.write(ctx, "update emitter", func(tx *sql.Tx) error {
		old, err := getEmitter(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		if !e.UpdatedAt.IsZero() && !e.UpdatedAt.Truncate(time.Microsecond).Equal(old.UpdatedAt) {
			return fmt.Errorf("emitter %d has been changed since it was read, read it again: %w", e.ID, heimdall.ErrConflict)
		}
		stored, err = s.replaceEmitter(ctx, tx, old, e)
		return err
	})
	if err != nil {
		return heimdall.Emitter{}, err
	}
	return stored, nil
}

const updateEmitter = `
UPDATE emitters SET (name, frequency_hz, bandwidth_hz, latitude, longitude, altitude_m, eirp_dbm, notes, created_at, updated_at)
= (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
WHERE emitter_id = ?1`

func (s *Store) replaceEmitter(ctx context.Context, tx *sql.Tx, old, e heimdall.Emitter) (heimdall.Emitter, error) {
	if err := e.Validate(); err != nil {
		return e, err
	}
	e.ID, e.CreatedAt, e.UpdatedAt = old.ID, old.CreatedAt, s.moment()
	if !e.UpdatedAt.After(old.UpdatedAt) { // two updates never bear the same time
		e.UpdatedAt = old.UpdatedAt.Add(time.Microsecond)
	}
	if _, err := tx.ExecContext(ctx, updateEmitter, fields(emitterColumns(&e))...); err != nil {
		return e, takenEmitterName(err, e.Name)
	}
	return getEmitter(ctx, tx, e.ID)
}

const deleteEmitter = `DELETE FROM emitters WHERE emitter_id = ?`

// DeleteEmitter removes one, or is ErrNotFound. Nothing refers to it.
func (s *Store) DeleteEmitter(ctx context.Context, id int64) error {
	return s.write(ctx, "delete emitter", func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, deleteEmitter, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n > 0 || err != nil {
			return err
		}
		return fmt.Errorf("emitter %d: %w", id, heimdall.ErrNotFound)
	})
}

const selectEmitterNamed = selectEmitters + ` WHERE name = ?`

// ImportEmitters creates those of the list whose name is new, in its order, and replaces the others, or does nothing at
// all. The name is the identity: ids and times in the list are ignored.
func (s *Store) ImportEmitters(ctx context.Context, list []heimdall.Emitter) (created, updated int, err error) {
	if err := heimdall.CheckEmitters(list); err != nil {
		return 0, 0, fmt.Errorf("import emitters: %w", err)
	}
	err = s.write(ctx, "import emitters", func(tx *sql.Tx) error {
		for _, e := range list {
			old, err := scanEmitter(tx.QueryRowContext(ctx, selectEmitterNamed, e.Name))
			switch {
			case err == nil:
				_, err = s.replaceEmitter(ctx, tx, old, e)
				updated++
			case errors.Is(err, sql.ErrNoRows):
				_, err = s.insertEmitter(ctx, tx, e)
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
