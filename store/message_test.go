package store_test

import (
	"strings"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// A conversation's latest messages are read without the long history below each mail, because only the new words are
// needed.
func TestLatestMessagesLackHistory(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	storetest.Exec(t, pool, `ALTER TABLE messages DROP CONSTRAINT messages_conversation_id_fkey`)
	storetest.Exec(t, pool, `
		INSERT INTO messages (id, conversation_id, direction, fate, text, quoted, said_at, created_at)
		VALUES (1, 1, 'in', 'in', 'Hello', $1, now(), now())`, strings.Repeat("> Hi\n", 1<<18))

	latest := must(store.LatestMessages(t.Context(), pool, []store.ConversationID{1}, 5))(t)
	material := must(store.LoadBursts(t.Context(), pool, []store.Burst{dueBurst(1, 1, 1)}, 5))(t)
	for _, list := range [][]store.Message{latest, material.Latest} {
		if len(list) != 1 || list[0].Text != "Hello" || list[0].Quoted != "" {
			t.Errorf("read were %d messages, want one that says Hello and quotes nothing", len(list))
		}
	}
}

// Some reasons for which mail counts as automatic don't mean that a machine wrote it: a person may have written
// "bulk" mail. "precedence" means a machine, because an earlier version stored it for automatic replies, too.
func TestIsByMachine(t *testing.T) {
	t.Parallel()
	for automatic, want := range map[string]bool{"": false, "bulk": false, "list": false, "precedence": true, "auto-reply": true} {
		if got := store.IsByMachine(automatic); got != want {
			t.Errorf("%q is a machine's: got %v, want %v", automatic, got, want)
		}
	}
}
