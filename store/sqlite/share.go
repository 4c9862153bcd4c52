package sqlite

import (
	"context"
	"database/sql"
	"runtime"
	"slices"
	"sync"
)

// Nearly all that a small write costs is its commit, which waits for the disk, and hundreds of captures want one at the
// same moment. So those who come while a transaction is under way gather, and the next one is theirs together, each behind
// a savepoint of its own. Nobody waits for a clock: alone one is written at once. Package postgres has its writer for the
// same reason.

// maxShared is how many writes share a transaction at most: what else wants the database waits as long as they take.
const maxShared = 64

// shares are the writes that wait for a transaction.
type shares struct {
	mu      sync.Mutex
	queue   []*shared // guarded by mu
	working bool      // somebody takes from the queue; guarded by mu
}

// A shared is one write on its way.
type shared struct {
	ctx  context.Context // of its caller, who may have gone
	fn   func(*sql.Tx) error
	err  error      // what it came to, unless the transaction failed
	done chan error // takes the answer without waiting
}

// share is write for what is small and frequent. fn may be called again when the transaction that it shared has failed, so
// what it sets outside of itself it must set anew each time.
func (s *Store) share(ctx context.Context, do string, fn func(*sql.Tx) error) error {
	w := &shared{ctx: ctx, fn: fn, done: make(chan error, 1)}
	if s.shares.enter(w) {
		go s.writeShared() // ends when nobody waits any more
	}
	select {
	case err := <-w.done:
		return failed(ctx, do, err)
	case <-ctx.Done():
	}
	if s.shares.leave(w) {
		return failed(ctx, do, ctx.Err())
	}
	return failed(ctx, do, <-w.done) // its turn has come: it is told what it came to
}

// enter queues w and reports whether nobody is at work.
func (q *shares) enter(w *shared) (idle bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queue = append(q.queue, w)
	idle, q.working = !q.working, true
	return idle
}

// leave takes w out of the queue, and reports false when it is not there any more.
func (q *shares) leave(w *shared) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.queue, w)
	if i < 0 {
		return false
	}
	q.queue = slices.Delete(q.queue, i, i+1)
	return true
}

// take returns those whose turn it is.
func (q *shares) take() []*shared {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.queue), maxShared)
	batch := slices.Clone(q.queue[:n])
	q.queue = slices.Delete(q.queue, 0, n)
	return batch
}

// rest reports whether the queue is empty, and that nobody is at work from then on.
func (q *shares) rest() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.working = len(q.queue) > 0
	return !q.working
}

// writeShared writes until nobody waits.
func (s *Store) writeShared() {
	for !s.shares.rest() {
		runtime.Gosched() // captures of one acquisition end at the same moment: those who are about to come share
		// The lock first: who gives up while it is waited for has not been taken.
		tx, err := s.begin(context.Background())
		batch := s.shares.take()
		if err == nil && !together(tx, batch) {
			for _, w := range batch {
				w.err = s.alone(w)
			}
		}
		for _, w := range batch {
			if err != nil {
				w.err = err
			}
			w.done <- w.err
		}
	}
}

// together runs and commits the batch, or reports false, and nothing of it has happened.
func together(tx *sql.Tx, batch []*shared) bool {
	defer tx.Rollback()  // after Commit it does nothing
	if len(batch) == 1 { // nobody to be kept from harm
		w := batch[0]
		if w.err = w.fn(tx); w.err == nil {
			w.err = tx.Commit()
		}
		return true
	}
	ctx := context.Background()
	for _, w := range batch {
		if w.err = w.ctx.Err(); w.err != nil {
			continue
		}
		if _, err := tx.ExecContext(ctx, "SAVEPOINT shared"); err != nil {
			return false
		}
		if w.err = w.fn(tx); w.err != nil {
			// SQLite gives up a whole transaction when a disk is full, or when a statement is interrupted.
			if _, err := tx.ExecContext(ctx, "ROLLBACK TO shared"); err != nil {
				return false
			}
		}
		if _, err := tx.ExecContext(ctx, "RELEASE shared"); err != nil {
			return false
		}
	}
	return tx.Commit() == nil
}

// alone writes w in a transaction of its own.
func (s *Store) alone(w *shared) error {
	tx, err := s.begin(w.ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	if err := w.fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
