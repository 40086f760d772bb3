package erase_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// The contact of these tests is Phil of shop, who changed his number in the chat. His identity 3 has the key that the
// provider gave him, and his former number is the key of another row.
const (
	phil        = 3
	philsNumber = "+4915112345"
)

// changeNumber makes Phil's number a former one.
func changeNumber(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE identities SET key = 'DE.philsownid' WHERE id = $1`, phil)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, name, contact_id, same_as)
		VALUES (12, $1, 'former:12:' || $2::text, 'Phil', $3, $3)`, chatAccount, philsNumber, phil)
}

// giveNumberToNext makes contact 20, who now has Phil's former number.
func giveNumberToNext(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (20, 'Next')`)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, name, contact_id) VALUES (20, $1, $2, 'Next', 20)`, chatAccount, philsNumber)
}

// receipt returns a provider's receipt for a message that was sent to a number.
func receipt(account store.AccountID, name, number string) store.NewEvent {
	return store.NewEvent{
		AccountID:  account,
		ExternalID: name,
		OrderKey:   store.OrderKey(account, number),
		Payload:    []byte(`{"status":"read","recipient_id":"` + number + `"}`),
	}
}

// storeApplied stores an event, which counts as applied, and returns its id.
func storeApplied(t *testing.T, pool *pgxpool.Pool, e store.NewEvent) (id int64) {
	t.Helper()
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{e}))(t)
	exec(t, pool, `DELETE FROM queues`)
	check(t, pool.QueryRow(t.Context(), `SELECT id FROM events WHERE external_id = $1`, e.ExternalID).Scan(&id))
	return id
}

// wantEvents checks which events are left whose names begin with "receipt".
func wantEvents(t *testing.T, pool *pgxpool.Pool, want ...string) {
	t.Helper()
	var got []string
	const list = `SELECT coalesce(array_agg(external_id ORDER BY id), '{}') FROM events WHERE external_id LIKE 'receipt%'`
	check(t, pool.QueryRow(t.Context(), list).Scan(&got))
	if !slices.Equal(got, want) {
		t.Errorf("the events %q are left, want %q", got, want)
	}
}

// Events of the number from before the change are erased if nobody else has the number now. The same number in another
// account belongs to another contact.
// Requirement R-276: Erase and export a person.
func TestFormerNumber(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	storeApplied(t, pool, receipt(chatAccount, "receipt", "4915112345"))
	storeApplied(t, pool, receipt(shopAccount, "receipt elsewhere", "4915112345"))
	storeApplied(t, pool, receipt(chatAccount, "receipt of a longer number", "49151123456"))
	changeNumber(t, pool)

	eraseContact(t, pool, phil)

	wantEvents(t, pool, "receipt elsewhere", "receipt of a longer number")
}

// If somebody else has the number now, only the events before that person's first message are erased.
// Requirement R-276: Erase and export a person.
func TestFormerNumberThatIsAnothers(t *testing.T) {
	t.Parallel()
	pool := shop(t)
	storeApplied(t, pool, receipt(chatAccount, "receipt of Phil", "4915112345"))
	changeNumber(t, pool)
	giveNumberToNext(t, pool)
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at)
		VALUES (20, $1, 20, 'open', now(), now())`, chatAccount)
	first := storeApplied(t, pool, store.NewEvent{
		AccountID:  chatAccount,
		ExternalID: "receipt-like first message of the next",
		OrderKey:   store.OrderKey(chatAccount, "4915112345"),
		Payload:    []byte(`{"from":"4915112345","text":"Hi"}`),
	})
	exec(t, pool, `
		INSERT INTO messages (id, conversation_id, direction, fate, identity_id, account_id, text, event_id, said_at, created_at)
		VALUES (20, 20, 'in', 'in', 20, $1, 'Hi', $2, now(), now())`, chatAccount, first)
	storeApplied(t, pool, receipt(chatAccount, "receipt of the next", "4915112345"))

	eraseContact(t, pool, phil)

	wantEvents(t, pool, "receipt-like first message of the next", "receipt of the next")
}
