package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/store/internal/query"
)

// LogEntry is a line of a conversation's log, which people can read: who did what to the conversation, when and
// why. For example, agent 7 snoozed it (DeedSnoozed). Parley also asks the log whether something happened since a
// time.
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

// The column changed belongs to the previous version: see migration 0037.
const insertLog = `
	INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail, event_id, changed)
	SELECT id, conversation_id, at, agent_id, actor, what, detail, event_id, NULL
	FROM json_populate_recordset(NULL::log_entries, $1)`

// InsertLog adds log entries.
func InsertLog(ctx context.Context, q Execer, rows []LogEntry) error {
	return execRows(ctx, q, "insert log", insertLog, rows)
}

// Entries are in the order of their times. Their ids are in no order, since processes take ids in blocks. Without
// OFFSET 0 PostgreSQL might walk the index of all conversations' times.
const listLog = `
	SELECT id, conversation_id, at, agent_id, actor, what, detail, event_id
	FROM (SELECT * FROM log_entries WHERE conversation_id = $1 OFFSET 0) AS entry
	ORDER BY at DESC, id DESC
	LIMIT $2 OFFSET $3`

// ListLog returns log entries of a conversation, the newest first: at most limit, without the first
// offset ones.
func ListLog(ctx context.Context, q Querier, conversation ConversationID, limit, offset int) ([]LogEntry, error) {
	return query.Collect[LogEntry](ctx, q, "log", listLog, conversation, limit, offset)
}

// DeedsOfOwners are the deeds that change who owns a conversation.
func DeedsOfOwners() []Deed {
	return []Deed{DeedTook, DeedJoined, DeedAssigned, DeedUnassigned, DeedReopened}
}

const changedHands = `SELECT EXISTS (SELECT FROM log_entries WHERE conversation_id = $1 AND at > $2 AND what = ANY($3))`

// ChangedHands returns whether the owners of a conversation have changed since a time, even if they are the
// same again by now.
func ChangedHands(ctx context.Context, q Querier, conversation ConversationID, since time.Time) (bool, error) {
	return query.Value[bool](ctx, q, "changed hands", changedHands, conversation, since, DeedsOfOwners())
}

const isSilenced = `
	SELECT EXISTS (SELECT FROM log_entries WHERE conversation_id = $1 AND what = 'silenced' AND detail ->> 'text' = $2)`

// IsSilenced returns whether an agent has silenced a sender in a thread of a day.
func IsSilenced(ctx context.Context, q Querier, conversation ConversationID, key string) (bool, error) {
	return query.Value[bool](ctx, q, "is silenced", isSilenced, conversation, key)
}

const statusChosen = `
	SELECT EXISTS (
		SELECT FROM log_entries
		WHERE conversation_id = $1 AND at > $2 AND actor = 'agent'
			AND (what IN ('snoozed', 'woke', 'unassigned', 'reopened') OR (what = 'assigned' AND detail ? 'team')))`

// StatusChosen returns whether an agent has snoozed a conversation, woken it, put it back, handed it to a team or opened it again
// since a time.
func StatusChosen(ctx context.Context, q Querier, conversation ConversationID, since time.Time) (bool, error) {
	return query.Value[bool](ctx, q, "status chosen", statusChosen, conversation, since)
}

const snoozedSince = `SELECT EXISTS (SELECT FROM log_entries WHERE conversation_id = $1 AND at > $2 AND what = 'snoozed')`

// SnoozedSince returns whether a conversation was snoozed since a time.
func SnoozedSince(ctx context.Context, q Querier, conversation ConversationID, since time.Time) (bool, error) {
	return query.Value[bool](ctx, q, "snoozed since", snoozedSince, conversation, since)
}

// putBack finds the newest entry after which nobody owned the conversation: it was put back, handed to a
// team, or opened again.
const putBack = `
	SELECT given.id, entry.at
	FROM unnest($1::bigint[]) AS given(id)
	CROSS JOIN LATERAL (
		SELECT max(at) AS at
		FROM (
			SELECT at
			FROM log_entries
			WHERE conversation_id = given.id AND (what IN ('unassigned', 'reopened') OR (what = 'assigned' AND detail ? 'team'))
			OFFSET 0) AS change) AS entry
	WHERE entry.at IS NOT NULL`

// PutBack returns since when nobody has owned unassigned conversations, by their ids. Conversations
// that nobody ever owned are left out.
func PutBack(ctx context.Context, q Querier, conversations []ConversationID) (map[ConversationID]time.Time, error) {
	return query.Map[ConversationID, time.Time](ctx, q, "put back", putBack, conversations)
}
