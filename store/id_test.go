package store_test

import (
	"encoding/json"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// An id is a number in the database and in JSON, alone, in lists, and where there is none.
func TestIDsAreStoredAsNumbers(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	var one store.ConversationID
	var none, some *store.AgentID
	var list []store.MessageID
	var text string
	agent := store.AgentID(7)
	err := pool.QueryRow(t.Context(), `SELECT $1::bigint, $2::bigint, $3::bigint, $4::bigint[], pg_typeof($1)::text`,
		store.ConversationID(12), none, &agent, []store.MessageID{3, 4}).Scan(&one, &none, &some, &list, &text)
	if err != nil {
		t.Fatal(err)
	}
	if one != 12 || none != nil || some == nil || *some != 7 || len(list) != 2 || list[1] != 4 || text != "bigint" {
		t.Errorf("read back: %d, %v, %v, %v as %s", one, none, some, list, text)
	}
	body, err := json.Marshal(store.Message{ID: 3, ConversationID: 12, AgentID: &agent, EventID: 5})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"id": "3", "conversation_id": "12", "agent_id": "7", "identity_id": "null", "event_id": "5"} {
		if got := string(fields[name]); got != want {
			t.Errorf("%s is stored as %s, want %s", name, got, want)
		}
	}
}
