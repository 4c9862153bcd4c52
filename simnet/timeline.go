package simnet

import (
	"context"
	"time"
)

// A timeline maps the world's time, counted from its epoch, to ours.
type timeline struct {
	epoch   time.Time // of the world
	started time.Time // our time at the epoch
	speed   float64   // seconds of the world in one of ours
}

// now returns the world's time.
func (t timeline) now() time.Duration {
	return time.Duration(float64(time.Since(t.started)) * t.speed)
}

// restarted returns a timeline on which it is the epoch now.
func (t timeline) restarted() timeline {
	t.started = time.Now()
	return t
}

// until returns how long we have to wait for a time of the world.
func (t timeline) until(world time.Duration) time.Duration {
	return time.Until(t.started.Add(time.Duration(float64(world) / t.speed)))
}

// wait blocks until a time of the world has come.
func (t timeline) wait(ctx context.Context, world time.Duration) error {
	d := t.until(world)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
