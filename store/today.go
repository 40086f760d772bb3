package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// Today counts an agent's own unfinished conversations, for the start of a day.
type Today struct {
	Urgent   int `db:"urgent"`
	Waiting  int `db:"waiting"`  // the customer waits for an answer
	Promised int `db:"promised"` // snoozed until some time of the day
	Woken    int `db:"woken"`    // whose snooze has ended on that day
	Closing  int `db:"closing"`  // the customer waits, and the reply window closes on that day
	Given    int `db:"given"`    // which others, or a rule, have assigned to the agent on that day
}

const countToday = `
	WITH conversation AS MATERIALIZED (
		SELECT * FROM conversations
		WHERE kind = 'customer' AND assignees @> ARRAY[$3::bigint] AND status IN ('open', 'pending', 'snoozed')
	)
	SELECT count(*) FILTER (WHERE conversation.status <> 'snoozed' AND ` + pressing + ` = 1) AS urgent,
		count(*) FILTER (WHERE conversation.status <> 'snoozed' AND conversation.waiting_since IS NOT NULL) AS waiting,
		count(*) FILTER (WHERE conversation.status = 'snoozed' AND conversation.snoozed_until < $5) AS promised,
		count(*) FILTER (WHERE conversation.status <> 'snoozed' AND since.woken) AS woken,
		count(*) FILTER (WHERE conversation.waiting_since IS NOT NULL
			AND conversation.window_from + reply.lasts BETWEEN parley_now() AND $5) AS closing,
		count(*) FILTER (WHERE since.given) AS given
	FROM conversation
	LEFT JOIN unnest($6::bigint[], $7::interval[]) AS reply (account_id, lasts) ON reply.account_id = conversation.account_id
	CROSS JOIN LATERAL (
		SELECT bool_or(what = 'woke') AS woken, (array_agg(agent_id IS DISTINCT FROM $3 ORDER BY id DESC)
			FILTER (WHERE what = 'assigned' AND detail -> 'agents' @> to_jsonb($3::bigint)))[1] AS given
		FROM log_entries
		WHERE conversation_id = conversation.id AND at >= $4) AS since
	WHERE ` + readable

// CountToday counts a reader's own unfinished conversations. The day begins at from and ends at until. lasts says, by account, how
// long the reply window is open after a customer has written.
func CountToday(ctx context.Context, q Querier, r Reader, from, until time.Time, lasts map[AccountID]time.Duration) (Today, error) {
	var accounts []AccountID
	var windows []time.Duration
	for account, window := range lasts {
		accounts, windows = append(accounts, account), append(windows, window)
	}
	rows, err := query.Collect[Today](ctx, q, "today", countToday, append(r.readableArguments(), from, until, accounts, windows)...)
	if err != nil || len(rows) == 0 {
		return Today{}, err
	}
	return rows[0], nil
}
