// Package suggested keeps the replies that analyses suggest until an agent has used them or the conversation
// ends. A conversation has those of one analysis: newer ones take their place.
//
// What does not belong here: what is suggested (bridge/analysis), and to whom it is shown (bridge/engine).
package suggested

import (
	"context"

	"parley/store"
	"parley/store/internal/query"
)

// Replies are what an analysis suggested to answer in a conversation.
type Replies struct {
	ConversationID store.ConversationID `db:"conversation_id" json:"conversation_id"`
	EventID        store.EventID        `db:"event_id" json:"event_id"` // the event of the latest message that was analysed
	List           []Reply              `db:"replies" json:"replies"`   // the best first
}

// Reply is a text that an agent may choose to send.
type Reply struct {
	Text    string   `json:"text"`
	Sources []Source `json:"sources,omitempty"` // what it draws on
}

// Source is what a reply draws on.
type Source struct {
	Title string `json:"title"`
	Link  string `json:"link,omitempty"` // "" = none
}

const upsert = `
	INSERT INTO suggested_replies (conversation_id, event_id, replies)
	SELECT conversation_id, event_id, replies
	FROM json_populate_recordset(NULL::suggested_replies, $1)
	ORDER BY conversation_id
	ON CONFLICT (conversation_id) DO UPDATE SET event_id = EXCLUDED.event_id, replies = EXCLUDED.replies`

// Upsert keeps replies in place of earlier ones of the same conversations.
func Upsert(ctx context.Context, q store.Execer, rows []Replies) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	return query.Exec(ctx, q, "suggested replies", upsert, body)
}

const find = `SELECT conversation_id, event_id, replies FROM suggested_replies WHERE conversation_id = $1 AND event_id = $2`

const remove = `DELETE FROM suggested_replies WHERE conversation_id = ANY($1)`

// Remove forgets the replies that were suggested in conversations.
func Remove(ctx context.Context, q store.Execer, conversations []store.ConversationID) error {
	if len(conversations) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "suggested replies", remove, conversations)
}

// Find returns the replies that the analysis up to an event suggested in a conversation. It returns none in three cases:
// the analysis suggested none, newer suggestions took their place, or the conversation has ended.
func Find(ctx context.Context, q store.Querier, conversation store.ConversationID, event store.EventID) ([]Reply, error) {
	rows, err := query.Collect[Replies](ctx, q, "suggested replies", find, conversation, event)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].List, nil
}
