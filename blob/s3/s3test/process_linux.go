package s3test

import (
	"os"
	"syscall"
)

// withUs has a process end with ours.
func withUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// place is where servers keep their files: in memory, if it takes the extended attributes that versitygw needs.
func place() string {
	f, err := os.CreateTemp("/dev/shm", folders)
	if err != nil {
		return os.TempDir()
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := syscall.Setxattr(f.Name(), "user.heimdall", []byte("x"), 0); err != nil {
		return os.TempDir()
	}
	return "/dev/shm"
}
