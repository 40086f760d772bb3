package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// A timer reminds Parley of something in a conversation: that a snooze is over, for example. It is set when the
// snooze begins. When it is due, a process takes it and journals a fact, which is then applied like any event.

// FactKind says what one of Parley's own facts tells. A timer has the kind of the fact that it becomes.
type FactKind string

// Timer fires once, at DueAt by Parley's clock. A conversation has at most one timer of each kind. The statements below
// read timers from JSON, so the json tags are the names of columns.
type Timer struct {
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	Kind           FactKind       `db:"kind" json:"kind"`
	DueAt          time.Time      `db:"due_at" json:"due_at"`
	FiredAt        time.Time      `db:"fired_at" json:"-"` // of one that TakeDueTimers returns: when that was, by Parley's clock
}

const setTimers = `
	INSERT INTO timers (conversation_id, kind, due_at)
	SELECT conversation_id, kind, due_at
	FROM json_populate_recordset(NULL::timers, $1)
	ORDER BY conversation_id, kind
	ON CONFLICT (conversation_id, kind) DO UPDATE SET due_at = EXCLUDED.due_at`

// SetTimers sets timers, or moves them if they are set. No two rows may have the same conversation and kind: ON CONFLICT
// can't change a row twice, and the statement would fail.
func SetTimers(ctx context.Context, q Execer, rows []Timer) error {
	return execRows(ctx, q, "set timers", setTimers, rows)
}

const timeFormerOwners = `
	WITH held AS MATERIALIZED (
		SELECT id FROM conversations
		WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed')
			AND assignees && ARRAY(SELECT agents.id FROM agents WHERE NOT agents.active)
	)
	INSERT INTO timers (conversation_id, kind, due_at)
	SELECT id, $1, (SELECT parley_now()) + (row_number() OVER (ORDER BY id) - 1) * interval '5 seconds'
	FROM held
	ORDER BY id
	LIMIT $2
	ON CONFLICT DO NOTHING`

// TimeFormerOwners sets timers of a kind, of at most limit conversations whose owners are no longer agents. The
// timers are due five seconds apart. Each one makes a post in the conversation's thread, and Slack allows one post
// a second: all at once, they would hold up customers' messages.
func TimeFormerOwners(ctx context.Context, q Execer, kind FactKind, limit int) error {
	return query.Exec(ctx, q, "former owners", timeFormerOwners, kind, limit)
}

const cancelTimers = `
	DELETE FROM timers
	USING json_populate_recordset(NULL::timers, $1) AS given
	WHERE timers.conversation_id = given.conversation_id AND timers.kind = given.kind`

// CancelTimers removes timers, by conversation and kind.
func CancelTimers(ctx context.Context, q Execer, rows []Timer) error {
	return execRows(ctx, q, "cancel timers", cancelTimers, rows)
}

const takeDueTimers = `
	WITH due AS MATERIALIZED (
		SELECT conversation_id, kind
		FROM timers
		WHERE due_at <= (SELECT parley_now())
		ORDER BY due_at
		LIMIT $1
		FOR UPDATE SKIP LOCKED
	)
	DELETE FROM timers
	USING due
	WHERE timers.conversation_id = due.conversation_id AND timers.kind = due.kind
	RETURNING timers.conversation_id, timers.kind, timers.due_at, (SELECT parley_now()) AS fired_at`

// TakeDueTimers removes due timers and returns them. It takes a transaction, because the caller stores a fact for each
// timer in it: if that fails, the timers are there again.
func TakeDueTimers(ctx context.Context, tx pgx.Tx, limit int) ([]Timer, error) {
	return query.Collect[Timer](ctx, tx, "take due timers", takeDueTimers, limit)
}

const nextTimer = `
	SELECT extract(epoch FROM min(due_at) - parley_now())::double precision FROM timers`

// NextTimer returns how long it takes until the next timer is due: a negative time if one is overdue. ok is false
// if there is no timer.
func NextTimer(ctx context.Context, q Querier) (wait time.Duration, ok bool, err error) {
	seconds, err := query.Value[*float64](ctx, q, "next timer", nextTimer)
	if err != nil || seconds == nil {
		return 0, false, err
	}
	return Seconds(*seconds), true, nil
}

// Overdue is a conversation whose snooze ended long before Parley could tell anybody, because it didn't run, for
// example. An agent's next digest lists all of the agent's in one message.
type Overdue struct {
	AgentID        AgentID        `db:"agent_id" json:"agent_id"`
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
}

const addOverdue = `
	INSERT INTO overdue (agent_id, conversation_id)
	SELECT agent_id, conversation_id
	FROM json_populate_recordset(NULL::overdue, $1)
	ORDER BY agent_id, conversation_id
	ON CONFLICT DO NOTHING`

// AddOverdue adds conversations to agents' next digests.
func AddOverdue(ctx context.Context, q Execer, rows []Overdue) error {
	return execRows(ctx, q, "add overdue", addOverdue, rows)
}

const takeOverdue = `
	WITH gone AS (DELETE FROM overdue RETURNING agent_id, conversation_id)
	SELECT agent_id, conversation_id FROM gone ORDER BY agent_id, conversation_id`

// TakeOverdue removes what AddOverdue added and returns it, ordered by agent.
func TakeOverdue(ctx context.Context, q Querier) ([]Overdue, error) {
	return query.Collect[Overdue](ctx, q, "take overdue", takeOverdue)
}
