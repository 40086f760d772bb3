package store

import (
	"context"

	"parley/store/internal/query"
)

// SuggestedReplies are the suggestions of one analysis for one conversation.
type SuggestedReplies struct {
	ConversationID ConversationID   `db:"conversation_id" json:"conversation_id"`
	EventID        EventID          `db:"event_id" json:"event_id"` // the event of the latest message that was analysed
	List           []SuggestedReply `db:"replies" json:"replies"`   // the best first
}

// SuggestedReply is a text that an agent may choose to send.
type SuggestedReply struct {
	Text    string            `json:"text"`
	Sources []SuggestedSource `json:"sources,omitempty"` // what the text is based on
}

// SuggestedSource is an article, or something similar, on which a reply is based.
type SuggestedSource struct {
	Title string `json:"title"`
	Link  string `json:"link,omitempty"` // empty if there is none
}

const upsert = `
	INSERT INTO suggested_replies (conversation_id, event_id, replies)
	SELECT conversation_id, event_id, replies
	FROM json_populate_recordset(NULL::suggested_replies, $1)
	ORDER BY conversation_id
	ON CONFLICT (conversation_id) DO UPDATE SET event_id = EXCLUDED.event_id, replies = EXCLUDED.replies`

// UpsertSuggestedReplies stores replies and replaces earlier ones of the same conversations. rows has at most one element for each.
func UpsertSuggestedReplies(ctx context.Context, q Execer, rows []SuggestedReplies) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	return query.Exec(ctx, q, "suggested replies", upsert, body)
}

const findSuggestedReplies = `
	SELECT conversation_id, event_id, replies FROM suggested_replies
	WHERE conversation_id = $1 AND (event_id = $2 OR $2::bigint = 0)`

const remove = `DELETE FROM suggested_replies WHERE conversation_id = ANY($1)`

// RemoveSuggestedReplies deletes the suggested replies of conversations.
func RemoveSuggestedReplies(ctx context.Context, q Execer, conversations []ConversationID) error {
	if len(conversations) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "suggested replies", remove, conversations)
}

// FindSuggestedReplies returns the replies that the analysis up to an event (0: the latest analysis) suggested in a conversation.
// It returns
// none if the analysis suggested nothing, if a newer one has replaced its replies, or if they were removed.
func FindSuggestedReplies(ctx context.Context, q Querier, conversation ConversationID, event EventID) (found SuggestedReplies, err error) {
	rows, err := query.Collect[SuggestedReplies](ctx, q, "suggested replies", findSuggestedReplies, conversation, event)
	if err != nil || len(rows) == 0 {
		return found, err
	}
	return rows[0], nil
}
