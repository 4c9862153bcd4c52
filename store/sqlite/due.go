package sqlite

import (
	"context"
	"time"
)

const oldestDue = `
SELECT min(COALESCE(start_at, created_at)) FROM acquisitions
WHERE state = 'pending' AND COALESCE(start_at, created_at) <= ?`

// OldestDue returns since when the acquisition that has waited for a worker for longest has been due; the zero time when
// none waits.
func (s *Store) OldestDue(ctx context.Context) (due time.Time, err error) {
	now := s.moment()
	err = s.reader.QueryRowContext(ctx, oldestDue, micros{&now}).Scan(micros{&due})
	return due, failed(ctx, "find the oldest acquisition that waits", err)
}
