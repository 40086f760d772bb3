package pgserver

import "syscall"

// sysProcAttr keeps the terminal's signals away from a child: after a Ctrl-C the program must be able to finish before its
// database ends. It also changes the account, and asks the kernel for a fast shutdown of the child when the thread ends
// that made the child.
func sysProcAttr(acct account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: acct.childCredential(), Pdeathsig: syscall.SIGINT}
}

// guardServer has nothing to add: the kernel does it.
func guardServer(account, int) (stop func() error, err error) {
	return func() error { return nil }, nil
}
