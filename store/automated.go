package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

const countAutomated = `
	SELECT count(*)::int FROM log_entries
	WHERE conversation_id = $1 AND what = '` + string(DeedAutomated) + `' AND at > (SELECT parley_now()) - interval '1 hour'`

// CountAutomated returns how often automations have changed a conversation within the last hour.
func CountAutomated(ctx context.Context, q Querier, conversation ConversationID) (int, error) {
	return query.Value[int](ctx, q, "automated", countAutomated, conversation)
}

const wasAutomated = `
	SELECT EXISTS (
		SELECT FROM log_entries
		WHERE conversation_id = $1 AND what = '` + string(DeedAutomated) + `' AND detail ->> 'text' = $2 AND at >= $3)`

// WasAutomated reports whether an automation has changed a conversation since a time.
func WasAutomated(ctx context.Context, q Querier, conversation ConversationID, name string, since time.Time) (bool, error) {
	return query.Value[bool](ctx, q, "was automated", wasAutomated, conversation, name, since)
}

const findOpen = `
	SELECT ` + conversationSelect + ` FROM conversations
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed')
	ORDER BY waiting_since, id
	LIMIT $1`

// FindOpen returns open conversations, those first whose customers wait longest.
func FindOpen(ctx context.Context, q Querier, limit int) ([]Conversation, error) {
	return query.Collect[Conversation](ctx, q, "open conversations", findOpen, limit)
}
