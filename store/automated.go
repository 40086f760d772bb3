package store

import (
	"context"

	"parley/store/internal/query"
)

const countAutomated = `
	SELECT count(*)::int FROM log_entries
	WHERE conversation_id = $1 AND what = '` + string(DeedAutomated) + `' AND at > (SELECT parley_now()) - interval '1 hour'`

// CountAutomated returns how often automations have changed a conversation within the last hour.
func CountAutomated(ctx context.Context, q Querier, conversation ConversationID) (int, error) {
	return query.Value[int](ctx, q, "automated", countAutomated, conversation)
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
