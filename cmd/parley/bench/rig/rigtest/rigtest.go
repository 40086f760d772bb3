// Package rigtest makes a short benchmark run for tests of measurements.
//
// What does not belong here: anything that a real run needs.
package rigtest

import (
	"os"
	"testing"

	"parley/cmd/parley/bench/rig"
)

// New returns a short run. Its database is removed when the test ends.
func New(t *testing.T) *rig.Rig {
	t.Helper()
	b, err := rig.New(rig.Options{Program: os.Args[0], Quick: true, Short: true, Out: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}
