package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// UndecidedDelivery is an agent's message to a customer that was refused or may not have arrived. A delivery is the record of
// sending it.
type UndecidedDelivery struct {
	Conversation ConversationID `db:"conversation"`
	Message      MessageID      `db:"message"`
	Delivery     DeliveryID     `db:"delivery"`
	Attempt      int            `db:"attempt"` // number of the last attempt
	Refused      bool           `db:"refused"` // it did not arrive; false if nobody knows
	Why          string         `db:"why"`     // the provider's error text
	Account      string         `db:"account"`
	By           string         `db:"by"`
	At           time.Time      `db:"at"`
}

// maxLooked is how many unclear messages, and how many of the newest refused ones, ListUndecided examines. It skips unclear
// messages whose delivery is gone, because their customer was erased, and refused ones whose customer no longer waits.
const maxLooked = 2000

// undecidedColumns removes the error class, such as "rejected: ", from the beginning of the error text.
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

// UndecidedDeliveries returns at most limit messages that wait for a decision: first the unclear ones, then the refused ones
// whose customers still wait for an answer, each with the oldest first.
func UndecidedDeliveries(ctx context.Context, q Batcher, limit int) ([]UndecidedDelivery, error) {
	return query.CollectOnePlan[UndecidedDelivery](ctx, q, "undecided messages", undecided, limit, maxLooked)
}

// FindUndecided returns the message of one delivery, or nil if it doesn't wait for a decision.
func FindUndecided(ctx context.Context, q Querier, delivery DeliveryID) (*UndecidedDelivery, error) {
	list, err := query.Collect[UndecidedDelivery](ctx, q, "undecided message", undecidedOne, delivery)
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

// DropStuck removes an event from quarantine without processing it. The event itself stays in the table events until its
// retention period ends. Drop returns the name of the event's account.
// Errors: pgx.ErrNoRows if the event was not in quarantine.
func DropStuck(ctx context.Context, q Querier, event EventID) (account string, err error) {
	return query.Value[string](ctx, q, "drop", drop, event)
}

// BlockedQueue is an address of a blocked customer, or a sender whose automatic mail is stored without a post in the agents' chat
// (silenced).
type BlockedQueue struct {
	ID       IdentityID `db:"id"` // the identity's
	Of       AccountID  `db:"account_id"`
	Account  string     `db:"account"` // its name
	Address  string     `db:"address"`
	Name     string     `db:"name"`
	Silenced bool       `db:"silenced"` // silenced, not blocked
}

const blocked = `
	SELECT sender.id, account.id AS account_id, account.name AS account, sender.key AS address, sender.name,
		NOT sender.blocked AS silenced
	FROM identities AS sender
	JOIN accounts AS account ON account.id = sender.account_id
	WHERE sender.blocked OR sender.silenced
	ORDER BY sender.account_id, sender.key
	LIMIT $1 OFFSET $2`

// BlockedQueues returns blocked and silenced senders of all accounts. It skips the first ones and returns at most limit.
func BlockedQueues(ctx context.Context, q Querier, limit, skip int) ([]BlockedQueue, error) {
	return query.Collect[BlockedQueue](ctx, q, "blocked senders", blocked, limit, skip)
}

const unblock = `
	UPDATE identities SET blocked = false, silenced = CASE WHEN identities.id = $1 THEN false ELSE identities.silenced END
	FROM accounts AS account, identities AS given
	WHERE given.id = $1 AND identities.contact_id = given.contact_id AND (identities.blocked OR identities.id = $1 AND identities.silenced)
		AND account.id = identities.account_id
	RETURNING identities.id, account.id AS account_id, account.name AS account, identities.key AS address, identities.name,
		false AS silenced`

// UnblockQueue accepts later mail of a sender again. It returns nil if the sender was neither blocked nor silenced.
func UnblockQueue(ctx context.Context, q Querier, identity IdentityID) (*BlockedQueue, error) {
	list, err := query.Collect[BlockedQueue](ctx, q, "unblock", unblock, identity)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}
