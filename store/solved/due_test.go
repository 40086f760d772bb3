package solved_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/solved"
	"parley/store/storetest"
)

// newDue makes a queue of resolved conversations that are to be read. The conversations themselves don't exist, since
// these tests only need the queue and the messages.
func newDue(t *testing.T, conversations ...store.ConversationID) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	storetest.Exec(t, pool, `ALTER TABLE solved_due DROP CONSTRAINT solved_due_conversation_id_fkey`)
	storetest.Exec(t, pool, `ALTER TABLE messages DROP CONSTRAINT messages_conversation_id_fkey`)
	for _, c := range conversations {
		resolve(t, pool, c)
	}
	return pool
}

func resolve(t *testing.T, pool *pgxpool.Pool, conversation store.ConversationID) {
	t.Helper()
	storetest.Exec(t, pool, `INSERT INTO solved_due (conversation_id) VALUES ($1)`, conversation)
}

// reopen does to the queue what opening a conversation does.
func reopen(t *testing.T, pool *pgxpool.Pool, conversation store.ConversationID) {
	t.Helper()
	storetest.Exec(t, pool, `DELETE FROM solved_due WHERE conversation_id = $1`, conversation)
}

// readDue reads the conversations that are due, and checks that they are these.
func readDue(t *testing.T, pool *pgxpool.Pool, want ...store.ConversationID) []solved.Due {
	t.Helper()
	const limit = 20
	due := storetest.Must(solved.ReadDue(t.Context(), pool, limit))(t)
	var got []store.ConversationID
	for _, d := range due {
		got = append(got, d.ConversationID)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("due are the conversations %v, want %v", got, want)
	}
	return due
}

// takeDue takes conversations that were read, and returns those that haven't changed since.
func takeDue(t *testing.T, pool *pgxpool.Pool, due []solved.Due) (taken []store.ConversationID) {
	t.Helper()
	storetest.Check(t, store.InTx(t.Context(), pool, func(tx pgx.Tx) (err error) {
		taken, err = solved.TakeDue(t.Context(), tx, due)
		return err
	}))
	return taken
}

// A conversation is read before the transaction that stores the result. If it was opened meanwhile, the result is
// dropped. If it was opened and resolved again, it is read again.
func TestDueIsTakenAsItWasRead(t *testing.T) {
	t.Parallel()
	const unchanged, resolvedAgain, opened = 1, 2, 3
	pool := newDue(t, unchanged, resolvedAgain, opened)
	due := readDue(t, pool, unchanged, resolvedAgain, opened)
	reopen(t, pool, resolvedAgain)
	reopen(t, pool, opened)
	resolve(t, pool, resolvedAgain)

	if got, want := takeDue(t, pool, due), []store.ConversationID{unchanged}; !slices.Equal(got, want) {
		t.Errorf("taken are %v, want %v", got, want)
	}
	readDue(t, pool, resolvedAgain)
}

// If an answer is still under way when its conversation is resolved, the conversation is read only after the answer has
// left, since the answer is what may help others.
func TestDueWaitsForTheAnswer(t *testing.T) {
	t.Parallel()
	const waiting, answered = 1, 2
	pool := newDue(t, waiting, answered)
	storetest.Exec(t, pool, `
		INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at)
		VALUES
			(1, $1, 'in', 'in', now(), now()),
			(2, $1, 'out', 'waiting', now(), now()),
			(3, $2, 'out', 'out', now(), now())`, waiting, answered)

	readDue(t, pool, answered)
	storetest.Exec(t, pool, `UPDATE messages SET fate = 'out' WHERE fate = 'waiting'`)
	readDue(t, pool, waiting, answered)
}
