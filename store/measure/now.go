package measure

import (
	"context"
	"strconv"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// Now counts the conversations that are open at this moment. A snoozed conversation is open but put off until later.
type Now struct {
	Waiting    int        `db:"waiting"`    // conversations whose customer waits for an answer, without snoozed ones
	Oldest     *time.Time `db:"oldest"`     // when the longest wait among Waiting began; nil if nobody waits
	Unassigned int        `db:"unassigned"` // how many of Waiting have no assignee
	Open       int        `db:"open"`       // conversations that are not resolved, including snoozed ones
	Snoozed    int        `db:"snoozed"`
	AtLeast    bool       `db:"at_least"` // counting stopped at maxOpen, so the counts are minimums
}

// maxOpen limits how many open conversations are counted. Conversations that aren't snoozed come first, and among them those
// that have waited longest, in the order of the index conversations_waiting.
const maxOpen = 2_000

// ofAgent restricts openNow to conversations assigned to an agent, which PostgreSQL finds by an index on assignees.
const ofAgent = ` AND assignees @> ARRAY[$8::bigint] OFFSET 0`

// openNow returns the statement that counts open conversations. condition is "" or ofAgent.
func openNow(condition string) string {
	return `
	SELECT count(*) FILTER (WHERE waits) AS waiting, min(waiting_since) FILTER (WHERE waits) AS oldest,
		count(*) FILTER (WHERE waits AND assignees = '{}') AS unassigned, count(*) AS open,
		count(*) FILTER (WHERE status = 'snoozed') AS snoozed,
		count(*) >= $7 AS at_least
	FROM (
		SELECT waiting_since, assignees, status, waiting_since IS NOT NULL AND status <> 'snoozed' AS waits
		FROM (SELECT * FROM conversations WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed')` + condition + `) AS o
		WHERE ($3::bigint[] IS NULL OR account_id = ANY($3)) AND ($4::bigint[] IS NULL OR coalesce(team_id, 0) = ANY($4))
			AND CASE $1
				WHEN 'agent' THEN coalesce(assignees[1], 0)::text = ANY($2::text[])
				WHEN 'tag' THEN tags && $2::text[]
				WHEN 'intent' THEN coalesce(traits->>$5, '') = ANY($2::text[])
				WHEN 'mood' THEN coalesce(traits->>$6, '') = ANY($2::text[])
				ELSE true END
		ORDER BY (status = 'snoozed')::int, list_wait(waiting_since, last_at)
		LIMIT $7) AS c`
}

// ReadNow counts the open conversations that match a filter, up to maxOpen. It ignores the filter's days. intent and mood are
// the keys of the traits that hold a conversation's intent and mood.
func ReadNow(ctx context.Context, q store.Querier, f Filter, intent, mood string) (Now, error) {
	args := []any{f.Kind, f.allValues(), f.Accounts, f.Teams, intent, mood, maxOpen}
	condition := ""
	if f.Kind == KindAgent {
		agent, err := strconv.ParseInt(f.Value, 10, 64)
		if err == nil && agent > 0 { // 0 means no agent: such conversations can't be found by assignee
			condition = ofAgent
			args = append(args, agent)
		}
	}

	list, err := query.Collect[Now](ctx, q, "open now", openNow(condition), args...)
	if err != nil || len(list) == 0 {
		return Now{}, err
	}

	return list[0], nil
}
