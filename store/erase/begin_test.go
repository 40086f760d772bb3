package erase_test

import (
	"errors"
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

// If a contact is erased again, because something was left, this is a new erasure.
func TestBeginAfterAnErasureEnded(t *testing.T) {
	t.Parallel()
	o := newOptions(t, newWorld(t))
	first := beginErasure(t, o, zebra())
	runWithChats(t, o, first)
	if again := beginErasure(t, o, zebra()); again == first {
		t.Errorf("the contact is erased once more by %s, which has ended", again)
	}
}

// An earlier version left a contact without identities after merging two contacts. It can't be erased.
func TestBeginRefusesAContactWithoutIdentities(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (7777, 'Otter')`)
	_, err := erase.Begin(t.Context(), newOptions(t, pool), []store.ContactID{7777}, "ann")
	if !errors.Is(err, erase.ErrNoContact) {
		t.Errorf("Begin ended with %v, want %v", err, erase.ErrNoContact)
	}
}
