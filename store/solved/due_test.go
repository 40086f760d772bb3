package solved_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/solved"
	"parley/store/storetest"
)

// What is made of a conversation before a transaction begins is kept only while the conversation is resolved as it
// was read: one that was opened and resolved again meanwhile is read again, and one that was opened is left alone.
func TestDueIsTakenAsItWasRead(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`ALTER TABLE solved_due DROP CONSTRAINT solved_due_conversation_id_fkey`) // the queue alone is looked at
	exec(`DELETE FROM solved_due`)
	exec(`INSERT INTO solved_due (conversation_id) VALUES (1), (2), (3)`)
	due, err := solved.ReadDue(t.Context(), pool, 20)
	if err != nil || len(due) != 3 {
		t.Fatalf("due are %v, %v", due, err)
	}
	exec(`DELETE FROM solved_due WHERE conversation_id IN (2, 3)`) // both are opened
	exec(`INSERT INTO solved_due (conversation_id) VALUES (2)`)    // one is resolved again
	take := func() (taken []store.ConversationID) {
		t.Helper()
		err := store.InTx(t.Context(), pool, func(tx pgx.Tx) (err error) {
			taken, err = solved.TakeDue(t.Context(), tx, due)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	if taken := take(); len(taken) != 1 || taken[0] != 1 {
		t.Errorf("taken are %v, want the one that nobody has opened", taken)
	}
	if due, err = solved.ReadDue(t.Context(), pool, 20); err != nil || len(due) != 1 || due[0].ConversationID != 2 {
		t.Errorf("due again are %v, %v", due, err)
	}
}

// An answer that is still on its way when its conversation is resolved is what may help others: the conversation is
// read once the answer has left.
func TestDueWaitsForTheAnswer(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	exec := func(sql string) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`ALTER TABLE solved_due DROP CONSTRAINT solved_due_conversation_id_fkey`) // the queue and the messages alone are looked at
	exec(`ALTER TABLE messages DROP CONSTRAINT messages_conversation_id_fkey`)
	exec(`INSERT INTO solved_due (conversation_id) VALUES (1), (2)`)
	exec(`INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at)
		VALUES (1, 1, 'in', 'in', now(), now()), (2, 1, 'out', 'waiting', now(), now()), (3, 2, 'out', 'out', now(), now())`)
	for _, want := range [][]store.ConversationID{{2}, {1, 2}} {
		due, err := solved.ReadDue(t.Context(), pool, 20)
		if err != nil {
			t.Fatal(err)
		}
		var got []store.ConversationID
		for _, d := range due {
			got = append(got, d.ConversationID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("due are %v, want %v", got, want)
		}
		exec(`UPDATE messages SET fate = 'out' WHERE fate = 'waiting'`)
	}
}
