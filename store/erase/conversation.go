package erase

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// An agent may delete one conversation. It is erased as those of an erased contact are, but the contact keeps name and addresses, so
// nothing is searched for by them. What Parley posted is taken out of the chats before: the engine queues that when it begins the
// erasure.

// beginConversation needs no sealed names. A conversation that is being erased isn't erased twice.
const beginConversation = `
	INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at, conversation_id)
	SELECT gen_random_uuid(), '{}', '{}', $2, clock_timestamp(), $1
	WHERE NOT EXISTS (SELECT FROM erasures WHERE conversation_id = $1)`

// BeginConversation begins to erase a conversation, which the caller has closed. by names who asked for it.
func BeginConversation(ctx context.Context, tx pgx.Tx, id store.ConversationID, by string) error {
	return query.Exec(ctx, tx, "begin erasure", beginConversation, id, fmt.Sprintf("%s (#%d)", by, id))
}

// readConversation returns the scope of the erasure of one conversation.
func readConversation(ctx context.Context, q store.Querier, id store.ConversationID) (*scope, error) {
	messages, err := query.Column[store.MessageID](ctx, q, "messages", `SELECT id FROM messages WHERE conversation_id = $1
		UNION
		SELECT m.id
		FROM conversations AS c
		JOIN messages AS m ON m.conversation_id = c.id AND m.direction <> 'in' AND m.created_at = c.created_at
		WHERE c.traits ->> 'sent_from' = $1::bigint::text
		ORDER BY id`, id)
	if err != nil {
		return nil, err
	}
	roots, err := query.Column[string](ctx, q, "roots",
		`SELECT root FROM threads WHERE conversation_id = $1 AND length(root) >= $2`, id, minRoot)
	return &scope{
		subject: subject{
			Contacts: []store.ContactID{}, Identities: []store.IdentityID{}, Keys: []string{}, Names: []string{}, Shared: []int64{},
		},
		Conversations: []store.ConversationID{id},
		Messages:      messages,
		Roots:         roots,
	}, err
}

// awaitTakenOut fails with ErrWaiting while posts of the conversation wait to be taken out of chats.
func (r *runner) awaitTakenOut(ctx context.Context, id store.ConversationID) error {
	const waits = `SELECT EXISTS (
		SELECT FROM lanes AS l JOIN deliveries AS t ON t.lane_id = l.id AND t.seq > l.head
		WHERE l.conversation_id = $1 AND t.kind = 'erased')`
	isWaiting, err := query.Value[bool](ctx, r.options.Pool, "erase", waits, id)
	if err == nil && isWaiting && r.awaitsRemovals {
		return ErrWaiting
	}
	return err
}
