package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

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
		{"version", orZero[string]{&h.Version}}, {"details", texts{&h.Details}},
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
FROM websdrs LEFT JOIN websdr_health USING (websdr_id)`

// Health returns how the WebSDRs of ids are, nil meaning all, in order of id. One that nobody has looked at is unknown.
func (s *Store) Health(ctx context.Context, ids []int64) ([]heimdall.Health, error) {
	list, err := selectHealthOf(ctx, s.reader, ids)
	return list, failed(ctx, "read the health of WebSDRs", err)
}

func selectHealthOf(ctx context.Context, q querier, ids []int64) ([]heimdall.Health, error) {
	var w where
	if err := w.addAmong("websdr_id", ids); err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, selectHealth+w.String()+" ORDER BY websdr_id", w.args...)
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
VALUES (?, 'unknown', 'closed', 0, '', '', '', '{}', 0)
ON CONFLICT DO NOTHING`

	updateHealth = `
UPDATE websdr_health SET (` + healthColumnNames + `)
= (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
WHERE websdr_id = ?1`
)

// putHealth replaces what is known of a WebSDR's health.
func putHealth(ctx context.Context, tx *sql.Tx, h heimdall.Health) error {
	if _, err := tx.ExecContext(ctx, insertHealth, h.WebSDRID); err != nil {
		return err
	}
	columns := healthColumns(&h)
	if err := checkFinite(columns); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, updateHealth, append([]any{h.WebSDRID}, fields(columns)...)...)
	return err
}

// CloseBreaker lets attempts pass again by hand, forgets that its host has shut us out, and has it probed soon.
func (s *Store) CloseBreaker(ctx context.Context, websdrID int64) (h heimdall.Health, err error) {
	err = s.write(ctx, "close breaker", func(tx *sql.Tx) error {
		for _, forget := range []string{forgetBan, forgiveBan} {
			if _, err := tx.ExecContext(ctx, forget, websdrID); err != nil {
				return err
			}
		}
		if h, err = getHealth(ctx, tx, websdrID); err != nil {
			return err
		}
		h = h.Closed()
		h.NextProbeAt = s.moment()
		return putHealth(ctx, tx, h)
	})
	return h, err
}

const updateTrial = `
UPDATE websdr_health SET breaker = 'half_open', contacted_at = ?2
WHERE websdr_id = ?1 AND breaker <> 'closed' AND (contacted_at IS NULL OR contacted_at <= ?3)`

// ClaimTrial half opens a breaker that is not closed, so that one attempt may show whether the WebSDR is back, and reports
// whether the caller has it: nobody has when somebody contacted the WebSDR less than every ago.
func (s *Store) ClaimTrial(ctx context.Context, websdrID int64, every time.Duration) (claimed bool, err error) {
	err = s.share(ctx, "claim trial", func(tx *sql.Tx) error {
		now := s.moment()
		r, err := tx.ExecContext(ctx, updateTrial, websdrID, now.UnixMicro(), now.Add(-every).UnixMicro())
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		claimed = n > 0
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

// texts keeps texts by name as JSON. None at all come back as nil.
type texts struct{ p *map[string]string }

func (t texts) Value() (driver.Value, error) {
	if len(*t.p) == 0 {
		return "{}", nil
	}
	b, err := json.Marshal(*t.p)
	return string(b), err
}

func (t texts) Scan(v any) error {
	*t.p = nil
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		if v == "{}" {
			return nil
		}
		return json.Unmarshal([]byte(v), t.p)
	default:
		return fmt.Errorf("texts are kept as %T", v)
	}
}
