//go:build !linux

package demo

import "syscall"

// childAttr keeps the terminal's signals away from the engine, which ends before the emulators do. When this process is
// killed, the engine loses its database and its emulators; it has to be stopped by hand.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
