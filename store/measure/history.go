package measure

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// To measure a conversation means to compute its figures, such as how long the customer waited for the first answer. The
// functions in this file read the input for that: the conversation with its team (Subject), its messages (Message), and
// its log of deeds such as "resolved". The package bridge/engine/measuring computes the figures from them.

// Subject is a conversation to be measured.
type Subject struct {
	Labels
	AccountID     store.AccountID `db:"account_id"`
	TeamID        store.TeamID    `db:"team_id"`         // the team that has it now; 0 if none
	AccountTeamID store.TeamID    `db:"account_team_id"` // the team that gets the account's new conversations; 0 if none
}

// Message holds the fields of a message on which the figures depend.
type Message struct {
	ID             store.MessageID      `db:"id"`
	ConversationID store.ConversationID `db:"conversation_id"`
	At             time.Time            `db:"at"` // when Parley stored it; see messages for the exception
	Direction      store.Direction      `db:"direction"`
	Fate           store.Fate           `db:"fate"`
	Reason         store.Reason         `db:"reason"`
	Automatic      bool                 `db:"automatic"`
	AgentID        store.AgentID        `db:"agent_id"` // 0 if no agent wrote it
}

// The query skips erased conversations that have shares (stored figures): measuring the remains would change the figures.
const subjects = `
	SELECT c.id AS conversation_id, c.account_id, coalesce(c.team_id, 0) AS team_id, coalesce(a.team_id, 0) AS account_team_id,
		c.tags, coalesce(c.traits->>$2, '') AS intent, coalesce(c.traits->>$3, '') AS mood
	FROM conversations AS c
	JOIN accounts AS a ON a.id = c.account_id
	WHERE c.id = ANY($1) AND c.kind = 'customer'
		AND NOT (c.close_reason IN ('erased', 'deleted') AND EXISTS (SELECT FROM measure_shares AS s WHERE s.conversation_id = c.id))
	ORDER BY c.id`

// Subjects reads the given conversations, except those without a customer and those that were erased after they had been
// measured. intent and mood are the keys of the traits that hold the conversation's intent and mood.
func Subjects(ctx context.Context, tx pgx.Tx, ids []store.ConversationID, intent, mood string) ([]Subject, error) {
	return query.Collect[Subject](ctx, tx, "measured conversations", subjects, ids, intent, mood)
}

// A message with the reason 'elsewhere' was written outside Parley, for example in the mailbox itself. Parley may have read
// it late, so it counts from the time at which it was written.
const messages = `
	SELECT id, conversation_id, CASE WHEN reason = 'elsewhere' THEN least(said_at, created_at) ELSE created_at END AS at,
		direction, fate, reason, automatic <> '' AND automatic <> ALL($2) AS automatic, coalesce(agent_id, 0) AS agent_id
	FROM messages
	WHERE conversation_id = ANY($1) AND direction <> 'note'`

// Messages reads the messages of conversations, in no particular order and without notes.
func Messages(ctx context.Context, tx pgx.Tx, ids []store.ConversationID) ([]Message, error) {
	return query.Collect[Message](ctx, tx, "measured messages", messages, ids, store.PersonsReasons())
}

const entries = `
	SELECT id, conversation_id, at, agent_id, actor, what, detail, event_id
	FROM log_entries
	WHERE conversation_id = ANY($1) AND what = ANY($2)`

// LogEntries reads the log entries of conversations that record one of the given deeds, in no particular order.
func LogEntries(ctx context.Context, tx pgx.Tx, ids []store.ConversationID, deeds []store.Deed) ([]store.LogEntry, error) {
	return query.Collect[store.LogEntry](ctx, tx, "measured log", entries, ids, deeds)
}

const leftAt = `
	SELECT d.message_id, max(d.sent_at) AS at
	FROM deliveries AS d
	WHERE d.message_id = ANY($1) AND d.message_id <> 0 AND d.kind = $2
		AND d.state IN ('accepted', 'sent', 'delivered', 'read') AND d.sent_at IS NOT NULL
	GROUP BY d.message_id`

// LeftAt returns when messages were sent to the customer. A message is missing from the map if the time isn't known, or if
// its deliveries (the rows that record attempts to send it) have been removed. kind is the kind of deliveries of replies.
func LeftAt(ctx context.Context, q query.Querier, messages []store.MessageID, kind string) (map[store.MessageID]time.Time, error) {
	return query.Map[store.MessageID, time.Time](ctx, q, "sendings", leftAt, messages, kind)
}
