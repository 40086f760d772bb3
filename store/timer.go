package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// A timer makes something happen in a conversation at a later time. For example, a timer is set when an agent snoozes a
// conversation for an hour. When it is due, a process removes it and stores a fact, an event of Parley's own, in the
// journal. From then on the event is processed like a customer's message.

// FactKind is the kind of one of Parley's own facts. A timer has the kind of the fact that it becomes.
type FactKind string

// Timer fires once, at DueAt by parley_now(), the database's clock, which tests can move. A conversation has at most one timer
// of each kind. The statements below read timers from JSON, so the json tags are the names of columns.
type Timer struct {
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	Kind           FactKind       `db:"kind" json:"kind"`
	DueAt          time.Time      `db:"due_at" json:"due_at"`
	FiredAt        time.Time      `db:"fired_at" json:"-"` // when TakeDueTimers took it
}

const setTimers = `
	INSERT INTO timers (conversation_id, kind, due_at)
	SELECT conversation_id, kind, due_at
	FROM json_populate_recordset(NULL::timers, $1)
	ORDER BY conversation_id, kind
	ON CONFLICT (conversation_id, kind) DO UPDATE SET due_at = EXCLUDED.due_at`

// SetTimers sets timers, or changes their time if they are set. If two rows have the same conversation and kind, the statement
// fails, because ON CONFLICT can't update a row twice.
func SetTimers(ctx context.Context, q Execer, rows []Timer) error {
	return execRows(ctx, q, "set timers", setTimers, rows)
}

const timeFormerOwners = `
	WITH held AS MATERIALIZED (
		SELECT id FROM conversations
		WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed')
			AND assignees && ARRAY(SELECT agents.id FROM agents WHERE NOT agents.active)
		UNION
		SELECT conversation.id
		FROM unnest($3::bigint[], $4::bigint[]) AS barred (account_id, agent_id)
		CROSS JOIN LATERAL (
			SELECT id, account_id FROM conversations
			WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed') AND assignees @> ARRAY[barred.agent_id]
			OFFSET 0) AS conversation
		WHERE conversation.account_id = barred.account_id
	)
	INSERT INTO timers (conversation_id, kind, due_at)
	SELECT id, $1, (SELECT parley_now()) + (row_number() OVER (ORDER BY id) - 1) * interval '5 seconds'
	FROM held
	ORDER BY id
	LIMIT $2
	ON CONFLICT DO NOTHING`

// TimeFormerOwners sets timers of a kind for conversations whose owners are no longer agents, or are readers to whom the account is
// barred, at most limit of them. The timers
// are due five seconds apart, because each one causes a post in the conversation's thread, and Slack allows one post a
// second. All at once, they would delay customers' messages.
func TimeFormerOwners(ctx context.Context, q Execer, kind FactKind, limit int, readers []Reader) error {
	accounts, agents := []AccountID{}, []AgentID{}
	for _, r := range readers {
		accounts = append(accounts, r.Barred...)
		agents = append(agents, slices.Repeat([]AgentID{r.Agent}, len(r.Barred))...)
	}
	return query.Exec(ctx, q, "former owners", timeFormerOwners, kind, limit, accounts, agents)
}

const timeUntaken = `
	WITH untaken AS MATERIALIZED (
		SELECT late.id, late.waiting_since
		FROM unnest($5::bigint[]) AS account (id)
		CROSS JOIN LATERAL (
			SELECT id, waiting_since FROM conversations
			WHERE account_id = account.id AND kind = 'customer' AND status = 'open' AND assignees = '{}'
				AND waiting_since BETWEEN parley_now() - interval '14 days' AND parley_now() - make_interval(secs => $3)
				AND coalesce(traits->>$4, '') NOT LIKE $1 || ' ' || list_micros(waiting_since) || ' %'
			ORDER BY waiting_since
			LIMIT $2) AS late
		ORDER BY late.waiting_since
		LIMIT $2
	)
	INSERT INTO timers (conversation_id, kind, due_at)
	SELECT id, $1, (SELECT parley_now()) + (row_number() OVER (ORDER BY waiting_since) - 1) * interval '5 seconds'
	FROM untaken
	ON CONFLICT DO NOTHING`

// TimeUntaken sets timers of a kind for conversations of accounts that have waited for anybody for so long, but not for two weeks, at
// most limit of them, five seconds apart. A trait that begins with the kind and the time since when the customer waits says that this
// was told already.
func TimeUntaken(
	ctx context.Context, q Execer, kind FactKind, limit int, waited time.Duration, trait string, accounts []AccountID,
) error {
	return query.Exec(ctx, q, "untaken", timeUntaken, kind, limit, waited.Seconds(), trait, accounts)
}

const cancelTimers = `
	DELETE FROM timers
	USING json_populate_recordset(NULL::timers, $1) AS given
	WHERE timers.conversation_id = given.conversation_id AND timers.kind = given.kind`

// CancelTimers removes timers by conversation and kind.
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

// TakeDueTimers removes due timers, at most limit, and returns them. The caller must store a fact for each of them in the same
// transaction, so that no timer is lost if that fails.
func TakeDueTimers(ctx context.Context, tx pgx.Tx, limit int) ([]Timer, error) {
	return query.Collect[Timer](ctx, tx, "take due timers", takeDueTimers, limit)
}

const nextTimer = `
	SELECT extract(epoch FROM min(due_at) - parley_now())::double precision FROM timers`

// NextTimer returns the time until the next timer is due, which is negative if one is overdue. ok is false if there is none.
func NextTimer(ctx context.Context, q Querier) (wait time.Duration, ok bool, err error) {
	seconds, err := query.Value[*float64](ctx, q, "next timer", nextTimer)
	if err != nil || seconds == nil {
		return 0, false, err
	}
	return Seconds(*seconds), true, nil
}

// Overdue is a conversation whose snooze ended long ago without a notice, because Parley wasn't running, for example. The
// agent's next digest lists all such conversations in one message.
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

// AddOverdue adds conversations to the agents' next digests.
func AddOverdue(ctx context.Context, q Execer, rows []Overdue) error {
	return execRows(ctx, q, "add overdue", addOverdue, rows)
}

const takeOverdue = `
	WITH gone AS (DELETE FROM overdue RETURNING agent_id, conversation_id)
	SELECT agent_id, conversation_id FROM gone ORDER BY agent_id, conversation_id`

// TakeOverdue removes all rows that AddOverdue has added and returns them, ordered by agent.
func TakeOverdue(ctx context.Context, q Querier) ([]Overdue, error) {
	return query.Collect[Overdue](ctx, q, "take overdue", takeOverdue)
}
