package store

import (
	"context"
	"fmt"
	"slices"
)

// Reader says which conversations somebody may read: all, but those of closed accounts only
// where they are assigned to the agent or to one of the agent's teams.
type Reader struct {
	Agent  int64
	Teams  []int64 // whose member the agent is
	Closed []int64 // accounts whose threads are in a channel that the agent can't read
}

// May says whether the reader may read a conversation. It decides like the condition readable.
func (r Reader) May(c *Conversation) bool {
	return !slices.Contains(r.Closed, c.AccountID) || slices.Contains(c.Assignees, r.Agent) ||
		c.TeamID != nil && slices.Contains(r.Teams, *c.TeamID)
}

// arguments are those of readable. An empty list is no NULL, which would compare with nothing.
func (r Reader) arguments() []any { return []any{orEmpty(r.Closed), orEmpty(r.Teams), r.Agent} }

// readable is the one condition on what is listed and found: $1 to $3 are a Reader.
const readable = `(c.account_id <> ALL($1::bigint[]) OR c.team_id = ANY($2::bigint[]) OR c.assignees @> ARRAY[$3::bigint])`

// Named lists of conversations.
const (
	ListMine       = "mine"       // assigned to the reader: what waits for an answer
	ListUnassigned = "unassigned" // of nobody
	ListTeam       = "team"       // of the reader's teams, snoozed ones too
	ListAll        = "all"        // all that is not over, snoozed ones too
	ListSnoozed    = "snoozed"    // assigned to the reader, and hidden until a time
	ListResolved   = "resolved"   // assigned to the reader when it was solved
	ListClosed     = "closed"     // assigned to the reader when it was ended without an answer
)

const (
	// Whoever has waited longest for us is on top; what nobody waits for follows, the newest first.
	listOpen = `
		SELECT c.id
		FROM conversations AS c
		WHERE c.kind = 'customer' AND c.status IN ('open', 'pending', 'snoozed') AND ` + readable + ` AND `
	longestWaiting = `
		ORDER BY (c.status = 'snoozed'), c.waiting_since, c.last_at DESC, c.id
		LIMIT $4 OFFSET $5`

	listUnassigned = listOpen + `c.status <> 'snoozed' AND c.assignees = '{}'` + longestWaiting
	listTeam       = listOpen + `c.team_id = ANY($2)` + longestWaiting
	listAll        = listOpen + `true` + longestWaiting

	// What is assigned to one agent is collected by the index of assignees, then sorted: without
	// MATERIALIZED, all conversations may be walked in the order of the list until enough are found.
	held    = `WITH c AS MATERIALIZED (SELECT * FROM conversations WHERE kind = 'customer' AND assignees @> ARRAY[$3::bigint] AND `
	ofThose = `) SELECT c.id FROM c WHERE ` + readable

	listMine    = held + `status IN ('open', 'pending')` + ofThose + longestWaiting
	listSnoozed = held + `status = 'snoozed'` + ofThose + `
		ORDER BY c.snoozed_until, c.id
		LIMIT $4 OFFSET $5`
	newestEnd = `
		ORDER BY c.resolved_at DESC NULLS LAST, c.id DESC
		LIMIT $4 OFFSET $5`
	listResolved = held + `status = 'resolved'` + ofThose + newestEnd
	listClosed   = held + `status = 'closed'` + ofThose + newestEnd
)

// ListConversations gives the ids of some rows of a named list, in its order.
// Errors: a name that no list has.
func ListConversations(ctx context.Context, q Querier, r Reader, list string, limit, offset int) ([]int64, error) {
	sql := map[string]string{ListMine: listMine, ListUnassigned: listUnassigned, ListTeam: listTeam, ListAll: listAll,
		ListSnoozed: listSnoozed, ListResolved: listResolved, ListClosed: listClosed}[list]
	if sql == "" {
		return nil, fmt.Errorf("store: there is no list %q", list)
	}
	return ids(ctx, q, "list", sql, append(r.arguments(), limit, offset)...)
}

// Own ones come first, then those that nobody has; the newest on top.
const answerable = `
	SELECT c.id
	FROM conversations AS c
	JOIN threads AS t ON t.conversation_id = c.id AND t.account_id = $4 AND t.channel = $5
	WHERE c.kind = 'customer' AND c.status IN ('open', 'pending') AND (c.assignees = '{}' OR c.assignees @> ARRAY[$3::bigint]) AND ` + readable + `
	ORDER BY (c.assignees = '{}'), c.last_at DESC, c.id DESC
	LIMIT $6`

// AnswerableConversations gives the open conversations with a thread in a channel that the reader
// answers by typing in their threads: own ones, and those that nobody has.
func AnswerableConversations(ctx context.Context, q Querier, r Reader, surface int64, channel string, limit int) ([]int64, error) {
	return ids(ctx, q, "answerable conversations", answerable, append(r.arguments(), surface, channel, limit)...)
}
