package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// ReplyForm identifies an open reply form: an agent has at most one in a conversation, the one opened last.
type ReplyForm struct {
	ConversationID ConversationID
	AgentID        AgentID
	OpenedAt       time.Time // Parley's clock
}

// open never moves a timer to a later time, because the timer may belong to another agent's form.
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

// OpenReplyForm records that an agent has opened a form. The record expires after lasts, and a timer of the given kind fires
// after wait, unless one is due earlier. The form replaces one that the same agent opened before.
func OpenReplyForm(ctx context.Context, q Execer, f ReplyForm, timer FactKind, lasts, wait time.Duration) error {
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

// CloseReplyForm removes the record of a form and sets a timer of the given kind that fires after wait. It does nothing if
// there is no such record, or if the agent has opened another form since.
func CloseReplyForm(ctx context.Context, q Execer, f ReplyForm, timer FactKind, wait time.Duration) error {
	return query.Exec(ctx, q, "close reply", closed, f.ConversationID, f.AgentID, f.OpenedAt, timer, wait)
}

// end cancels the conversation's timer if it was set for the expiry of this form and no other agent has a form open.
// A timer with another due time stays: it was set when another form was opened or closed.
const endReplyForms = `
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

// EndReplyForms removes the forms of agents who have sent their reply. conversations and agents are parallel slices: agents[i]
// has replied in conversations[i]. timer is the kind that Open was called with.
func EndReplyForms(
	ctx context.Context, q Execer, conversations []ConversationID, agents []AgentID, timer FactKind,
) error {
	if len(conversations) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "end replies", endReplyForms, conversations, agents, timer)
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

// OutdateReplyForms removes the forms that have expired at now in the given conversations. Where forms remain, it sets a timer
// of the given kind for the one that expires next.
func OutdateReplyForms(ctx context.Context, q Execer, conversations []ConversationID, now time.Time, timer FactKind) error {
	if len(conversations) == 0 {
		return nil
	}
	return query.Exec(ctx, q, "outdate replies", outdate, conversations, now, timer)
}
