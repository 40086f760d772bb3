package store_test

import (
	"testing"

	"parley/store"
)

// TestIsByMachine: of the reasons by which mail is automatic, some leave it a person's. "precedence" is a machine's: rows of an earlier
// version have it for automatic replies, too.
func TestIsByMachine(t *testing.T) {
	t.Parallel()
	for automatic, want := range map[string]bool{"": false, "bulk": false, "list": false, "precedence": true, "auto-reply": true} {
		if got := store.IsByMachine(automatic); got != want {
			t.Errorf("%q is a machine's: got %v, want %v", automatic, got, want)
		}
	}
}
