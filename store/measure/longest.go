package measure

import (
	"cmp"
	"context"
	"slices"

	"parley/store"
	"parley/store/internal/query"
)

// The dashboard lists the conversations in which customers waited longest. LongestTimes finds them without reading every
// conversation: for each day, account and team, the table measure_days holds an upper bound of the single times. If the list
// is full and its shortest time is 3 hours, days with a bound of at most 3 hours need not be read.

// Time is one kind of time that is measured in a conversation.
type Time string

// Times.
const (
	FirstAnswer Time = "first" // from the customer's first message to the answer
	NextAnswer  Time = "next"  // from a later message of the customer to its answer
	Ended       Time = "ended" // from the beginning of the conversation to its end
)

// Hours selects which hours of a time count.
type Hours string

// Hours. Their values are the names of columns of measure_spreads.
const (
	AllHours      Hours = "wall"
	BusinessHours Hours = "open" // while the account's business is open
)

// worstColumn returns the column that holds the longest single times.
func (t Time) worstColumn(hours Hours) string {
	if hours == BusinessHours {
		return string(t) + "_worst_open"
	}
	return string(t) + "_worst"
}

// Worst is a conversation with its longest time.
type Worst struct {
	ConversationID store.ConversationID `db:"conversation_id"`
	Seconds        int64                `db:"seconds"`
	Day            string               `db:"day"`
	AgentID        store.AgentID        `db:"agent_id"` // 0 if nobody
}

// worstDays returns the statement that lists days, accounts and teams. No single time of a row is longer than its bound.
func worstDays(column string) string {
	return `
	SELECT day::text AS day, account_id, team_id, max(` + column + `) AS bound
	FROM measure_days
	WHERE kind = $1 AND value = ANY($2::text[]) AND day = ANY($3::date[])
		AND ($4::bigint[] IS NULL OR account_id = ANY($4)) AND ($5::bigint[] IS NULL OR team_id = ANY($5)) AND ` + column + ` > 0
	GROUP BY day, account_id, team_id
	ORDER BY bound DESC, day, account_id, team_id`
}

// worstShares returns the statement that finds the conversations with the longest times of some days, accounts and teams.
func worstShares(column string) string {
	return `
	SELECT share.conversation_id, max(share.` + column + `) AS seconds,
		(array_agg(share.day::text ORDER BY share.` + column + ` DESC))[1] AS day,
		(array_agg(share.agent_id ORDER BY share.` + column + ` DESC))[1] AS agent_id
	FROM unnest($3::date[], $4::bigint[], $5::bigint[]) AS given (day, account_id, team_id)
	JOIN measure_shares AS share ON share.account_id = given.account_id AND share.team_id = given.team_id AND share.day = given.day
	LEFT JOIN measure_labels AS label ON label.conversation_id = share.conversation_id AND $1 IN ('tag', 'intent', 'mood')
	WHERE share.` + column + ` > $6 AND CASE $1
		WHEN 'agent' THEN share.agent_id::text = ANY($2::text[])
		WHEN 'tag' THEN label.tags && $2::text[]
		WHEN 'intent' THEN coalesce(label.intent, '') = ANY($2::text[])
		WHEN 'mood' THEN coalesce(label.mood, '') = ANY($2::text[])
		ELSE true END
	GROUP BY share.conversation_id
	ORDER BY seconds DESC, share.conversation_id
	LIMIT $7`
}

// maxDaysAtOnce limits how many rows of worstDays one query searches. The first query searches one row, and each further
// query twice as many.
const maxDaysAtOnce = 16

// LongestTimes returns the limit conversations with the longest times, or fewer, the longest first. It searches the days in
// descending order of their bounds, and stops when no remaining day can have a longer time.
func LongestTimes(ctx context.Context, q query.Querier, f Filter, t Time, hours Hours, limit int) ([]Worst, error) {
	column := t.worstColumn(hours)
	type key struct {
		Day       string          `db:"day"`
		AccountID store.AccountID `db:"account_id"`
		TeamID    store.TeamID    `db:"team_id"`
		Bound     int64           `db:"bound"`
	}

	p, err := partsOf(f.From, f.To, singleDay)
	if err != nil {
		return nil, err
	}

	keys, err := query.Collect[key](ctx, q, "worst days", worstDays(column), f.Kind, f.allValues(), p.days, f.Accounts, f.Teams)
	if err != nil {
		return nil, err
	}

	var list []Worst
	var shortest int64 // the shortest time in list once the list is full, else 0; only longer times matter
	for atOnce := 1; len(keys) > 0 && keys[0].Bound > shortest; atOnce = min(2*atOnce, maxDaysAtOnce) {
		page := keys[:min(atOnce, len(keys))]
		keys = keys[len(page):]
		days := query.Field(page, func(k *key) string { return k.Day })
		accounts := query.Field(page, func(k *key) store.AccountID { return k.AccountID })
		teams := query.Field(page, func(k *key) store.TeamID { return k.TeamID })
		found, err := query.Collect[Worst](ctx, q, "worst conversations", worstShares(column),
			f.Kind, f.allValues(), days, accounts, teams, shortest, limit)
		if err != nil {
			return nil, err
		}

		list = keepLongest(append(list, found...), limit)
		if len(list) == limit {
			shortest = list[limit-1].Seconds
		}
	}

	return list, nil
}

// keepLongest sorts list, drops further entries of the same conversation, and cuts it to limit.
func keepLongest(list []Worst, limit int) []Worst {
	slices.SortFunc(list, func(a, b Worst) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.ConversationID, b.ConversationID))
	})
	var seen []store.ConversationID
	list = slices.DeleteFunc(list, func(w Worst) bool {
		again := slices.Contains(seen, w.ConversationID)
		seen = append(seen, w.ConversationID)
		return again
	})
	return list[:min(limit, len(list))]
}
