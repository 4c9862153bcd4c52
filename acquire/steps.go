package acquire

import (
	"context"

	"github.com/heimdall-sdr/heimdall"
)

// A Tracer is told when the steps of an acquisition begin and end, with what error, for whoever wants to know where the
// time goes. Its methods are safe for concurrent use and do not wait for anything.
type Tracer interface {
	// Run is one worker's run of an acquisition, from its claim on.
	Run(ctx context.Context, a heimdall.Acquisition, worker string) (running context.Context, end func(error))
	// Step is a part of one capture, and part of the step whose context under is. What belongs to it happens in the
	// context returned, which ends with ctx.
	Step(ctx, under context.Context, name, taskID string, websdrID int64) (during context.Context, end func(error))
}

func noEnd(error) {}

// traced tells of a run.
func (a *Acquirer) traced(ctx context.Context, job *Job, worker string) (context.Context, func(error)) {
	if a.Tracer == nil {
		return ctx, noEnd
	}
	return a.Tracer.Run(ctx, job.Acquisition, worker)
}

// step tells of a step of the capture; the first is the capture itself, and holds the others.
func (k *capture) step(ctx context.Context, name string) (context.Context, func(error)) {
	if k.a.Tracer == nil {
		return ctx, noEnd
	}
	under := k.traced
	if under == nil {
		under = ctx
	}
	during, end := k.a.Tracer.Step(ctx, under, name, k.job.TaskID, k.c.WebSDRID)
	if k.traced == nil {
		k.traced = during
	}
	return during, end
}
