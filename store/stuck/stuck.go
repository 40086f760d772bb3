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
	Delivery     store.DeliveryID     `db:"delivery"`
	Attempt      int                  `db:"attempt"` // the last one at it
	Refused      bool                 `db:"refused"` // it surely did not arrive
	Why          string               `db:"why"`     // as the provider said it
	Account      string               `db:"account"`
	By           string               `db:"by"`
	At           time.Time            `db:"at"`
}

// maxLooked is how many unclear messages are looked through for those that can still be decided: the delivery of a customer who was
// erased is gone. It is also how many of the newest refused messages are looked through for those whose customers still wait.
const maxLooked = 2000

const undecidedColumns = `
	SELECT message.conversation_id AS conversation, message.id AS message, delivery.id AS delivery, delivery.attempt,
		message.fate = 'failed' AS refused,
		CASE
			WHEN starts_with(delivery.error_text, delivery.error_class || ': ')
			THEN substr(delivery.error_text, length(delivery.error_class) + 3)
			ELSE delivery.error_text
		END AS why,
		account.name AS account, coalesce(agent.name, '') AS by, message.said_at AS at `

const (
	undecided = undecidedColumns + `
	FROM (
		(SELECT * FROM messages WHERE fate = 'unclear' ORDER BY conversation_id LIMIT $2)
		UNION ALL
		(SELECT refused.*
			FROM (SELECT * FROM messages WHERE fate = 'failed' ORDER BY said_at DESC LIMIT $2) AS refused
			JOIN conversations AS conversation ON conversation.id = refused.conversation_id
			WHERE conversation.waiting_since IS NOT NULL AND conversation.status IN ('open', 'pending', 'snoozed'))) AS message
	CROSS JOIN LATERAL (
		SELECT * FROM deliveries
		WHERE message_id = message.id AND message_id <> 0 AND kind = 'reply'
			AND state = CASE message.fate WHEN 'failed' THEN 'failed' ELSE 'needs_decision' END
		OFFSET 0) AS delivery -- OFFSET 0: looked up one by one, never all deliveries
	JOIN conversations AS conversation ON conversation.id = message.conversation_id
	JOIN accounts AS account ON account.id = conversation.account_id
	LEFT JOIN agents AS agent ON agent.id = message.agent_id
	ORDER BY message.fate = 'failed', message.said_at
	LIMIT $1`

	undecidedOne = undecidedColumns + `
	FROM deliveries AS delivery
	JOIN messages AS message ON message.id = delivery.message_id
	JOIN conversations AS conversation ON conversation.id = message.conversation_id
	JOIN accounts AS account ON account.id = conversation.account_id
	LEFT JOIN agents AS agent ON agent.id = message.agent_id
	WHERE delivery.id = $1 AND delivery.kind = 'reply'
		AND ((message.fate = 'unclear' AND delivery.state = 'needs_decision') OR (message.fate = 'failed' AND delivery.state = 'failed'))`
)

// ListUndecided returns messages that wait for a decision, limit at most. Those that are unclear come first. Then come those
// that were refused and whose customers still wait for an answer. Of each, the oldest come first.
func ListUndecided(ctx context.Context, q store.Batcher, limit int) ([]Undecided, error) {
	return query.CollectOnePlan[Undecided](ctx, q, "undecided messages", undecided, limit, maxLooked)
}

// FindUndecided reads one delivery. It returns nil if the delivery waits for no decision.
func FindUndecided(ctx context.Context, q store.Querier, delivery store.DeliveryID) (*Undecided, error) {
	list, err := query.Collect[Undecided](ctx, q, "undecided message", undecidedOne, delivery)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

const drop = `
	DELETE FROM quarantine
	USING events AS event
	JOIN accounts AS account ON account.id = event.account_id
	WHERE quarantine.event_id = $1 AND event.id = quarantine.event_id
	RETURNING account.name`

// Drop takes an event out of quarantine: it is never applied, and leaves the journal with the others of its time.
// It returns the name of its account. Errors: pgx.ErrNoRows if the event was not in quarantine.
func Drop(ctx context.Context, q store.Querier, event store.EventID) (account string, err error) {
	return query.Value[string](ctx, q, "drop", drop, event)
}

// Blocked is a sender whose automatic mail is passed over, or kept without a post.
type Blocked struct {
	ID       store.IdentityID `db:"id"` // the identity's
	Of       store.AccountID  `db:"account_id"`
	Account  string           `db:"account"` // its name
	Address  string           `db:"address"`
	Name     string           `db:"name"`
	Silenced bool             `db:"silenced"` // not blocked: the mail is kept
}

const blocked = `
	SELECT sender.id, account.id AS account_id, account.name AS account, sender.key AS address, sender.name,
		NOT sender.blocked AS silenced
	FROM identities AS sender
	JOIN accounts AS account ON account.id = sender.account_id
	WHERE sender.blocked OR sender.silenced
	ORDER BY sender.account_id, sender.key
	LIMIT $1 OFFSET $2`

// ListBlocked returns blocked and silenced senders of all accounts, limit at most, without the first ones that skip counts.
func ListBlocked(ctx context.Context, q store.Querier, limit, skip int) ([]Blocked, error) {
	return query.Collect[Blocked](ctx, q, "blocked senders", blocked, limit, skip)
}

const unblock = `
	UPDATE identities SET blocked = false, silenced = false
	FROM accounts AS account
	WHERE identities.id = $1 AND (identities.blocked OR identities.silenced) AND account.id = identities.account_id
	RETURNING identities.id, account.id AS account_id, account.name AS account, identities.key AS address, identities.name,
		false AS silenced`

// Unblock lets later mail of a sender in again. It returns nil if the sender was neither blocked nor silenced.
func Unblock(ctx context.Context, q store.Querier, identity store.IdentityID) (*Blocked, error) {
	list, err := query.Collect[Blocked](ctx, q, "unblock", unblock, identity)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}
