package store

import (
	"context"
	"encoding/json"
	"time"

	"parley/store/internal/query"
)

// LogEntry is an entry of a conversation's audit log: who did what to the conversation, when and why. For example, agent 7
// snoozed it (DeedSnoozed) at 9:30. People can read the log. Parley also uses it to find out whether something has happened
// since a given time.
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

const insertLog = `
	INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail, event_id)
	SELECT id, conversation_id, at, agent_id, actor, what, detail, event_id
	FROM json_populate_recordset(NULL::log_entries, $1)`

// InsertLog inserts log entries.
func InsertLog(ctx context.Context, q Execer, rows []LogEntry) error {
	return execRows(ctx, q, "insert log", insertLog, rows)
}

// listLog sorts by time, because ids, which processes allocate in blocks, are not in chronological order. OFFSET 0 keeps
// PostgreSQL from scanning the index of the times of all conversations.
const listLog = `
	SELECT id, conversation_id, at, agent_id, actor, what, detail, event_id
	FROM (SELECT * FROM log_entries WHERE conversation_id = $1 OFFSET 0) AS entry
	ORDER BY at DESC, id DESC
	LIMIT $2 OFFSET $3`

// ListLog returns log entries of a conversation, the newest first: at most limit, after the first offset ones.
func ListLog(ctx context.Context, q Querier, conversation ConversationID, limit, offset int) ([]LogEntry, error) {
	return query.Collect[LogEntry](ctx, q, "log", listLog, conversation, limit, offset)
}

const logOfEvent = `
	SELECT id, conversation_id, at, agent_id, actor, what, detail, event_id
	FROM log_entries
	WHERE conversation_id = $1 AND event_id = $2
	ORDER BY at DESC, id DESC`

// LogOfEvent returns the log entries that an event caused in a conversation, the newest first.
func LogOfEvent(ctx context.Context, q Querier, event EventID, conversation ConversationID) ([]LogEntry, error) {
	return query.Collect[LogEntry](ctx, q, "log of an event", logOfEvent, conversation, event)
}

// DeedsOfOwners returns the deeds that change the owners of a conversation.
func DeedsOfOwners() []Deed {
	return []Deed{DeedTook, DeedJoined, DeedAssigned, DeedUnassigned, DeedReopened}
}

const changedHands = `SELECT EXISTS (SELECT FROM log_entries WHERE conversation_id = $1 AND at > $2 AND what = ANY($3))`

// ChangedHands reports whether the owners of a conversation have changed since a time, even if they have changed back.
func ChangedHands(ctx context.Context, q Querier, conversation ConversationID, since time.Time) (bool, error) {
	return query.Value[bool](ctx, q, "changed hands", changedHands, conversation, since, DeedsOfOwners())
}

const isSilenced = `
	SELECT EXISTS (SELECT FROM log_entries WHERE conversation_id = $1 AND what = 'silenced' AND detail ->> 'text' = $2)`

// IsSilenced reports whether an agent has silenced a sender in the conversation, which collects a day's automatic mail. key is
// the sender's address.
func IsSilenced(ctx context.Context, q Querier, conversation ConversationID, key string) (bool, error) {
	return query.Value[bool](ctx, q, "is silenced", isSilenced, conversation, key)
}

const statusChosen = `
	SELECT EXISTS (
		SELECT FROM log_entries
		WHERE conversation_id = $1 AND at > $2 AND actor = 'agent'
			AND (what IN ('snoozed', 'woke', 'unassigned', 'reopened') OR (what = 'assigned' AND detail ? 'team')))`

// StatusChosen reports whether, since a time, an agent has snoozed a conversation, ended its snooze, unassigned it, handed it
// to a team or reopened it.
func StatusChosen(ctx context.Context, q Querier, conversation ConversationID, since time.Time) (bool, error) {
	return query.Value[bool](ctx, q, "status chosen", statusChosen, conversation, since)
}

const snoozedSince = `SELECT EXISTS (SELECT FROM log_entries WHERE conversation_id = $1 AND at > $2 AND what = 'snoozed')`

// SnoozedSince reports whether a conversation was snoozed since a time.
func SnoozedSince(ctx context.Context, q Querier, conversation ConversationID, since time.Time) (bool, error) {
	return query.Value[bool](ctx, q, "snoozed since", snoozedSince, conversation, since)
}

// unassignedSince selects the newest entry that left a conversation without an owner: it was unassigned, handed to a team, or reopened.
const unassignedSince = `
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

// UnassignedSince returns, for each of the given unassigned conversations, when it lost its last owner. It leaves out conversations
// that never had one.
func UnassignedSince(ctx context.Context, q Querier, conversations []ConversationID) (map[ConversationID]time.Time, error) {
	return query.Map[ConversationID, time.Time](ctx, q, "put back", unassignedSince, conversations)
}
