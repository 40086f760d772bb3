//go:build !linux

package app

import "syscall"

// endUnanswered does nothing: only Linux has such an option.
func endUnanswered(string, string, syscall.RawConn) error { return nil }
