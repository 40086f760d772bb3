package erase_test

import (
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"parley/store"
	"parley/store/erase"
)

// If several admins erase a contact at once, they begin one erasure. A second erasure would find no address to look for, and
// its certificate would say that there was nothing.
// Requirement R-276: Erase and export a person.
func TestTwoAdmins(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	ids := make([]string, 4)
	var group errgroup.Group
	for i := range ids {
		group.Go(func() (err error) {
			ids[i], err = erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann")
			return err
		})
	}
	check(t, group.Wait())
	if begun := slices.Compact(ids); len(begun) != 1 {
		t.Fatalf("%d erasures of one contact were begun, want 1: %v", len(begun), begun)
	}
	if c := runWithChats(t, o, ids[0]); len(c.Identities) != 2 {
		t.Errorf("the certificate names identities %v, want 2", c.Identities)
	}
}
