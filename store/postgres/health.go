package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/heimdall-sdr/heimdall"
)

const healthColumnNames = `state, breaker, failures, opened_at, next_probe_at, last_at, last_up_at, last_class, last_error,
       latency_ms, users, users_max, gps_fixes_per_min, gps_satellites, receiver_snr_db, version, details`

// healthColumns are in the order of healthColumnNames.
func healthColumns(h *heimdall.Health) []column {
	return []column{
		{"state", orZero[heimdall.HealthState]{&h.State}}, {"breaker", orZero[heimdall.BreakerState]{&h.Breaker}},
		{"failures", orZero[int]{&h.Failures}}, {"opened_at", micros{&h.OpenedAt}}, {"next_probe_at", micros{&h.NextProbeAt}},
		{"last_at", micros{&h.LastAt}}, {"last_up_at", micros{&h.LastUpAt}},
		{"last_class", orZero[heimdall.FailureClass]{&h.LastClass}}, {"last_error", orZero[string]{&h.LastError}},
		{"latency_ms", milliseconds{&h.Latency}}, {"users", &h.Users}, {"users_max", &h.UsersMax},
		{"gps_fixes_per_min", &h.FixesPerMin}, {"gps_satellites", &h.Satellites}, {"receiver_snr_db", &h.SNRdB},
		{"version", orZero[string]{&h.Version}}, {"details", textsByName{&h.Details}},
	}
}

func scanHealth(r row) (h heimdall.Health, err error) {
	err = r.Scan(append([]any{&h.WebSDRID}, fields(healthColumns(&h))...)...)
	if h.State == "" { // nobody has looked yet
		h.State, h.Breaker = heimdall.Unknown, heimdall.BreakerClosed
	}
	return h, err
}

const selectHealth = `
SELECT websdr_id, ` + healthColumnNames + `
FROM websdrs LEFT JOIN websdr_health USING (websdr_id)
WHERE ($1::bigint[] IS NULL OR websdr_id = ANY($1))
ORDER BY websdr_id`

// Health returns how the WebSDRs of ids are, nil meaning all, in order of id. One that nobody has looked at is unknown.
func (s *Store) Health(ctx context.Context, ids []int64) ([]heimdall.Health, error) {
	list, err := selectHealthOf(ctx, s.pool, ids)
	return list, failed(ctx, "read the health of WebSDRs", err)
}

func selectHealthOf(ctx context.Context, q querier, ids []int64) ([]heimdall.Health, error) {
	rows, err := q.Query(ctx, selectHealth, ids)
	return all(rows, err, scanHealth)
}

func getHealth(ctx context.Context, q querier, websdrID int64) (h heimdall.Health, err error) {
	list, err := selectHealthOf(ctx, q, []int64{websdrID})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("WebSDR %d: %w", websdrID, heimdall.ErrNotFound)
	}
	if err != nil {
		return h, err
	}
	return list[0], nil
}

const (
	insertHealth = `
INSERT INTO websdr_health (websdr_id, state, breaker, failures, last_class, last_error, version, details, claim)
VALUES ($1::bigint, 'unknown', 'closed', 0, '', '', '', '{}', 0)
ON CONFLICT DO NOTHING`

	updateHealth = `
UPDATE websdr_health SET (` + healthColumnNames + `)
= ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
WHERE websdr_id = $1::bigint`
)

// putHealth replaces what is known of a WebSDR's health.
func putHealth(ctx context.Context, tx pgx.Tx, h heimdall.Health) error {
	if _, err := tx.Exec(ctx, insertHealth, h.WebSDRID); err != nil {
		return err
	}
	columns := healthColumns(&h)
	if err := checkFinite(columns); err != nil {
		return err
	}
	args, err := values(columns)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, updateHealth, append([]any{h.WebSDRID}, args...)...)
	return err
}

const lockHealthRow = `SELECT FROM websdr_health WHERE websdr_id = $1::bigint FOR UPDATE`

// lockHealth is the health of a WebSDR, which until the end of the transaction nobody else changes.
func lockHealth(ctx context.Context, tx pgx.Tx, websdrID int64) (h heimdall.Health, err error) {
	if _, err := getWebSDR(ctx, tx, websdrID); err != nil {
		return h, err
	}
	if _, err := tx.Exec(ctx, insertHealth, websdrID); err != nil {
		return h, err
	}
	if _, err := tx.Exec(ctx, lockHealthRow, websdrID); err != nil {
		return h, err
	}
	return getHealth(ctx, tx, websdrID)
}

// CloseBreaker lets attempts pass again by hand, forgets that its host has shut us out, and has it probed soon.
func (s *Store) CloseBreaker(ctx context.Context, websdrID int64) (h heimdall.Health, err error) {
	err = s.write(ctx, "close breaker", func(tx pgx.Tx) error {
		for _, forget := range []string{forgetBan, forgiveBan} {
			if _, err := tx.Exec(ctx, forget, websdrID); err != nil {
				return err
			}
		}
		if h, err = lockHealth(ctx, tx, websdrID); err != nil {
			return err
		}
		h = h.Closed()
		if h.NextProbeAt, err = moment(ctx, tx); err != nil {
			return err
		}
		return putHealth(ctx, tx, h)
	})
	return h, err
}

const updateTrial = `
UPDATE websdr_health SET breaker = 'half_open', contacted_at = clock_timestamp()
WHERE websdr_id = $1::bigint AND breaker <> 'closed'
  AND (contacted_at IS NULL OR contacted_at <= clock_timestamp() - make_interval(secs => $2))`

// ClaimTrial half opens a breaker that is not closed, so that one attempt may show whether the WebSDR is back, and reports
// whether the caller has it: nobody has when somebody contacted the WebSDR less than every ago.
func (s *Store) ClaimTrial(ctx context.Context, websdrID int64, every time.Duration) (claimed bool, err error) {
	err = s.write(ctx, "claim trial", func(tx pgx.Tx) error {
		r, err := tx.Exec(ctx, updateTrial, websdrID, every.Seconds())
		claimed = r.RowsAffected() > 0
		return err
	})
	return claimed, err
}

// milliseconds keeps a duration as a float64 of milliseconds; zero is NULL.
type milliseconds struct{ d *time.Duration }

func (m milliseconds) Value() (driver.Value, error) {
	if *m.d == 0 {
		return nil, nil
	}
	return float64(*m.d) / float64(time.Millisecond), nil
}

func (m milliseconds) Scan(v any) error {
	var ms sql.NullFloat64
	err := ms.Scan(v)
	*m.d = time.Duration(ms.Float64*float64(time.Millisecond) + 0.5)
	return err
}

// textsByName keeps texts by name as JSON. None at all come back as nil.
type textsByName struct{ p *map[string]string }

func (t textsByName) Value() (driver.Value, error) {
	if len(*t.p) == 0 {
		return "{}", nil
	}
	b, err := json.Marshal(*t.p) // which makes invalid UTF-8 valid
	return strings.ReplaceAll(string(b), `\u0000`, `\ufffd`), err
}

func (t textsByName) Scan(v any) error {
	*t.p = nil
	switch v := v.(type) {
	case nil:
		return nil
	case []byte:
		return t.Scan(string(v))
	case string:
		if v == "{}" {
			return nil
		}
		return json.Unmarshal([]byte(v), t.p)
	default:
		return fmt.Errorf("texts are kept as %T", v)
	}
}
