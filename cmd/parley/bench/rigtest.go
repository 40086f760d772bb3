package bench

import (
	"os"
	"testing"
)

// NewRigtest returns a short run. Its database is removed when the test ends.
func NewRigtest(t *testing.T) *Rig {
	t.Helper()
	b, err := New(RigOptions{Program: os.Args[0], Quick: true, Short: true, Out: t.Output()})
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
