package retention

import (
	"context"
	"fmt"
)

// Finish carries out the plans that there are, whoever made them, and plans nothing. MaxAge does not matter.
func Finish(ctx context.Context, c Config) (Result, error) {
	if err := c.complete(); err != nil {
		return Result{}, err
	}
	run := &run{Config: c}
	if err := run.failure(run.finishPlanned(ctx)); err != nil {
		return run.done, fmt.Errorf("finish planned deletions: %w", err)
	}
	return run.done, nil
}
