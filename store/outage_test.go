package store_test

import (
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// A chat fails from its first check without an answer until the next one with an answer, or until nobody asks it any more. An account
// of customers fails while it has a fault, unless it is paused.
func TestFailing(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	storetest.Exec(t, pool, `
		INSERT INTO accounts (id, name, kind, side, status, paused) VALUES
			(11, 'away', 'slack', 'surface', 'active', false), (12, 'fine', 'teams', 'surface', 'active', false),
			(13, 'forgotten', 'text', 'surface', 'active', false), (14, 'broken', 'email', 'channel', 'error', false),
			(15, 'paused', 'email', 'channel', 'error', true), (16, 'tried', 'email', 'channel', 'connecting', false);
		INSERT INTO outages (account_id, reached_at, asked_at) VALUES
			(11, now() - interval '10 seconds', now()), (12, now(), now()), (13, now() - interval '1 hour', now() - interval '10 minutes')`)

	failing := storetest.Must(store.FailingAccounts(t.Context(), pool))(t)
	if len(failing) != 2 || failing[0].AccountID != 11 || failing[0].Since.IsZero() || failing[1].AccountID != store.AccountID(14) ||
		!failing[1].Since.IsZero() {
		t.Errorf("%+v fail, want the chat since a moment ago, then the broken account", failing)
	}
}
