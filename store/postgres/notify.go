package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// Wait returns when there may be something to claim: something was created, released or cancelled, here or by
// another program on the same database, since the last Wait.
func (s *Store) Wait(ctx context.Context, poll time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-s.work:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// wake leaves word for one Wait, the one in progress or the next. Claim passes it on, so that one word is enough
// for any number of workers and acquisitions.
func (s *Store) wake() {
	select {
	case s.work <- struct{}{}:
	default: // word is waiting already
	}
}

const notifyWork = `SELECT pg_notify('heimdall_work', $1)`

// notify wakes the workers of other programs when tx is committed. Ours are woken by wake, also while the
// listening connection is down.
func (s *Store) notify(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, notifyWork, s.id)
	return err
}

const notifyRunning = `SELECT pg_notify('heimdall_running', $1)`

// notifyRunning stirs the running acquisitions of other programs when tx is committed. Ours are stirred by stir.
func (s *Store) notifyRunning(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, notifyRunning, s.id)
	return err
}

const listenAll = `LISTEN heimdall_work; LISTEN heimdall_running; LISTEN heimdall_schedules; LISTEN heimdall_events`

// listen opens the connection that hears.
func listen(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, listenAll); err != nil {
		conn.Close(ctx)
		return nil, fmt.Errorf("listen for work: %w", err)
	}
	return conn, nil
}

const (
	silence     = time.Minute      // after so much of it the connection is asked whether it lives
	answerTime  = 10 * time.Second // for that
	minPause    = 100 * time.Millisecond
	maxPause    = 10 * time.Second
	pauseGrowth = 2
)

// hear wakes a worker for every notification from another program until ctx ends, and connects again when the
// connection is lost. What was missed meanwhile is made good by waking one when it is back.
func (s *Store) hear(ctx context.Context, conn *pgx.Conn) {
	for {
		err := s.hearOn(ctx, conn)
		conn.Close(context.WithoutCancel(ctx))
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("the connection that hears of new work is lost: workers poll until it is back", "err", err)
		if conn = s.listenAgain(ctx); conn == nil {
			return
		}
		s.log.Info("the connection that hears of new work is back")
		s.stir()
		s.wake()
		s.wakeSchedules()
		s.bell.ring()
	}
}

// hearOn returns when the connection is lost or ctx ends.
func (s *Store) hearOn(ctx context.Context, conn *pgx.Conn) error {
	for {
		quiet, cancel := context.WithTimeout(ctx, silence)
		n, err := conn.WaitForNotification(quiet)
		cancel()
		switch {
		case err == nil && n.Payload == s.id:
		case err == nil && n.Channel == "heimdall_events":
			s.bell.ring()
		case err == nil && n.Channel == "heimdall_schedules":
			s.wakeSchedules()
		case err == nil && n.Channel == "heimdall_running":
			s.stir()
		case err == nil:
			s.wake()
		case err != nil && quiet.Err() == context.DeadlineExceeded:
			soon, cancel := context.WithTimeout(ctx, answerTime)
			err := conn.Ping(soon)
			cancel()
			if err != nil {
				return err
			}
		case err != nil:
			return err
		}
	}
}

// listenAgain tries until it succeeds, or ctx ends: nil. The pauses vary, so that the programs of a fleet do not
// all come back to a server at once.
func (s *Store) listenAgain(ctx context.Context) *pgx.Conn {
	for pause := minPause; ; pause = min(pause*pauseGrowth, maxPause) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause/2 + rand.N(pause)):
		}
		if conn, err := listen(ctx, s.pool.Config().ConnConfig); err == nil {
			return conn
		}
	}
}
