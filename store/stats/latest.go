package stats

import (
	"context"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// latestEvents looks at the newest events alone, so that it costs the same however many there are.
const latestEvents = `
	SELECT account_id, max(received_at) AS at
	FROM (SELECT account_id, received_at FROM events ORDER BY id DESC LIMIT $1) AS e
	GROUP BY account_id`

// LatestEvents returns when something last arrived from accounts, by their ids. Accounts are left out if none of the
// newest maxRows events came from them.
func LatestEvents(ctx context.Context, q store.Querier) (map[store.AccountID]time.Time, error) {
	type row struct {
		ID store.AccountID `db:"account_id"`
		At time.Time       `db:"at"`
	}
	rows, err := query.Collect[row](ctx, q, "latest events", latestEvents, maxRows)
	at := make(map[store.AccountID]time.Time, len(rows))
	for _, r := range rows {
		at[r.ID] = r.At
	}
	return at, err
}

// HasConversation reports whether there was ever a conversation: conversations stay, also when what arrived has been removed. It looks
// at the end of an index.
func HasConversation(ctx context.Context, q store.Querier) (bool, error) {
	return query.Value[bool](ctx, q, "first conversation", `SELECT max(id) IS NOT NULL FROM conversations`)
}
