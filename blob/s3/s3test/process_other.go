//go:build !linux

package s3test

import (
	"os"
	"syscall"
)

func withUs() *syscall.SysProcAttr { return nil }

func place() string { return os.TempDir() }
