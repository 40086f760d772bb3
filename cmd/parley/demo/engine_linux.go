package demo

import "syscall"

// childAttr keeps the terminal's signals away from the engine, which ends before the
// emulators do, and ends it when this process is killed.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
