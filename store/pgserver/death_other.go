//go:build unix && !linux

package pgserver

import "syscall"

// sysProcAttr keeps the terminal's signals away from a child: after a Ctrl-C the program must be able to finish before its
// database ends. It also changes the account.
func sysProcAttr(acct account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: acct.childCredential()}
}

// guardServer ends the server when we die.
func guardServer(acct account, pid int) (stop func() error, err error) {
	return startWatcher(acct, pid)
}
