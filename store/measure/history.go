package measure

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// What the measuring of a conversation reads: who has it (Subject), what was said in it and when (Message), and what
// was done to it. bridge/engine/measuring computes the figures from that.

// Subject is a conversation that is measured.
type Subject struct {
	Labels
	AccountID     store.AccountID `db:"account_id"`
	TeamID        store.TeamID    `db:"team_id"`         // the team that has it now; 0 if none
	AccountTeamID store.TeamID    `db:"account_team_id"` // the team that gets the account's new conversations; 0 if none
}

// Message has of a message what the figures depend on.
type Message struct {
	ID             store.MessageID      `db:"id"`
	ConversationID store.ConversationID `db:"conversation_id"`
	At             time.Time            `db:"at"` // Parley's clock; of what was written without Parley, at most the provider's
	Direction      store.Direction      `db:"direction"`
	Fate           store.Fate           `db:"fate"`
	Reason         store.Reason         `db:"reason"`
	Automatic      bool                 `db:"automatic"`
	AgentID        store.AgentID        `db:"agent_id"` // 0 if no agent wrote it
}

// An erased conversation whose figures are kept isn't measured again: what is left of it would give other figures.
const subjects = `
	SELECT c.id AS conversation_id, c.account_id, coalesce(c.team_id, 0) AS team_id, coalesce(a.team_id, 0) AS account_team_id,
		c.tags, coalesce(c.traits->>$2, '') AS intent, coalesce(c.traits->>$3, '') AS mood
	FROM conversations AS c
	JOIN accounts AS a ON a.id = c.account_id
	WHERE c.id = ANY($1) AND c.kind = 'customer'
		AND NOT (c.close_reason = 'erased' AND EXISTS (SELECT FROM measure_shares AS s WHERE s.conversation_id = c.id))
	ORDER BY c.id`

// Subjects reads conversations with customers. It leaves out all others, and those that were erased after they had been measured.
// intent and mood name the traits.
func Subjects(ctx context.Context, tx pgx.Tx, ids []store.ConversationID, intent, mood string) ([]Subject, error) {
	return query.Collect[Subject](ctx, tx, "measured conversations", subjects, ids, intent, mood)
}

// What was written without Parley may be read late: it counts from when it was written.
const messages = `
	SELECT id, conversation_id, CASE WHEN reason = 'elsewhere' THEN least(said_at, created_at) ELSE created_at END AS at,
		direction, fate, reason, automatic <> '' AND automatic <> ALL($2) AS automatic, coalesce(agent_id, 0) AS agent_id
	FROM messages
	WHERE conversation_id = ANY($1) AND direction <> 'note'`

// Messages reads the messages of conversations, except notes.
func Messages(ctx context.Context, tx pgx.Tx, ids []store.ConversationID) ([]Message, error) {
	return query.Collect[Message](ctx, tx, "measured messages", messages, ids, store.PersonsReasons())
}

const entries = `
	SELECT id, conversation_id, at, agent_id, actor, what, detail, event_id
	FROM log_entries
	WHERE conversation_id = ANY($1) AND what = ANY($2)`

// LogEntries reads the log of conversations: the entries of the given deeds.
func LogEntries(ctx context.Context, tx pgx.Tx, ids []store.ConversationID, deeds []store.Deed) ([]store.LogEntry, error) {
	return query.Collect[store.LogEntry](ctx, tx, "measured log", entries, ids, deeds)
}

const leftAt = `
	SELECT d.message_id, max(d.sent_at) AS at
	FROM deliveries AS d
	WHERE d.message_id = ANY($1) AND d.message_id <> 0 AND d.kind = $2
		AND d.state IN ('accepted', 'sent', 'delivered', 'read') AND d.sent_at IS NOT NULL
	GROUP BY d.message_id`

// LeftAt returns when messages left for the customer. Messages are left out if nobody knows that, or if their deliveries
// have been removed since. kind is the kind of the deliveries of replies.
func LeftAt(ctx context.Context, q query.Querier, messages []store.MessageID, kind string) (map[store.MessageID]time.Time, error) {
	return query.Map[store.MessageID, time.Time](ctx, q, "sendings", leftAt, messages, kind)
}
