package lab

import "syscall"

// processAttributes ends a child with the thread that made it, and keeps the terminal's signals away from it: whoever
// started it ends it, in an order of his own.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
