package schedule

import (
	"context"
	"time"
)

var SunAt = sunAt

// Turn is one turn of Run.
func (r *Runner) Turn(ctx context.Context) (time.Duration, error) {
	if r.plans == nil {
		r.withDefaults()
	}
	return r.turn(ctx)
}
