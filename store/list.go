package store

import (
	"context"
	"fmt"
	"slices"

	"parley/store/internal/query"
)

// Reader is an agent who reads conversations. The agent may read all of them, with one exception:
// conversations of a closed account must be assigned to the agent or to one of the agent's teams.
type Reader struct {
	Agent  AgentID
	Teams  []TeamID    // whose member the agent is
	Closed []AccountID // accounts whose threads are in a channel that the agent can't read
}

// May returns whether the reader may read a conversation. The SQL condition readable decides the same.
func (r Reader) May(c *Conversation) bool {
	if !slices.Contains(r.Closed, c.AccountID) || slices.Contains(c.Assignees, r.Agent) {
		return true
	}
	return c.TeamID != nil && slices.Contains(r.Teams, *c.TeamID)
}

// readableArguments returns $1 to $3 of readable. nil lists become empty ones: in SQL nil is NULL, and no
// conversation would be readable.
func (r Reader) readableArguments() []any { return []any{orEmpty(r.Closed), orEmpty(r.Teams), r.Agent} }

// readable is the condition that all lists and searches apply to a conversation c.
const readable = `(c.account_id <> ALL($1::bigint[]) OR c.team_id = ANY($2::bigint[]) OR c.assignees @> ARRAY[$3::bigint])`

// Named lists of conversations.
const (
	ListMine       = "mine"       // assigned to the reader: what waits for an answer, the most pressing first
	ListUnassigned = "unassigned" // of nobody
	ListTeam       = "team"       // of the reader's teams, snoozed ones too
	ListAll        = "all"        // all that are not over, snoozed ones too
	ListSnoozed    = "snoozed"    // assigned to the reader, and hidden until a time
	ListResolved   = "resolved"   // assigned to the reader when it was solved
	ListClosed     = "closed"     // assigned to the reader when it was ended without an answer
)

const (
	// pressing is how pressing a conversation is: 1 urgent, 2 important or unhappy, 3 normal, 4 unimportant.
	// pressingFirst puts those first whose customers wait for an answer: the most pressing, then those that have
	// waited longest. Those in which nobody waits follow, the newest first, and last the snoozed ones. The indexes
	// conversations_pressing and conversations_team_pressing contain these expressions word by word.
	pressing = `CASE
				WHEN c.traits->>'priority' = 'urgent' OR c.traits->>'urgent' IN ('now', 'again') THEN 1
				WHEN c.traits->>'priority' = 'high' OR c.traits->>'sentiment' IN ('negative', 'frustrated') THEN 2
				WHEN c.traits->>'priority' = 'low' THEN 4
				ELSE 3
			END`
	pressingFirst = `
		ORDER BY (c.status = 'snoozed'), (c.waiting_since IS NULL), ` + pressing + `, c.waiting_since, c.last_at DESC, c.id`
	page = `
		LIMIT $4 OFFSET $5`

	listOpen = `
		FROM conversations AS c
		WHERE c.kind = 'customer' AND c.status IN ('open', 'pending', 'snoozed') AND `
	listUnassigned = `SELECT c.id` + listOpen + readable + ` AND c.status <> 'snoozed' AND c.assignees = '{}'` + pressingFirst + page
	listAll        = `SELECT c.id` + listOpen + readable + pressingFirst + page
	// listTeam reads from each team as many as the page may need.
	listTeam = `SELECT c.id FROM unnest($2::bigint[]) AS team (id)
		CROSS JOIN LATERAL (SELECT c.id, c.status, c.waiting_since, c.traits, c.last_at` + listOpen + readable + ` AND c.team_id = team.id` + pressingFirst + `
			LIMIT $4::bigint + $5::bigint) AS c` + pressingFirst + page

	// Between assignedWhere and selectAssigned stands a list's own condition. What is assigned to an agent is
	// collected by the index of assignees, then sorted. Without MATERIALIZED the planner may walk all
	// conversations in the order of the list until enough are found.
	assignedWhere  = `WITH c AS MATERIALIZED (SELECT * FROM conversations WHERE kind = 'customer' AND assignees @> ARRAY[$3::bigint] AND `
	selectAssigned = `) SELECT c.id FROM c WHERE ` + readable

	listMine    = assignedWhere + `status IN ('open', 'pending')` + selectAssigned + pressingFirst + page
	listSnoozed = assignedWhere + `status = 'snoozed'` + selectAssigned + `
		ORDER BY c.snoozed_until, c.id` + page
	newestEnd = `
		ORDER BY c.resolved_at DESC NULLS LAST, c.id DESC` + page
	listResolved = assignedWhere + `status = 'resolved'` + selectAssigned + newestEnd
	listClosed   = assignedWhere + `status = 'closed'` + selectAssigned + newestEnd
)

// ListConversations returns the ids of one page of a named list (ListMine, …), in the list's order: at most
// limit ids, without the first offset ones.
// Errors: the list is unknown.
func ListConversations(ctx context.Context, q Querier, r Reader, list string, limit, offset int) ([]ConversationID, error) {
	sql := map[string]string{
		ListMine:       listMine,
		ListUnassigned: listUnassigned,
		ListTeam:       listTeam,
		ListAll:        listAll,
		ListSnoozed:    listSnoozed,
		ListResolved:   listResolved,
		ListClosed:     listClosed,
	}[list]
	if sql == "" {
		return nil, fmt.Errorf("store: there is no list %q", list)
	}
	return query.IDs[ConversationID](ctx, q, "list "+list, sql, append(r.readableArguments(), limit, offset)...)
}

// The reader's own come first, then those that nobody has. Of each, the newest come first.
const answerable = `
	SELECT c.id
	FROM conversations AS c
	JOIN threads AS t ON t.conversation_id = c.id AND t.account_id = $4 AND t.channel = $5
	WHERE c.kind = 'customer' AND c.status IN ('open', 'pending')
		AND (c.assignees = '{}' OR c.assignees @> ARRAY[$3::bigint]) AND ` + readable + `
	ORDER BY (c.assignees = '{}'), c.last_at DESC, c.id DESC
	LIMIT $6`

// AnswerableConversations returns the open conversations with a thread in a channel that the reader
// answers by typing in that thread: the reader's own, and those that nobody has.
func AnswerableConversations(ctx context.Context, q Querier, r Reader, surface AccountID, channel string, limit int) ([]ConversationID, error) {
	return query.IDs[ConversationID](ctx, q, "answerable conversations", answerable, append(r.readableArguments(), surface, channel, limit)...)
}
