package engine

import (
	"slices"
	"testing"

	"parley/bridge"
	"parley/store"
)

// A resolved or closed conversation may have parked replies (which were kept back). They are offered in a later
// conversation of the same customer and team, by any of the customer's keys. Those of an open conversation can be sent
// from its own thread.
func TestParkedRepliesAreOfferedToTheSameTeam(t *testing.T) {
	t.Parallel()
	sales, support := store.TeamID(1), store.TeamID(2)
	b := &Book{Conversations: newConversations(nil, nil), People: peopleWithKeys([][]string{{"ann", "ann's phone"}, {"ben"}})}
	add := func(id store.ConversationID, account store.AccountID, key string, team *store.TeamID, status bridge.Status) *Conversation {
		c := &Conversation{Conversation: &store.Conversation{ID: id, AccountID: account, TeamID: team, Status: string(status)}}
		c.Identity = b.People.RowOf(1, key)
		b.Conversations.Rows[id] = c
		return c
	}

	of, ofNoTeam := add(1, 1, "ann", &sales, bridge.StatusOpen), add(2, 1, "ann", nil, bridge.StatusOpen)
	add(3, 1, "ann's phone", &sales, bridge.StatusResolved)
	add(4, 1, "ann", &support, bridge.StatusResolved)
	add(5, 1, "ann", nil, bridge.StatusClosed)
	add(6, 1, "ann", &sales, bridge.StatusPending)
	add(7, 1, "ben", &sales, bridge.StatusResolved)
	add(8, 2, "ann", &sales, bridge.StatusResolved)

	for _, tt := range []struct {
		name    string
		in      *Conversation
		offered []store.ConversationID
	}{
		{name: "of a team", in: of, offered: []store.ConversationID{1, 3}},
		{name: "of no team", in: ofNoTeam, offered: []store.ConversationID{2, 5}},
	} {
		for id := store.ConversationID(1); id <= 9; id++ { // the last one isn't known
			want := slices.Contains(tt.offered, id)
			if got := IsOfferedIn(b, tt.in, id); got != want {
				t.Errorf("in one %s, replies of %d: offered: %t, want %t", tt.name, id, got, want)
			}
		}
	}
}
