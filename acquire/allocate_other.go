//go:build !linux

package acquire

import "os"

// allocate takes room for a file.
func allocate(f *os.File, size int) error { return fill(f, size) }
