//go:build unix && !linux

package child

import "syscall"

// attr keeps the terminal's signals away from a child: who started it ends it. This
// system can't end a child with its parent.
func attr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
