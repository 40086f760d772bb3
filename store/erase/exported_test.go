package erase_test

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/store"
	"parley/store/erase"
)

// An export contains rows of other customers' conversations if the customer wrote there, or if the log names the customer.
// It contains nothing of a conversation in which the customer is only in copy.
// Requirement R-212: Only some people read an account.
func TestExportedConversations(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	const named, inCopy = 2001, 2002 // otter's
	exec(t, pool, `
		INSERT INTO log_entries (id, conversation_id, at, actor, what, detail, event_id)
		VALUES (1, $1, now(), 'agent', $2, jsonb_build_object('text', $3::text), 1)`, named, store.DeedReaddressed, "to "+zebra().address())
	exec(t, pool, `
		UPDATE conversations
		SET participants = jsonb_build_array(jsonb_build_object('key', $2::text, 'role', 'cc'))
		WHERE id = $1`, inCopy, zebra().address())

	got := must(erase.ExportedConversations(t.Context(), pool, zebra().contact()))(t)

	want := conversationsIn(t, must(erase.Export(t.Context(), pool, []store.ContactID{zebra().contact()}))(t))
	if !slices.Equal(got, want) {
		t.Errorf("the export has something of the conversations %v, want those whose rows it has: %v", got, want)
	}
	if !slices.Contains(got, named) || slices.Contains(got, inCopy) {
		t.Errorf("the export has something of the conversations %v, want %d among them, and not %d", got, named, inCopy)
	}
}

// An export contains the files of the messages in the customer's conversations, and the original form of the customer's own
// messages. The original form of a message that another customer wrote there isn't exported.
// Requirement R-212: Only some people read an account.
func TestExportedFiles(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	if _, err := pool.Exec(t.Context(), `
		INSERT INTO messages
		SELECT (jsonb_populate_record(m, jsonb_build_object('id', m.id + 1000000, 'identity_id', other.id, 'files', '[]'::jsonb))).*
		FROM messages AS m, identities AS other
		WHERE m.id = $1 AND other.id = $2`, zebra().first+11, otter().first+1); err != nil { // otter takes part in zebra's conversation
		t.Fatal(err)
	}

	var got []int64 // messages
	for _, file := range must(erase.Export(t.Context(), pool, []store.ContactID{zebra().contact()}))(t).Files {
		got = append(got, int64(file.Message))
	}
	slices.Sort(got)
	n := zebra().first
	want := []int64{n + 11, n + 11, n + 12, n + 14, n + 19} // the first one has a file and its original mail
	if !slices.Equal(got, want) {
		t.Errorf("the export has files of the messages %v, want %v", got, want)
	}
}

// conversationsIn returns the conversations of which an export contains rows.
func conversationsIn(t *testing.T, c erase.Copy) (list []store.ConversationID) {
	t.Helper()
	for _, p := range c.Places {
		for _, row := range p.Rows {
			var of struct {
				Conversation store.ConversationID `json:"conversation"`
			}
			check(t, json.Unmarshal(row, &of))
			if of.Conversation != 0 {
				list = append(list, of.Conversation)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
