package store_test

import (
	"slices"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// An id is a number in the database, also in a list. A missing id is NULL.
func TestIDsAreNumbersInTheDatabase(t *testing.T) {
	t.Parallel()
	agent := store.AgentID(7)
	var gotID store.ConversationID
	var gotNone, gotAgent *store.AgentID
	var gotList []store.MessageID
	var gotType string
	var none *store.AgentID
	row := storetest.Reused(t).QueryRow(t.Context(), `SELECT $1::bigint, $2::bigint, $3::bigint, $4::bigint[], pg_typeof($1)::text`,
		store.ConversationID(12), none, &agent, []store.MessageID{3, 4})
	check(t, row.Scan(&gotID, &gotNone, &gotAgent, &gotList, &gotType))

	if gotID != 12 {
		t.Errorf("an id: got %d, want 12", gotID)
	}
	if gotType != "bigint" {
		t.Errorf("an id is a %s in the database, want bigint", gotType)
	}
	if gotNone != nil {
		t.Errorf("no id: got %d, want nil", *gotNone)
	}
	if gotAgent == nil || *gotAgent != agent {
		t.Errorf("an id that may be missing: got %v, want %d", gotAgent, agent)
	}
	if want := []store.MessageID{3, 4}; !slices.Equal(gotList, want) {
		t.Errorf("a list of ids: got %v, want %v", gotList, want)
	}
}
