// Package stuck lists what stands still until a person does something about it: messages of which nobody knows
// whether they arrived, events in quarantine, senders whose mail is passed over.
//
// What does not belong here: applying an event again (store.Replay), and deciding about a message (bridge).
package stuck

import (
	"context"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// Undecided is an agent's message of which nobody knows whether it arrived.
type Undecided struct {
	Conversation int64     `db:"conversation"`
	Account      string    `db:"account"`
	By           string    `db:"by"`
	At           time.Time `db:"at"`
}

const undecided = `
	SELECT m.conversation_id AS conversation, a.name AS account, coalesce(g.name, '') AS by, m.said_at AS at
	FROM (SELECT * FROM messages WHERE fate = 'unclear' ORDER BY conversation_id LIMIT $1) AS m
	JOIN conversations AS c ON c.id = m.conversation_id
	JOIN accounts AS a ON a.id = c.account_id
	LEFT JOIN agents AS g ON g.id = m.agent_id
	ORDER BY m.said_at`

// ListUndecided returns messages that wait for a decision, the oldest first.
func ListUndecided(ctx context.Context, q store.Querier, limit int) ([]Undecided, error) {
	return query.Collect[Undecided](ctx, q, "undecided messages", undecided, limit)
}

const drop = `
	DELETE FROM quarantine AS q
	USING events AS e
	JOIN accounts AS a ON a.id = e.account_id
	WHERE q.event_id = $1 AND e.id = q.event_id
	RETURNING a.name AS account, q.reason`

// Dropped is an event that was taken out of quarantine for good.
type Dropped struct {
	Account string `db:"account"`
	Reason  string `db:"reason"`
}

// Drop takes an event out of quarantine: it is never applied, and leaves the journal with the others of its time.
// It returns nil if the event was not in quarantine.
func Drop(ctx context.Context, q store.Querier, event int64) (*Dropped, error) {
	list, err := query.Collect[Dropped](ctx, q, "drop", drop, event)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Blocked is a sender whose automatic mail is passed over.
type Blocked struct {
	ID      int64  `db:"id"` // the identity's
	Account string `db:"account"`
	Address string `db:"address"`
	Name    string `db:"name"`
}

const blocked = `
	SELECT i.id, a.name AS account, i.key AS address, i.name
	FROM identities AS i
	JOIN accounts AS a ON a.id = i.account_id
	WHERE i.blocked
	ORDER BY i.account_id, i.key
	LIMIT $1`

// ListBlocked returns blocked senders of all accounts.
func ListBlocked(ctx context.Context, q store.Querier, limit int) ([]Blocked, error) {
	return query.Collect[Blocked](ctx, q, "blocked senders", blocked, limit)
}

const unblock = `
	UPDATE identities AS i SET blocked = false
	FROM accounts AS a
	WHERE i.id = $1 AND i.blocked AND a.id = i.account_id
	RETURNING i.id, a.name AS account, i.key AS address, i.name`

// Unblock lets later mail of a sender in again. It returns nil if the sender was not blocked.
func Unblock(ctx context.Context, q store.Querier, identity int64) (*Blocked, error) {
	list, err := query.Collect[Blocked](ctx, q, "unblock", unblock, identity)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}
