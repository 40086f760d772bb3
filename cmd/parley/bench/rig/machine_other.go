//go:build unix && !linux

package rig

import "os"

// storage is not known here.
func storage(string) (string, error) { return "disk (unknown)", nil }

// dataSync flushes a file.
func dataSync(f *os.File) error { return f.Sync() }
