// Package suggested stores the replies that an analysis of a conversation has suggested, such as "Your parcel arrives
// tomorrow.", until an agent uses one or the conversation ends. A conversation has the replies of one analysis at most:
// those of a newer one replace them. An analysis is identified by the event (a number in the journal of everything that
// arrived) of the latest message that it covers.
//
// What does not belong here: what is suggested (bridge/analysis), and to whom it is shown (bridge/engine).
package suggested

import (
	"context"

	"parley/store"
	"parley/store/internal/query"
)

// Replies are the suggestions of one analysis for one conversation.
type Replies struct {
	ConversationID store.ConversationID `db:"conversation_id" json:"conversation_id"`
	EventID        store.EventID        `db:"event_id" json:"event_id"` // the event of the latest message that was analysed
	List           []Reply              `db:"replies" json:"replies"`   // the best first
}

// Reply is a text that an agent may choose to send.
type Reply struct {
	Text    string   `json:"text"`
	Sources []Source `json:"sources,omitempty"` // what the text is based on
}

// Source is an article, or something similar, on which a reply is based.
type Source struct {
	Title string `json:"title"`
	Link  string `json:"link,omitempty"` // empty if there is none
}

const upsert = `
	INSERT INTO suggested_replies (conversation_id, event_id, replies)
	SELECT conversation_id, event_id, replies
	FROM json_populate_recordset(NULL::suggested_replies, $1)
	ORDER BY conversation_id
	ON CONFLICT (conversation_id) DO UPDATE SET event_id = EXCLUDED.event_id, replies = EXCLUDED.replies`

// Upsert stores replies and replaces earlier ones of the same conversations. rows has at most one element for each.
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

const find = `
	SELECT conversation_id, event_id, replies FROM suggested_replies
	WHERE conversation_id = $1 AND (event_id = $2 OR $2::bigint = 0)`

const remove = `DELETE FROM suggested_replies WHERE conversation_id = ANY($1)`

// Remove deletes the suggested replies of conversations.
func Remove(ctx context.Context, q store.Execer, conversations []store.ConversationID) error {
	if len(conversations) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "suggested replies", remove, conversations)
}

// Find returns the replies that the analysis up to an event (0: the latest analysis) suggested in a conversation. It returns
// none if the analysis suggested nothing, if a newer one has replaced its replies, or if they were removed.
func Find(ctx context.Context, q store.Querier, conversation store.ConversationID, event store.EventID) (found Replies, err error) {
	rows, err := query.Collect[Replies](ctx, q, "suggested replies", find, conversation, event)
	if err != nil || len(rows) == 0 {
		return found, err
	}
	return rows[0], nil
}
