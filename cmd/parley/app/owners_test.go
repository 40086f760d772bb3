package app

import (
	"testing"

	"parley/store"
)

// Each member owns about as many accounts as any other.
func TestOwnersShareFairly(t *testing.T) {
	t.Parallel()
	const accounts = 3000
	members := []string{"VBO4XDK", "VBO4XDL", "3", "four", "a-fifth"}
	count := map[string]int{}
	for id := range store.AccountID(accounts) {
		count[ownerOf(id, members)]++
	}
	for _, member := range members {
		if n, fair := count[member], accounts/len(members); n < fair*8/10 || n > fair*12/10 {
			t.Errorf("%s owns %d of %d accounts, want about %d", member, n, accounts, fair)
		}
	}
}

// When a member leaves, its accounts have other owners, and no others do.
func TestOwnersAfterOneLeft(t *testing.T) {
	t.Parallel()
	members := []string{"VBO4XDK", "VBO4XDL", "3", "four", "a-fifth"}
	leaver, others := members[0], members[1:]
	for id := range store.AccountID(3000) {
		before, after := ownerOf(id, members), ownerOf(id, others)
		if after == leaver {
			t.Fatalf("account %d is owned by %s, who has left", id, leaver)
		}
		if before != leaver && after != before {
			t.Errorf("account %d moved from %s to %s, though %s left", id, before, after, leaver)
		}
	}
	if got := ownerOf(1, nil); got != "" {
		t.Errorf("without members, an account is owned by %q, want nobody", got)
	}
}
