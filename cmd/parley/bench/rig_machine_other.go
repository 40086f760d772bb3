//go:build unix && !linux

package bench

import "os"

// storageOf can't tell on this system.
func storageOf(string) (string, error) { return "disk (unknown)", nil }

// dataSync flushes a file.
func dataSync(f *os.File) error { return f.Sync() }
