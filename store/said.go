package store

import (
	"context"

	"parley/store/internal/query"
)

// SaidMessage is what a conversation has said or received, for comparing a mail with it.
type SaidMessage struct {
	Direction Direction   `db:"direction"`
	Reason    Reason      `db:"reason"`
	AgentID   *AgentID    `db:"agent_id"`
	Author    SurfaceUser `db:"author_user"`
	Text      string      `db:"text"`
	Quoted    string      `db:"quoted"`
}

const saidBefore = `
	WITH near AS (
		SELECT unnest($1::bigint[]) AS id
		UNION
		SELECT newest.id
		FROM unnest($2::bigint[]) AS customer(id)
		CROSS JOIN LATERAL (
			SELECT id FROM conversations WHERE identity_id = customer.id AND kind = 'customer' ORDER BY id DESC LIMIT 5) AS newest)
	SELECT direction, reason, agent_id, author_user, left(text, $3) AS text, left(quoted, $3) AS quoted
	FROM near
	CROSS JOIN LATERAL (
		SELECT * FROM messages WHERE conversation_id = near.id AND direction <> 'note' ORDER BY event_id DESC, id DESC LIMIT 25) AS said
	ORDER BY event_id DESC, said.id DESC
	LIMIT 50`

// maxSaidRunes is how much SaidBefore returns of one text.
const maxSaidRunes = 10_000

// SaidBefore returns what was said last in conversations, and in the newest ones of customers, the newest first, without notes.
func SaidBefore(ctx context.Context, q Querier, conversations []ConversationID, customers []IdentityID) ([]SaidMessage, error) {
	return query.Collect[SaidMessage](ctx, q, "said before", saidBefore, conversations, customers, maxSaidRunes)
}
