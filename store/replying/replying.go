// Package replying keeps which agents have the form of a reply open in which conversations. Who reads a conversation
// gets them with it, as store.Replying.
package replying

import (
	"context"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// Form names a form of a reply by who opened it and when.
type Form struct {
	ConversationID store.ConversationID
	AgentID        store.AgentID
	OpenedAt       time.Time // Parley's clock
}

// A timer that is set is never moved to a later time: it may be the one of another agent's form.
const open = `
	WITH opened AS (
		INSERT INTO replying (conversation_id, agent_id, opened_at, until)
		VALUES ($1, $2, $3, parley_now() + $5::interval)
		ON CONFLICT (conversation_id, agent_id) DO UPDATE SET opened_at = EXCLUDED.opened_at, until = EXCLUDED.until
		RETURNING conversation_id
	)
	INSERT INTO timers (conversation_id, kind, due_at)
	SELECT conversation_id, $4, parley_now() + $6::interval FROM opened
	ON CONFLICT (conversation_id, kind) DO UPDATE SET due_at = least(timers.due_at, EXCLUDED.due_at)`

// Open records that an agent has a form open, until lasts is over, and sets a timer of the kind
// timer that fires after wait. A form that the agent opened earlier counts as closed.
func Open(ctx context.Context, q store.Execer, f Form, timer store.FactKind, lasts, wait time.Duration) error {
	return query.Exec(ctx, q, "open reply", open, f.ConversationID, f.AgentID, f.OpenedAt, timer, lasts, wait)
}

const closed = `
	WITH closed AS (
		DELETE FROM replying
		WHERE conversation_id = $1 AND agent_id = $2 AND opened_at <= $3
		RETURNING conversation_id
	)
	INSERT INTO timers (conversation_id, kind, due_at)
	SELECT conversation_id, $4, parley_now() + $5::interval FROM closed
	ON CONFLICT (conversation_id, kind) DO UPDATE SET due_at = least(timers.due_at, EXCLUDED.due_at)`

// Close removes the record of a form and sets a timer of the kind timer that fires after wait. It
// does nothing if there is no record, or the agent has opened another form since.
func Close(ctx context.Context, q store.Execer, f Form, timer store.FactKind, wait time.Duration) error {
	return query.Exec(ctx, q, "close reply", closed, f.ConversationID, f.AgentID, f.OpenedAt, timer, wait)
}

// The conversation's timer is cancelled if it was set for the end of this form and no other agent has
// a form open. A timer that is due at another time was set by somebody who opened or closed a form.
const end = `
	WITH ended AS (
		DELETE FROM replying
		USING unnest($1::bigint[], $2::bigint[]) AS answered(conversation_id, agent_id)
		WHERE replying.conversation_id = answered.conversation_id AND replying.agent_id = answered.agent_id
		RETURNING replying.conversation_id, replying.agent_id, replying.until
	)
	DELETE FROM timers
	USING ended
	WHERE timers.conversation_id = ended.conversation_id AND timers.kind = $3 AND timers.due_at = ended.until
		AND NOT EXISTS (
			SELECT FROM replying AS other
			WHERE other.conversation_id = ended.conversation_id AND other.agent_id <> ended.agent_id)`

// End removes the forms of agents who have answered. conversations and agents are parallel:
// agents[i] has answered in conversations[i].
func End(
	ctx context.Context, q store.Execer, conversations []store.ConversationID, agents []store.AgentID, timer store.FactKind,
) error {
	if len(conversations) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "end replies", end, conversations, agents, timer)
}

const outdate = `
	WITH over AS (
		DELETE FROM replying
		WHERE conversation_id = ANY($1) AND until <= $2
	)
	INSERT INTO timers (conversation_id, kind, due_at)
	SELECT conversation_id, $3, min(until)
	FROM replying
	WHERE conversation_id = ANY($1) AND until > $2
	GROUP BY conversation_id
	ORDER BY conversation_id
	ON CONFLICT (conversation_id, kind) DO UPDATE SET due_at = least(timers.due_at, EXCLUDED.due_at)`

// Outdate removes the forms in conversations whose time is over, and sets timers of the kind
// timer for the next one of each conversation that will be.
func Outdate(ctx context.Context, q store.Execer, conversations []store.ConversationID, now time.Time, timer store.FactKind) error {
	if len(conversations) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "outdate replies", outdate, conversations, now, timer)
}
