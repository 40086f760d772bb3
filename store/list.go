package store

import "context"

// ListQuery says which open conversations a list shows.
type ListQuery struct {
	Agent      int64 // Mine: this assignee; 0 = any
	Unassigned bool
	InTeams    []int64 // only these teams; nil = any
	Status     string  // "" = open and pending
	Teams      []int64 // the read predicate: nil = all teams
	Limit      int
}

// One predicate decides what may be read: $5, the teams visible to the reader.
const listConversations = `
	SELECT id
	FROM conversations
	WHERE kind = 'customer'
		AND ($1 = 0 OR assignees @> ARRAY[$1::bigint])
		AND (NOT $2 OR assignees = '{}')
		AND ($3::bigint[] IS NULL OR team_id = ANY($3))
		AND CASE WHEN $4 = '' THEN status IN ('open', 'pending') ELSE status = $4 END
		AND ($5::bigint[] IS NULL OR team_id = ANY($5) OR team_id IS NULL)
	ORDER BY last_at DESC, id
	LIMIT $6`

// ListConversations gives the ids of a list's rows, newest first.
func ListConversations(ctx context.Context, q Querier, l ListQuery) ([]int64, error) {
	return ids(ctx, q, "list", listConversations, l.Agent, l.Unassigned, l.InTeams, l.Status, l.Teams, l.Limit)
}
