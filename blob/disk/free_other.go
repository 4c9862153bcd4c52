//go:build !linux && !darwin && !freebsd

package disk

import (
	"errors"
	"fmt"
)

// FreeBytes cannot be said here.
func (s *Store) FreeBytes() (int64, error) {
	return 0, fmt.Errorf("ask for the room left in %s: %w", s.dir, errors.ErrUnsupported)
}
