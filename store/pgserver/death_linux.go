package pgserver

import "syscall"

// sysProcAttr keeps the terminal's signals away from a child (a Ctrl-C must let the program finish
// before its database ends), changes the account, and asks the kernel for a fast shutdown of the
// child when the thread that made it ends.
func sysProcAttr(acct account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: acct.credential(), Pdeathsig: syscall.SIGINT}
}

// guard has nothing to add: the kernel does it.
func guard(account, int) (stop func() error, err error) {
	return func() error { return nil }, nil
}
