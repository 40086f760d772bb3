//go:build !unix

package main

import "time"

// spentCPU gives nothing: CPU time is measured on Unix alone.
func spentCPU() time.Duration { return 0 }
