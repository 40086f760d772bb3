package store

import (
	"context"

	"parley/store/internal/query"
)

// Agents say whether they are there. What a customer waits for, and nobody who has it is there to answer, goes to whoever covers, or
// back to the queue.

const setPresence = `
	WITH bumped AS (UPDATE settings SET version = version + 1)
	UPDATE agents SET presence = $2, presence_until = $3, cover = $4,
		presence_at = CASE WHEN presence = $2 AND $2 <> '' THEN presence_at ELSE (SELECT parley_now()) END
	WHERE id = $1`

// SetPresence stores an agent's Presence, PresenceUntil and Cover.
func SetPresence(ctx context.Context, q Execer, a Agent) error {
	return query.Exec(ctx, q, "set presence", setPresence, a.ID, a.Presence, a.PresenceUntil, a.Cover)
}

// endPresences keeps presence_at, so that whoever comes back later still finds what has happened since.
const endPresences = `
	WITH ended AS (
		UPDATE agents SET presence = '', presence_until = NULL, cover = NULL WHERE presence_until <= (SELECT parley_now()) RETURNING id
	)
	UPDATE settings SET version = version + 1 WHERE EXISTS (SELECT FROM ended)`

// EndPresences makes agents available whose absence was until now.
func EndPresences(ctx context.Context, q Execer) error {
	return query.Exec(ctx, q, "end presences", endPresences)
}

// Absence says who isn't there.
type Absence struct {
	Away   []AgentID // who said so
	Absent []AgentID // these, and who is off duty
	Ruled  []AccountID
	Teams  []TeamID // in which somebody is there; 0 stands for no team
}

// findLeftAlone doesn't take back what a colleague gave to somebody who was away already, until the customer writes again.
const findLeftAlone = `
	SELECT id FROM conversations AS conversation
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed') AND status = 'open'
		AND last_from = 'customer' AND waiting_since IS NOT NULL
		AND assignees && $1 AND assignees <@ $1
		AND (assignees <@ $2 OR (account_id = ANY($3) AND coalesce(team_id, 0) = ANY($4)))
		AND NOT EXISTS (SELECT FROM routed WHERE routed.conversation_id = conversation.id)
		AND NOT EXISTS (
			SELECT FROM log_entries
			WHERE log_entries.conversation_id = conversation.id AND what = 'assigned' AND at > conversation.last_at
				AND agent_id <> ALL(conversation.assignees)
				AND at > coalesce(
					(SELECT max(presence_at) FROM agents WHERE presence = 'away' AND agents.id = ANY(conversation.assignees)), '-infinity'))
	ORDER BY waiting_since, id
	LIMIT $5`

// FindLeftAlone returns open conversations whose customers wait while none of their owners is there, at most limit. Those of owners who
// are merely off duty count only on accounts with rules, and if somebody of the team is there.
func FindLeftAlone(ctx context.Context, q Querier, a Absence, limit int) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "left alone", findLeftAlone,
		orEmpty(a.Absent), orEmpty(a.Away), orEmpty(a.Ruled), orEmpty(a.Teams), limit)
}

const keepGivenBack = `INSERT INTO given_back (agent_id, conversation_id) SELECT unnest($1::bigint[]), $2 ON CONFLICT DO NOTHING`

// KeepGivenBack records that a conversation was taken from agents who weren't there.
func KeepGivenBack(ctx context.Context, q Execer, agents []AgentID, conversation ConversationID) error {
	return query.Exec(ctx, q, "keep given back", keepGivenBack, agents, conversation)
}

const takeMissed = `
	WITH given AS (DELETE FROM given_back WHERE agent_id = $1 RETURNING conversation_id),
		gone AS MATERIALIZED (SELECT presence_at AS at FROM agents WHERE id = $1 AND presence_at > 'epoch')
	SELECT id FROM (
		SELECT id FROM conversations WHERE id = ANY(ARRAY(SELECT conversation_id FROM given))
		UNION
		SELECT id FROM conversations
		WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed') AND assignees @> ARRAY[$1::bigint]
			AND waiting_since > (SELECT at FROM gone)
		UNION
		SELECT id FROM conversations
		WHERE kind = 'customer' AND status = 'resolved' AND assignees @> ARRAY[$1::bigint] AND resolved_at > (SELECT at FROM gone)
	) AS missed
	ORDER BY id IN (SELECT conversation_id FROM given) DESC, id DESC
	LIMIT $2`

// TakeMissed returns what happened to an agent's conversations since the presence was changed: those that were taken from the agent, and
// those of the agent's in which the customer waits since, or which were resolved. It forgets which were taken.
func TakeMissed(ctx context.Context, q Querier, agent AgentID, limit int) ([]ConversationID, error) {
	return query.Column[ConversationID](ctx, q, "missed", takeMissed, agent, limit)
}
