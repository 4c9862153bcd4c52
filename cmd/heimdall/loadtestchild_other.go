//go:build !linux

package main

import "syscall"

func ofParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
