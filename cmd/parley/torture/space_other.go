//go:build !linux

package torture

import "errors"

var errNoSpaceLimit = errors.New("this system has no file system in memory to mount")

func limitSpace(string) error { return errNoSpaceLimit }
func freeSpace(string) error  { return nil }
func takeAll(string) error    { return errNoSpaceLimit }
