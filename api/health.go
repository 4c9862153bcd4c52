package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/api/wire"
)

// A HealthStore keeps how WebSDRs are.
type HealthStore interface {
	// Health returns how the WebSDRs of ids are, nil meaning all, in order of id.
	Health(ctx context.Context, ids []int64) ([]heimdall.Health, error)
	// Uptimes returns how long each of them was up and down in [from, to), in order of id; one of which nothing is known
	// may be left out.
	Uptimes(ctx context.Context, ids []int64, from, to time.Time) ([]heimdall.Uptime, error)
	// Observations returns a page of the history, newest first.
	Observations(ctx context.Context, f heimdall.ObservationFilter) ([]heimdall.Observation, error)
	// History counts the observations of one WebSDR, part by part of a time; of one that is not there it is empty.
	History(ctx context.Context, f heimdall.HistoryFilter) (heimdall.History, error)
	// CloseBreaker lets attempts pass again, or is heimdall.ErrNotFound.
	CloseBreaker(ctx context.Context, websdrID int64) (heimdall.Health, error)
}

// A Prober asks a WebSDR how it is, now. It is heimdall.ErrTooSoon when that was done a moment ago, heimdall.ErrConflict
// when the WebSDR must not be asked.
type Prober interface {
	Probe(ctx context.Context, websdrID int64) (heimdall.Health, heimdall.Observation, error)
}

// uptimesOver are the times that a status reckons.
var uptimesOver = []time.Duration{24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}

// healths are the healths of WebSDRs, nil meaning all, by id.
func (s *service) healths(ctx context.Context, ids []int64) (map[int64]wire.WebSDRHealth, error) {
	list, err := s.Store.Health(ctx, ids)
	if err != nil {
		return nil, err
	}
	day, err := s.uptimes(ctx, ids, uptimesOver[0])
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]wire.WebSDRHealth, len(list))
	for _, h := range list {
		byID[h.WebSDRID] = wire.HealthOf(h, day[h.WebSDRID])
	}
	return byID, nil
}

// uptimes are those until now, by id.
func (s *service) uptimes(ctx context.Context, ids []int64, over time.Duration) (map[int64]heimdall.Uptime, error) {
	now := s.Now()
	list, err := s.Store.Uptimes(ctx, ids, now.Add(-over), now)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]heimdall.Uptime, len(list))
	for _, u := range list {
		byID[u.WebSDRID] = u
	}
	return byID, nil
}

type websdrStatusInput struct {
	WebSDRPath
	Period
	Page
}

type websdrStatusOutput struct{ Body wire.WebSDRStatus }

func (s *service) websdrStatus(ctx context.Context, in *websdrStatusInput) (*websdrStatusOutput, error) {
	f := heimdall.ObservationFilter{WebSDRID: in.ID, From: in.From, To: in.To, Limit: in.limit()}
	var err error
	f.AfterAt, f.AfterID, err = observationAfter(in.Cursor)
	if err := allOf(err, in.Period.check()); err != nil {
		return nil, err
	}
	w, err := s.Store.WebSDR(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := wire.WebSDRStatus{WebSDRID: w.ID, Name: w.Name, Uptimes: []wire.Uptime{}, Observations: []wire.Observation{}}
	ids := []int64{w.ID}
	known, err := s.Store.Health(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, over := range uptimesOver {
		u, err := s.uptimes(ctx, ids, over)
		if err != nil {
			return nil, err
		}
		out.Uptimes = append(out.Uptimes, wire.UptimeOf(u[w.ID], over))
		if over == uptimesOver[0] && len(known) == 1 {
			out.Health, out.Details = wire.HealthOf(known[0], u[w.ID]), texts(known[0].Details)
		}
	}
	list, err := s.Store.Observations(ctx, f)
	if err != nil {
		return nil, ofList(err)
	}
	for _, o := range list {
		out.Observations = append(out.Observations, wire.ObservationOf(o))
	}
	if len(list) == f.Limit {
		last := list[len(list)-1]
		out.NextCursor = encodeCursor(observationCursor, strconv.FormatInt(last.At.UnixMicro(), 10), strconv.FormatInt(last.ID, 10))
	}
	return &websdrStatusOutput{out}, nil
}

func texts(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

const observationCursor = "o1"

func observationAfter(cursor string) (at time.Time, id int64, err error) {
	parts, err := decodeCursor(cursor, observationCursor, 2)
	if err != nil || parts == nil {
		return at, 0, err
	}
	micros, err1 := strconv.ParseInt(parts[0], 10, 64)
	id, err2 := strconv.ParseInt(parts[1], 10, 64)
	if err1 != nil || err2 != nil || id <= 0 {
		return at, 0, badCursor()
	}
	return time.UnixMicro(micros).UTC(), id, nil
}

type probeOutput struct{ Body wire.ProbeResult }

func (s *service) probeWebSDR(ctx context.Context, in *WebSDRPath) (*probeOutput, error) {
	if s.Prober == nil {
		return nil, fmt.Errorf("this server probes nobody, ask another one: %w", heimdall.ErrConflict)
	}
	h, o, err := s.Prober.Probe(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	day, err := s.uptimes(ctx, []int64{in.ID}, uptimesOver[0])
	if err != nil {
		return nil, err
	}
	return &probeOutput{wire.ProbeResult{
		WebSDRID: in.ID, Observation: wire.ObservationOf(o), Health: wire.HealthOf(h, day[in.ID]), Details: texts(o.Details),
	}}, nil
}

type healthOfOutput struct{ Body wire.WebSDRHealth }

func (s *service) closeBreaker(ctx context.Context, in *WebSDRPath) (*healthOfOutput, error) {
	h, err := s.Store.CloseBreaker(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	day, err := s.uptimes(ctx, []int64{in.ID}, uptimesOver[0])
	if err != nil {
		return nil, err
	}
	return &healthOfOutput{wire.HealthOf(h, day[in.ID])}, nil
}
