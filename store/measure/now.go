package measure

import (
	"context"
	"strconv"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// Now counts the conversations that are open at this moment.
type Now struct {
	Waiting    int        `db:"waiting"`    // customers who wait for an answer, in conversations that are not snoozed
	Oldest     *time.Time `db:"oldest"`     // since when the customer waits who has waited longest; nil if nobody waits
	Unassigned int        `db:"unassigned"` // those of Waiting that nobody owns
	Open       int        `db:"open"`       // conversations that are not resolved
	Snoozed    int        `db:"snoozed"`
	AtLeast    bool       `db:"at_least"` // there are so many that not all were counted
}

// maxOpen bounds how many open conversations are looked at: first those that aren't snoozed, and of them those that have
// waited longest, in the order of the index conversations_waiting.
const maxOpen = 2_000

// ofAgent narrows openNow to conversations that an agent owns, which PostgreSQL finds by an index of their assignees.
const ofAgent = ` AND assignees @> ARRAY[$8::bigint] OFFSET 0`

// openNow returns the statement that counts what is open; narrow is "" or ofAgent.
func openNow(narrow string) string {
	return `
	SELECT count(*) FILTER (WHERE waits) AS waiting, min(waiting_since) FILTER (WHERE waits) AS oldest,
		count(*) FILTER (WHERE waits AND assignees = '{}') AS unassigned, count(*) AS open,
		count(*) FILTER (WHERE status = 'snoozed') AS snoozed,
		count(*) >= $7 AS at_least
	FROM (
		SELECT waiting_since, assignees, status, waiting_since IS NOT NULL AND status <> 'snoozed' AS waits
		FROM (SELECT * FROM conversations WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed')` + narrow + `) AS o
		WHERE ($3::bigint[] IS NULL OR account_id = ANY($3)) AND ($4::bigint[] IS NULL OR coalesce(team_id, 0) = ANY($4))
			AND CASE $1
				WHEN 'agent' THEN coalesce(assignees[1], 0)::text = ANY($2::text[])
				WHEN 'tag' THEN tags && $2::text[]
				WHEN 'intent' THEN coalesce(traits->>$5, '') = ANY($2::text[])
				WHEN 'mood' THEN coalesce(traits->>$6, '') = ANY($2::text[])
				ELSE true END
		ORDER BY (status = 'snoozed'), waiting_since
		LIMIT $7) AS c`
}

// ReadNow counts what is open now, among at most maxOpen conversations. The days of the filter don't matter.
// intent and mood name the traits.
func ReadNow(ctx context.Context, q store.Querier, f Filter, intent, mood string) (Now, error) {
	args := []any{f.Kind, f.allValues(), f.Accounts, f.Teams, intent, mood, maxOpen}
	narrow := ""
	if f.Kind == KindAgent {
		agent, err := strconv.ParseInt(f.Value, 10, 64)
		if err == nil && agent > 0 { // agent 0 is nobody, whose conversations have no index
			narrow = ofAgent
			args = append(args, agent)
		}
	}

	list, err := query.Collect[Now](ctx, q, "open now", openNow(narrow), args...)
	if err != nil || len(list) == 0 {
		return Now{}, err
	}

	return list[0], nil
}
