package torture

import "syscall"

// childAttr ends a child with the thread that made it, and keeps the terminal's
// signals away from it: the run ends its children in its own order.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
