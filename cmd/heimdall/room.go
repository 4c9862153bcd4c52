package main

import (
	"fmt"
	"syscall"
)

// room returns what says why nothing new should be accepted or begun, because a disk of this process has less than least
// bytes free; nil when that is not looked at. It names no paths: everybody may read it.
func (n *node) room(least int64) func() error {
	if least <= 0 {
		return nil
	}
	spool := n.folder.path("spool")
	disks := map[string]func() (int64, error){
		"spool": func() (int64, error) { return freeBytes(spool) }, // and database, where that is a file
	}
	if t, ok := n.blobs.(roomTeller); ok {
		disks["recordings"] = t.FreeBytes
	}
	return func() error {
		for what, free := range disks {
			n, err := free()
			if err == nil && n < least { // what cannot be asked is found out by writing
				return fmt.Errorf("the disk with the %s has %s free, and HEIMDALL_MIN_FREE_BYTES asks for %s: free some, have old recordings deleted (RETENTION_FREE_BYTES), or ask for less",
					what, showBytes(n), showBytes(least))
			}
		}
		return nil
	}
}

// freeBytes is the room that the file system of dir leaves to our user.
func freeBytes(dir string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("ask for the room left in %s: %w", dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
