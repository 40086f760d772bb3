package operate

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// newLock returns a lock that nobody has taken yet, and makes the folder for its file.
func newLock(path string) (*flock.Flock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("backup: lock: %w", err)
	}
	return flock.New(path), nil
}
