package retention

import (
	"context"
	"sync"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Keeper applies the rules of one process, again and again, and knows what came of it. Several processes may each have
// one for the same database.
type Keeper struct {
	config Config // never changed

	mu   sync.Mutex // guards the rest
	last *LastRun
	next time.Time
}

// A LastRun is what the last run of this process came to.
type LastRun struct {
	Began, Ended time.Time
	Outcome
	Err error // nil when all was done
}

// A Status says how retention stands.
type Status struct {
	Rules    Config // Store, Blobs and functions left out
	Recorded heimdall.Recorded
	Free     *int64    // bytes of room left where the objects are; nil where nobody can know
	Last     *LastRun  // of this process; nil before the first
	Next     time.Time // of this process; zero when it has none planned
}

// NewKeeper refuses rules that cannot be meant.
func NewKeeper(c Config) (*Keeper, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	return &Keeper{config: c}, nil
}

// Plan is what Run would do now. It changes nothing.
func (k *Keeper) Plan(ctx context.Context) (Outcome, error) {
	c := k.config
	c.DryRun = true
	return Run(ctx, c)
}

// Run applies the rules once; see the function Run.
func (k *Keeper) Run(ctx context.Context) (Outcome, error) {
	began := k.config.Now()
	done, err := Run(ctx, k.config)
	if k.config.Done != nil {
		k.config.Done(done)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = &LastRun{Began: began, Ended: k.config.Now(), Outcome: done, Err: err}
	return done, err
}

// Delete deletes one acquisition; see the function Delete.
func (k *Keeper) Delete(ctx context.Context, taskID, reason string) (Result, error) {
	return Delete(ctx, k.config, taskID, reason)
}

// Status says how retention stands now.
func (k *Keeper) Status(ctx context.Context) (s Status, err error) {
	if s.Recorded, err = k.config.Store.Recorded(ctx); err != nil {
		return s, err
	}
	if k.config.Free != nil {
		free, err := k.config.Free()
		if err != nil {
			return s, err
		}
		s.Free = &free
	}
	s.Rules = Config{MaxAge: k.config.MaxAge, MaxAgeQuiet: k.config.MaxAgeQuiet, QuietSNRdB: k.config.QuietSNRdB,
		MaxBytes: k.config.MaxBytes, MinFreeBytes: k.config.MinFreeBytes}
	k.mu.Lock()
	defer k.mu.Unlock()
	s.Last, s.Next = k.last, k.next
	return s, nil
}

// Repeat runs at once and then every so often, until ctx ends, which it waits for. In between it looks each minute
// whether room runs out, and then does not wait, unless the run before could not help it: there is nothing more that
// may go, or the file system is slow to give room back. Errors are logged: the next run tries again.
func (k *Keeper) Repeat(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		k.runAndTell(ctx, every)
		k.mu.Lock()
		k.next = k.config.Now().Add(every)
		k.mu.Unlock()
		helpless := k.pressed()
		for waiting := true; waiting; {
			select {
			case <-ticker.C:
				waiting = false
			case <-look.C:
				waiting = helpless || !k.pressed()
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// lookEvery is how often the room that is left is looked at: a call of the file system.
const lookEvery = time.Minute

// pressed tells whether less room is free than must be.
func (k *Keeper) pressed() bool {
	if k.config.MinFreeBytes == 0 {
		return false
	}
	free, err := k.config.Free()
	return err == nil && free < k.config.MinFreeBytes
}

func (k *Keeper) runAndTell(ctx context.Context, every time.Duration) {
	began := k.config.Now()
	done, err := k.Run(ctx)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		k.config.Log.Error("retention stopped short, it will be tried again", "deleted", done.Acquisitions, "next", every, "err", err)
	}
	for _, t := range done.Rules {
		k.config.Log.Info("old acquisitions deleted", "rule", t.Rule, "acquisitions", t.Acquisitions, "rows", t.Rows, "objects", t.Objects,
			"bytes", t.Bytes, "took", k.config.Now().Sub(began))
	}
}
