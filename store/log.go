package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// LogEntry is one thing that was done to a conversation, by whom and why.
type LogEntry struct {
	ID             int64           `db:"id" json:"id"`
	ConversationID ConversationID  `db:"conversation_id" json:"conversation_id"`
	At             time.Time       `db:"at" json:"at"`
	AgentID        *AgentID        `db:"agent_id" json:"agent_id"`
	Actor          Doer            `db:"actor" json:"actor"`
	What           Deed            `db:"what" json:"what"`
	Detail         json.RawMessage `db:"detail" json:"detail"`
	EventID        EventID         `db:"event_id" json:"event_id"`
}

// changed is of the version before: see migration 0037.
const insertLog = `
	INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail, event_id, changed)
	SELECT id, conversation_id, at, agent_id, actor, what, detail, event_id, NULL
	FROM json_populate_recordset(NULL::log_entries, $1)`

// InsertLog adds log entries.
func InsertLog(ctx context.Context, q Execer, rows []LogEntry) error {
	return execRows(ctx, q, "insert log", insertLog, rows)
}

const listLog = `
	SELECT id, conversation_id, at, agent_id, actor, what, detail, event_id
	FROM log_entries
	WHERE conversation_id = $1
	ORDER BY id DESC
	LIMIT $2 OFFSET $3`

// ListLog returns log entries of a conversation, the newest first: limit at most, without the first
// offset ones.
func ListLog(ctx context.Context, q Querier, conversation ConversationID, limit, offset int) ([]LogEntry, error) {
	return query.Collect[LogEntry](ctx, q, "log", listLog, conversation, limit, offset)
}

// DeedsOfOwners are those that change who has a conversation.
func DeedsOfOwners() []Deed {
	return []Deed{DeedTook, DeedJoined, DeedAssigned, DeedUnassigned, DeedReopened}
}

const changedHands = `SELECT EXISTS (SELECT FROM log_entries WHERE conversation_id = $1 AND at > $2 AND what = ANY($3))`

// ChangedHands says whether somebody else has a conversation, or nobody, than at a time, or had meanwhile.
func ChangedHands(ctx context.Context, q Querier, conversation ConversationID, since time.Time) (changed bool, err error) {
	if err = q.QueryRow(ctx, changedHands, conversation, since, DeedsOfOwners()).Scan(&changed); err != nil {
		err = fmt.Errorf("store: changed hands: %w", err)
	}
	return changed, err
}

// The newest entry after which nobody had the conversation: it was put back, handed to a team, or
// opened again.
const putBack = `
	SELECT c.id, l.at
	FROM unnest($1::bigint[]) AS c(id)
	CROSS JOIN LATERAL (
		SELECT at
		FROM log_entries
		WHERE conversation_id = c.id AND (what IN ('unassigned', 'reopened') OR what = 'assigned' AND detail ? 'team')
		ORDER BY id DESC
		LIMIT 1) AS l`

// PutBack returns, by their ids, since when nobody has had unassigned conversations. Conversations
// that nobody ever had are left out.
func PutBack(ctx context.Context, q Querier, conversations []ConversationID) (map[ConversationID]time.Time, error) {
	type row struct {
		ID ConversationID `db:"id"`
		At time.Time      `db:"at"`
	}
	rows, err := query.Collect[row](ctx, q, "put back", putBack, conversations)
	since := make(map[ConversationID]time.Time, len(rows))
	for _, r := range rows {
		since[r.ID] = r.At
	}
	return since, err
}
