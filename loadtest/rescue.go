package loadtest

import (
	"context"
	"time"

	"github.com/heimdall-sdr/heimdall"
)

// A Rescue is what became of the acquisitions that a killed process had at hand.
type Rescue struct {
	Running        int     `json:"running"`         // when it was killed, of all workers
	Taken          int     `json:"taken_over"`      // of them, those that somebody had to claim again
	SlowestSeconds float64 `json:"slowest_seconds"` // from the kill until the last of them was claimed again
}

// rescueInterval is how often it is looked whether one was claimed again: the grain of what is measured.
const rescueInterval = 200 * time.Millisecond

// Rescue kills what kill kills in the midst of the load, once as many acquisitions run as may at a time, and looks on until
// none of those is left. It returns nil when ctx ends or the load is over before.
func (l *Load) Rescue(ctx context.Context, concurrent int, kill func() error) (*Rescue, error) {
	if err := l.untilRunning(ctx, min(concurrent, l.Acquisitions)); err != nil {
		return nil, err
	}
	if err := pause(ctx, l.Duration/2); err != nil {
		return nil, err
	}
	claims, err := l.running(ctx)
	if err != nil {
		return nil, err
	}
	r := &Rescue{Running: len(claims)}
	if err := kill(); err != nil {
		return nil, err
	}
	killed := l.Now()
	for len(claims) > 0 {
		if err := pause(ctx, rescueInterval); err != nil {
			return r, nil // the load is over
		}
		now, err := l.running(ctx)
		if err != nil {
			continue // the server itself may be away
		}
		for taskID, before := range claims {
			after, still := now[taskID]
			switch {
			case still && after > before:
				r.Taken++
				r.SlowestSeconds = l.Now().Sub(killed).Seconds()
				delete(claims, taskID)
			case !still:
				delete(claims, taskID) // of another worker, and over
			}
		}
	}
	return r, nil
}

// untilRunning waits until so many run.
func (l *Load) untilRunning(ctx context.Context, n int) error {
	for {
		system, err := l.Server.System(ctx)
		if err == nil && system.Queue.Running >= int64(n) {
			return nil
		}
		if err := pause(ctx, rescueInterval); err != nil {
			return err
		}
	}
}

// running returns how often each running acquisition was claimed.
func (l *Load) running(ctx context.Context) (map[string]int, error) {
	claims := map[string]int{}
	err := pages(func(cursor string) (*string, error) {
		list, err := l.Server.Acquisitions(ctx, heimdall.AcquisitionFilter{States: []heimdall.State{heimdall.Running}, Limit: page}, cursor)
		for _, a := range list.Acquisitions {
			claims[a.TaskID] = a.Claims
		}
		return list.NextCursor, err
	})
	return claims, err
}
