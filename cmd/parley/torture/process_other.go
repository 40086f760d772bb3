//go:build !linux

package torture

import "syscall"

// childAttr keeps the terminal's signals away from a child.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
