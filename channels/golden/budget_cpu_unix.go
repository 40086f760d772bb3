//go:build unix

package golden

import (
	"syscall"
	"time"
)

// spentCPU returns the CPU time that this process used so far, the kernel's share included.
func spentCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // it can't fail for the process itself
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
