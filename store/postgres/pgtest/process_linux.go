package pgtest

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// asServer has a process end with ours, and gives up the rights of root, for which PostgreSQL does not run.
func asServer() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT, Setpgid: true}
	if uid, gid, isRoot := serverUser(); isRoot {
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return attr
}

// giveAway makes a folder the server's.
func giveAway(folder string) error {
	if uid, gid, isRoot := serverUser(); isRoot {
		return os.Chown(folder, uid, gid)
	}
	return nil
}

// serverUser is who runs the server when we are root.
func serverUser() (uid, gid int, isRoot bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	const nobody = 65534
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, uidErr := strconv.Atoi(u.Uid)
			gid, gidErr := strconv.Atoi(u.Gid)
			if uidErr == nil && gidErr == nil {
				return uid, gid, true
			}
		}
	}
	return nobody, nobody, true
}

// freeBytes is how much room a file system has; 0 when it is not there.
func freeBytes(path string) uint64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return 0
	}
	return fs.Bavail * uint64(fs.Bsize)
}
