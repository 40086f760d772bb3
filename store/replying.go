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
		SELECT json_agg(json_build_object('agent_id', replying.agent_id, 'opened_at', replying.opened_at)
			ORDER BY replying.opened_at, replying.agent_id)
		FROM replying
		WHERE replying.conversation_id = conversations.id AND replying.until > (SELECT parley_now())) AS replying`
