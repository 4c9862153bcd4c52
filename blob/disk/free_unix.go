//go:build linux || darwin || freebsd

package disk

import (
	"fmt"
	"syscall"
)

// FreeBytes is how much may still be put into the store: the room that its file system leaves to our user.
func (s *Store) FreeBytes() (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &st); err != nil {
		return 0, fmt.Errorf("ask for the room left in %s: %w", s.dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
