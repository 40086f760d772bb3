package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// latestEvents looks at the newest events alone, so that it costs the same however many there are.
const latestEvents = `
	SELECT account_id, max(received_at) AS at
	FROM (SELECT account_id, received_at FROM events ORDER BY id DESC LIMIT $1) AS e
	GROUP BY account_id`

// LatestEvents returns when something last arrived from accounts, by their ids. Accounts are left out if none of the
// newest maxRows events came from them.
func LatestEvents(ctx context.Context, q Querier) (map[AccountID]time.Time, error) {
	return query.Map[AccountID, time.Time](ctx, q, "latest events", latestEvents, maxRows)
}

// HasConversation reports whether there was ever a conversation: conversations stay, also when what arrived has been removed. It looks
// at the end of an index.
func HasConversation(ctx context.Context, q Querier) (bool, error) {
	return query.Value[bool](ctx, q, "first conversation", `SELECT max(id) IS NOT NULL FROM conversations`)
}
