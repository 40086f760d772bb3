package pgserver

import "syscall"

// sysProcAttr keeps the terminal's signals away from a child (a Ctrl-C must let the program finish
// before its database ends), changes the account, and asks the kernel for a fast shutdown of the
// child when the thread that made it ends.
func sysProcAttr(acct account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: acct.childCredential(), Pdeathsig: syscall.SIGINT}
}

// guardServer has nothing to add: the kernel does it.
func guardServer(account, int) (stop func() error, err error) {
	return func() error { return nil }, nil
}
