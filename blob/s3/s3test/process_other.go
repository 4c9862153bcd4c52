//go:build !linux

package s3test

import "syscall"

func withUs() *syscall.SysProcAttr { return nil }
