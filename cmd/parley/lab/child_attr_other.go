//go:build unix && !linux

package lab

import "syscall"

// processAttributes keeps the terminal's signals away from a child: whoever started it ends it. This system can't end a child
// with its parent.
func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
