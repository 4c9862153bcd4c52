package check

import (
	"context"
	"errors"
	"fmt"

	"github.com/heimdall-sdr/heimdall"
	"github.com/heimdall-sdr/heimdall/acquire"
	"github.com/heimdall-sdr/heimdall/store"
)

// Spool looks at what waits in the spool in dir for a worker that will never come: recordings of acquisitions that the
// database does not know, unless they were deleted. A folder that is not there is an empty spool.
func Spool(ctx context.Context, s Store, dir string) ([]store.Problem, error) {
	var problems []store.Problem
	for sealed, err := range acquire.SealedCaptures(dir) {
		if err != nil {
			problems = append(problems, store.Problem{Kind: SpoolDamaged, Detail: err.Error()})
			continue
		}
		_, _, err := s.Acquisition(ctx, sealed.TaskID())
		if errors.Is(err, heimdall.ErrNotFound) {
			if _, err = s.Deletion(ctx, sealed.TaskID()); errors.Is(err, heimdall.ErrNotFound) {
				problems = append(problems, store.Problem{Kind: SpoolUnknown, TaskID: sealed.TaskID(), WebSDRID: sealed.WebSDRID(),
					Detail: fmt.Sprintf("%s holds a recording of it, and no row speaks of it", sealed)})
				continue
			}
		}
		if err != nil {
			return nil, fmt.Errorf("check spool: %w", err)
		}
	}
	return problems, nil
}
