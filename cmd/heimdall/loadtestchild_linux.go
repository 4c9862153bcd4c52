package main

import "syscall"

// ofParent has a process end with the thread that started it, and keeps interrupts at the terminal from it: those are for
// us, who stop the others in order.
func ofParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
