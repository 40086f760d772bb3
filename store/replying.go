package store

import "time"

// Replying is an agent who has the form of a reply open in a conversation. Conversation.Replying lists
// those whose time is not over.
type Replying struct {
	AgentID  AgentID   `json:"agent_id"`
	OpenedAt time.Time `json:"opened_at"`
}

// replyingSelect is the column Conversation.Replying: the agent who opened the form first comes first.
const replyingSelect = `(
		SELECT json_agg(json_build_object('agent_id', r.agent_id, 'opened_at', r.opened_at) ORDER BY r.opened_at, r.agent_id)
		FROM replying AS r
		WHERE r.conversation_id = conversations.id AND r.until > (SELECT parley_now())) AS replying`
