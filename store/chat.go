package store

import (
	"context"

	"parley/store/internal/query"
)

// Chat is a chat of an agent with a colleague, in the colleagues' own chat program.
type Chat struct {
	AgentID        AgentID        `json:"agent_id"`                  // the colleague; the agent's own id for notes to oneself
	ConversationID ConversationID `json:"conversation_id,omitempty"` // what it is about; 0 means nothing of Parley's
}

const addChat = `
	UPDATE agents SET chats = jsonb_path_query_array(
		$2::jsonb || jsonb_path_query_array(chats, '$[*] ? (@.agent_id != $with)', jsonb_build_object('with', $3::bigint)), '$[0 to 4]')
	WHERE id = $1`

// AddChat notes that an agent opened a chat. The latest five are kept, one with each colleague.
func AddChat(ctx context.Context, q Execer, agent AgentID, c Chat) error {
	return query.Exec(ctx, q, "add chat", addChat, agent, []Chat{c}, c.AgentID)
}

const chats = `SELECT chats FROM agents WHERE id = $1`

// Chats returns an agent's latest chats with colleagues, the newest first.
func Chats(ctx context.Context, q Querier, agent AgentID) ([]Chat, error) {
	return query.Value[[]Chat](ctx, q, "chats", chats, agent)
}
