package store

import (
	"context"

	"parley/store/internal/query"
)

// Each row that is written gets the number of the transaction that wrote it, so that the number of a table's rows and the
// sum of these numbers are others after any change. Accounts are looked at as a whole instead, without what a chat notes
// in them every few seconds (watermark).
const setupStamp = `
	SELECT concat_ws(' ', (SELECT concat(version, ':', xmin) FROM settings),
		(SELECT sum(hashtextextended(ROW(` + AccountColumns + `)::text, 0)) FROM accounts),
		(SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM agents),
		(SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM agent_users),
		(SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM teams),
		(SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM team_channels),
		(SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM channel_moves),
		(SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM tags),
		(SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM templates),
		(SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM knowledge_places))`

// SetupStamp gives a text that is another one after everything that is set up has changed in any way, whoever changed it:
// as long as it is the same, what was read before still holds. To read it costs a small part of reading the set-up.
func SetupStamp(ctx context.Context, q Querier) (string, error) {
	return query.Value[string](ctx, q, "stamp of the set-up", setupStamp)
}
