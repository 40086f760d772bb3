package measure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// Filter says of which days and conversations figures are.
type Filter struct {
	From, To string  // the first and the last day, yyyy-mm-dd
	Accounts []int64 // nil = all
	Teams    []int64 // nil = all; 0 = conversations without a team
	Kind     Kind
	Value    string // of Kind; "" for KindAll
}

func (f Filter) arguments() []any {
	return []any{f.Kind, f.Value, f.From, f.To, f.Accounts, f.Teams}
}

// Sum is the figures of one day, account, team, agent, tag, intent or mood, whose number or name Value is.
type Sum struct {
	Value string `db:"value"`
	Figures
}

// Group says what sums are of.
type Group string

// Groups of sums.
const (
	ByDay     Group = "day"
	ByAccount Group = "account"
	ByTeam    Group = "team"
	ByAgent   Group = "agent" // and the following: only where a Filter's Kind is KindAll
	ByTag     Group = "tag"
	ByIntent  Group = "intent"
	ByMood    Group = "mood"
)

// sumsBy gives the statement that sums up by a column. $2 is NULL for all values.
func sumsBy(column string) string {
	return `
	SELECT ` + column + `::text AS value, ` + each(sumColumns, "sum(?)::bigint AS ?") + ", " + each(worstColumns, "max(?) AS ?") + `
	FROM measure_days
	WHERE kind = $1 AND ($2::text IS NULL OR value = $2) AND day BETWEEN $3::date AND $4::date
		AND ($5::bigint[] IS NULL OR account_id = ANY($5)) AND ($6::bigint[] IS NULL OR team_id = ANY($6))
	GROUP BY ` + column + `
	ORDER BY ` + column
}

// Sums reads sums by a group, without those that are nothing but zeros.
func Sums(ctx context.Context, q query.Querier, f Filter, by Group) ([]Sum, error) {
	args, column := f.arguments(), "value"
	switch by {
	case ByDay:
		column = "day"
	case ByAccount:
		column = "account_id"
	case ByTeam:
		column = "team_id"
	case ByAgent, ByTag, ByIntent, ByMood:
		if f.Kind != KindAll {
			return nil, fmt.Errorf("store: figures by %s of one %s", by, f.Kind)
		}
		args[0], args[1] = Kind(by), nil
	}
	rows, err := query.Collect[Sum](ctx, q, "figures", sumsBy(column), args...)
	var list []Sum
	for _, s := range rows {
		if !s.zero() {
			list = append(list, s)
		}
	}
	return list, err
}

func (f *Figures) zero() bool {
	for _, n := range f.sums() {
		if *n != 0 {
			return false
		}
	}
	return true
}

// Time names one of the times that are measured.
type Time string

// Times.
const (
	FirstAnswer Time = "first"
	NextAnswer  Time = "next"
	Ended       Time = "ended"
)

// column names the column of the longest single times.
func (t Time) column(open bool) string {
	if open {
		return string(t) + "_worst_open"
	}
	return string(t) + "_worst"
}

// Worst is a conversation with a long time.
type Worst struct {
	ConversationID int64  `db:"conversation_id"`
	Seconds        int64  `db:"seconds"`
	Day            string `db:"day"`
	AgentID        int64  `db:"agent_id"` // 0 = nobody
}

// worstDays gives the days, accounts and teams that may have the longest times, by their bounds.
func worstDays(column string) string {
	return `
	SELECT day::text AS day, account_id, team_id, ` + column + ` AS bound
	FROM measure_days
	WHERE kind = $1 AND value = $2 AND day BETWEEN $3::date AND $4::date
		AND ($5::bigint[] IS NULL OR account_id = ANY($5)) AND ($6::bigint[] IS NULL OR team_id = ANY($6)) AND ` + column + ` > 0
	ORDER BY bound DESC`
}

// worstShares gives the conversations with the longest times of some days, accounts and teams.
func worstShares(column string) string {
	return `
	SELECT s.conversation_id, max(s.` + column + `) AS seconds,
		(array_agg(s.day::text ORDER BY s.` + column + ` DESC))[1] AS day, (array_agg(s.agent_id ORDER BY s.` + column + ` DESC))[1] AS agent_id
	FROM unnest($3::date[], $4::bigint[], $5::bigint[]) AS k (day, account_id, team_id)
	JOIN measure_shares AS s ON s.account_id = k.account_id AND s.team_id = k.team_id AND s.day = k.day
	LEFT JOIN measure_labels AS l ON l.conversation_id = s.conversation_id AND $1 IN ('tag', 'intent', 'mood')
	WHERE s.` + column + ` > $6 AND CASE $1
		WHEN 'agent' THEN s.agent_id::text = $2
		WHEN 'tag' THEN $2 = ANY(l.tags)
		WHEN 'intent' THEN coalesce(l.intent, '') = $2
		WHEN 'mood' THEN coalesce(l.mood, '') = $2
		ELSE true END
	GROUP BY s.conversation_id
	ORDER BY seconds DESC, s.conversation_id
	LIMIT $7`
}

// worstAtOnce is how many days, accounts and teams are looked through at once.
const worstAtOnce = 10

// LongestTimes returns the conversations with the longest times, the longest first; in business hours if open. It reads
// the days that may have them in the order of their bounds, until no other day can have a longer time.
func LongestTimes(ctx context.Context, q query.Querier, f Filter, t Time, open bool, most int) ([]Worst, error) {
	type key struct {
		Day       string `db:"day"`
		AccountID int64  `db:"account_id"`
		TeamID    int64  `db:"team_id"`
		Bound     int64  `db:"bound"`
	}
	keys, err := query.Collect[key](ctx, q, "worst days", worstDays(t.column(open)), f.arguments()...)
	if err != nil {
		return nil, err
	}
	var list []Worst
	for len(keys) > 0 && (len(list) < most || list[most-1].Seconds < keys[0].Bound) {
		some := keys[:min(worstAtOnce, len(keys))]
		keys = keys[len(some):]
		var days []string
		var accounts, teams []int64
		for _, k := range some {
			days, accounts, teams = append(days, k.Day), append(accounts, k.AccountID), append(teams, k.TeamID)
		}
		var least int64
		if len(list) == most {
			least = list[most-1].Seconds
		}
		found, err := query.Collect[Worst](ctx, q, "worst conversations", worstShares(t.column(open)), f.Kind, f.Value, days, accounts, teams, least, most)
		if err != nil {
			return nil, err
		}
		list = longest(append(list, found...), most)
	}
	return list, nil
}

// longest gives the conversations with the longest times, each once.
func longest(list []Worst, most int) []Worst {
	slices.SortFunc(list, func(a, b Worst) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.ConversationID, b.ConversationID))
	})
	var seen []int64
	list = slices.DeleteFunc(list, func(w Worst) bool {
		again := slices.Contains(seen, w.ConversationID)
		seen = append(seen, w.ConversationID)
		return again
	})
	return list[:min(most, len(list))]
}

// Now is what is open at this moment.
type Now struct {
	Waiting    int        `db:"waiting"`    // customers who wait for an answer, in conversations that are not snoozed
	Oldest     *time.Time `db:"oldest"`     // since when the one waits who has waited longest; nil = nobody does
	Unassigned int        `db:"unassigned"` // of Waiting, those that nobody has
	Open       int        `db:"open"`       // conversations that are not resolved
	Snoozed    int        `db:"snoozed"`
}

// nowLimit bounds how many open conversations are looked at.
const nowLimit = 20_000

const openNow = `
	SELECT count(*) FILTER (WHERE waits) AS waiting, min(waiting_since) FILTER (WHERE waits) AS oldest,
		count(*) FILTER (WHERE waits AND assignees = '{}') AS unassigned, count(*) AS open, count(*) FILTER (WHERE status = 'snoozed') AS snoozed
	FROM (
		SELECT waiting_since, assignees, status, waiting_since IS NOT NULL AND status <> 'snoozed' AS waits
		FROM conversations
		WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed')
			AND ($3::bigint[] IS NULL OR account_id = ANY($3)) AND ($4::bigint[] IS NULL OR coalesce(team_id, 0) = ANY($4))
			AND CASE $1
				WHEN 'agent' THEN coalesce(assignees[1], 0)::text = $2
				WHEN 'tag' THEN $2 = ANY(tags)
				WHEN 'intent' THEN coalesce(traits->>$5, '') = $2
				WHEN 'mood' THEN coalesce(traits->>$6, '') = $2
				ELSE true END
		LIMIT $7) AS c`

// ReadNow counts what is open now; at most the first 20,000 conversations. The days of the filter don't matter.
// intent and mood name the traits.
func ReadNow(ctx context.Context, q store.Querier, f Filter, intent, mood string) (Now, error) {
	list, err := query.Collect[Now](ctx, q, "open now", openNow, f.Kind, f.Value, f.Accounts, f.Teams, intent, mood, nowLimit)
	if err != nil || len(list) == 0 {
		return Now{}, err
	}
	return list[0], nil
}
