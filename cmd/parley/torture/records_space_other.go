//go:build !linux

package torture

import "errors"

var errNoSpaceLimit = errors.New("this system has no file system in memory to mount")

// LimitSpace fails: only Linux has a file system in memory that a test may mount.
func LimitSpace(string) error { return errNoSpaceLimit }

// FreeSpace has nothing to undo.
func FreeSpace(string) error { return nil }

func fillFile(string) error { return errNoSpaceLimit }
