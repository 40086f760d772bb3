// Package stuck lists what stands still until a person does something about it: messages of which nobody knows
// whether they arrived, or that were refused, events in quarantine, senders whose mail is passed over.
//
// What does not belong here: applying an event again (store.Replay), and deciding about a message (bridge).
package stuck

import (
	"context"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// Undecided is a delivery of an agent's message of which nobody knows whether it arrived, or that was refused.
type Undecided struct {
	Conversation store.ConversationID `db:"conversation"`
	Message      store.MessageID      `db:"message"`
	Delivery     store.DeliveryID     `db:"delivery"` // 0 = there is none to decide about
	Attempt      int                  `db:"attempt"`  // the last one at it
	Refused      bool                 `db:"refused"`  // it surely did not arrive
	Why          string               `db:"why"`      // as the provider said it
	Account      string               `db:"account"`
	By           string               `db:"by"`
	At           time.Time            `db:"at"`
}

// newestRefused is how many refused messages are looked through for those whose customers still wait.
const newestRefused = 2000

const undecidedColumns = `
	SELECT m.conversation_id AS conversation, m.id AS message, coalesce(d.id, 0) AS delivery, coalesce(d.attempt, 0) AS attempt,
		m.fate = 'failed' AS refused,
		coalesce(CASE WHEN starts_with(d.error_text, d.error_class || ': ') THEN substr(d.error_text, length(d.error_class) + 3)
			ELSE d.error_text END, '') AS why,
		a.name AS account, coalesce(g.name, '') AS by, m.said_at AS at `

const (
	undecided = undecidedColumns + `
	FROM (
		(SELECT * FROM messages WHERE fate = 'unclear' ORDER BY conversation_id LIMIT $1)
		UNION ALL
		(SELECT f.*
			FROM (SELECT * FROM messages WHERE fate = 'failed' ORDER BY said_at DESC LIMIT $2) AS f
			JOIN conversations AS c ON c.id = f.conversation_id
			WHERE c.waiting_since IS NOT NULL AND c.status IN ('open', 'pending', 'snoozed'))) AS m
	LEFT JOIN LATERAL (
		SELECT r.* FROM deliveries AS r
		WHERE r.message_id = m.id AND r.message_id <> 0 AND r.kind = 'reply' AND r.state = CASE m.fate WHEN 'failed' THEN 'failed' ELSE 'needs_decision' END
		OFFSET 0) AS d ON true -- one by one: never all deliveries
	JOIN conversations AS c ON c.id = m.conversation_id
	JOIN accounts AS a ON a.id = c.account_id
	LEFT JOIN agents AS g ON g.id = m.agent_id
	WHERE m.fate = 'unclear' OR d.id IS NOT NULL
	ORDER BY m.fate = 'failed', m.said_at
	LIMIT $1`

	undecidedOne = undecidedColumns + `
	FROM deliveries AS d
	JOIN messages AS m ON m.id = d.message_id
	JOIN conversations AS c ON c.id = m.conversation_id
	JOIN accounts AS a ON a.id = c.account_id
	LEFT JOIN agents AS g ON g.id = m.agent_id
	WHERE d.id = $1 AND d.kind = 'reply' AND (m.fate = 'unclear' AND d.state = 'needs_decision' OR m.fate = 'failed' AND d.state = 'failed')`
)

// ListUndecided returns messages that wait for a decision, limit at most: those that are unclear before those that
// were refused while their customers still wait for an answer, the oldest first.
func ListUndecided(ctx context.Context, q store.Querier, limit int) ([]Undecided, error) {
	return query.Collect[Undecided](ctx, q, "undecided messages", undecided, limit, newestRefused)
}

// FindUndecided tells of one delivery; nil = it waits for no decision.
func FindUndecided(ctx context.Context, q store.Querier, delivery store.DeliveryID) (*Undecided, error) {
	list, err := query.Collect[Undecided](ctx, q, "undecided message", undecidedOne, delivery)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
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
func Drop(ctx context.Context, q store.Querier, event store.EventID) (*Dropped, error) {
	list, err := query.Collect[Dropped](ctx, q, "drop", drop, event)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Blocked is a sender whose automatic mail is passed over.
type Blocked struct {
	ID      store.IdentityID `db:"id"` // the identity's
	Account string           `db:"account"`
	Address string           `db:"address"`
	Name    string           `db:"name"`
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
func Unblock(ctx context.Context, q store.Querier, identity store.IdentityID) (*Blocked, error) {
	list, err := query.Collect[Blocked](ctx, q, "unblock", unblock, identity)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}
