package erase_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

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

// An export contains the files of the customer's and of colleagues' messages in the customer's conversations, and the
// original form of the customer's own messages. Another customer, in copy, may have written there, too: neither the files nor
// the original form of that message are exported.
// Requirement R-212: Only some people read an account.
func TestExportedFiles(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	otterWritesToZebra(t, pool)

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

// Of a message that another customer wrote in the customer's conversation, an export says that there was one, and not what it
// said.
// Requirement R-276: Erase and export a person.
func TestOthersWordsAreNotExported(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	others := otterWritesToZebra(t, pool)

	exported := must(json.Marshal(must(erase.Export(t.Context(), pool, []store.ContactID{zebra().contact()}))(t)))(t)
	if strings.Contains(string(exported), "secret of otter") {
		t.Errorf("the export has what another customer wrote: %s", exported)
	}
	if !strings.Contains(string(exported), fmt.Sprintf(`"message":%d`, others)) {
		t.Errorf("the export doesn't say that there is message %d: %s", others, exported)
	}
}

// otterWritesToZebra stores a message of otter's, with a file, in zebra's conversation, and returns its id.
func otterWritesToZebra(t *testing.T, pool *pgxpool.Pool) int64 {
	t.Helper()
	const secret = "secret of otter"
	id := zebra().first + 1_000_011
	exec(t, pool, `
		INSERT INTO messages
		SELECT (jsonb_populate_record(m, jsonb_build_object('id', $3::bigint, 'identity_id', other.id, 'subject', $4::text,
			'text', $4::text, 'quoted', $4::text, 'rich', jsonb_build_object('place', $4::text),
			'revision', jsonb_build_object('text', $4::text),
			'files', jsonb_build_array(jsonb_build_object('name', $4::text, 'blob', $5::text))))).*
		FROM messages AS m, identities AS other
		WHERE m.id = $1 AND other.id = $2`, zebra().first+11, otter().first+1, id, secret, otter().nameOf("file"))
	return id
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
