package measure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"parley/store"
	"parley/store/internal/query"
)

// Reports and the dashboard read their figures here: how many conversations were opened and resolved, how long
// customers waited, and which conversations waited longest. Shortly after something happens, it is added to sums by
// day, account and team, so most statements here read sums. Only ReadNow looks at conversations as they are.

// Filter says which days and conversations count.
type Filter struct {
	From, To string            // the first and the last day, yyyy-mm-dd
	Accounts []store.AccountID // nil means all
	Teams    []store.TeamID    // nil means all; team 0 has the conversations without a team
	Kind     Kind
	Value    string   // of Kind; empty for KindAll
	Also     []string // values that count as the same: the former names of a tag
}

// allValues returns Value and the values that count as the same.
func (f Filter) allValues() []string { return append([]string{f.Value}, f.Also...) }

// Sum has the figures of one day, account, team, agent, tag, intent or mood. Value says which: "2026-11-28", or the
// number of a team, for example.
type Sum struct {
	Value string `db:"value"`
	Figures
}

// Group says of what each Sum is: of a day, or of a team, for example.
type Group string

// Groups of sums.
const (
	ByDay     Group = "day"
	ByWeek    Group = "week" // named by their Mondays; the days of incomplete weeks are sums of their own
	ByAccount Group = "account"
	ByTeam    Group = "team"
	ByAgent   Group = "agent" // this and the following only if the Filter's Kind is KindAll
	ByTag     Group = "tag"
	ByIntent  Group = "intent"
	ByMood    Group = "mood"
)

// partsBy returns the part of a statement that reads some columns of sums. Only the values in $2 count, or with all
// every value, whatever $2 is. The days are given as a list and not as a range: PostgreSQL finds each of a list by
// index, but for a range it would read the sums of all values.
func partsBy(columns string, all bool) string {
	selected := `value, account_id, team_id, day, ` + columns
	where := `
		WHERE kind = $1 AND day = ANY($%d::date[])`
	if !all {
		where += ` AND value = ANY($2::text[])`
	}

	return `
	FROM (
		SELECT ` + selected + ` FROM measure_days` + fmt.Sprintf(where, 3) + `
		UNION ALL
		SELECT ` + selected + ` FROM measure_spans` + fmt.Sprintf(where, 4) + ` AND days = 7
		UNION ALL
		SELECT ` + selected + ` FROM measure_spans` + fmt.Sprintf(where, 5) + ` AND days = 28) AS d
	WHERE ($2::text[] IS NOT NULL) AND ($6::bigint[] IS NULL OR account_id = ANY($6)) AND ($7::bigint[] IS NULL OR team_id = ANY($7))`
}

// sumsBy returns the statement that sums up by a column what partsBy reads.
func sumsBy(column string, all bool) string {
	return `
	SELECT ` + column + `::text AS value, ` + listColumns(sumColumns, "sum(?)::bigint AS ?") + ", " + listColumns(worstColumns, "max(?) AS ?") + partsBy(figureColumns, all) + `
	GROUP BY ` + column + `
	ORDER BY ` + column
}

// workBy returns the statement that counts how much all values of a kind had to do.
func workBy() string {
	return `
	SELECT value, sum(done)::bigint AS done` +
		partsBy(`opened + messages_in + messages_out + resolved AS done, reopened + abandoned + first_count + next_count AS rest`, true) + `
	GROUP BY value
	HAVING sum(done + rest) > 0`
}

// source says which rows sums by a group are made from, and by which column.
type source struct {
	kind    Kind
	column  string
	all     bool     // all values of the kind count
	values  []string // if all is false, only these count
	longest int      // the length in days of the longest spans that may be read
}

// sourceBy returns the source of a group. Groups by the values of a kind (ByAgent and so on) are narrowed to names, unless
// names is empty.
func (f Filter) sourceBy(by Group, names []string) (source, error) {
	switch by {
	case ByDay:
		return source{kind: f.Kind, column: "day", values: f.allValues(), longest: singleDay}, nil
	case ByWeek:
		return source{kind: f.Kind, column: "day", values: f.allValues(), longest: weekDays}, nil
	case ByAccount:
		return source{kind: f.Kind, column: "account_id", values: f.allValues(), longest: longDays}, nil
	case ByTeam:
		return source{kind: f.Kind, column: "team_id", values: f.allValues(), longest: longDays}, nil
	case ByAgent, ByTag, ByIntent, ByMood:
		if f.Kind != KindAll {
			break
		}
		if len(names) > 0 {
			return source{kind: Kind(by), column: "value", values: names, longest: longDays}, nil
		}
		return source{kind: Kind(by), column: "value", all: true, values: f.allValues(), longest: longDays}, nil
	}

	return source{}, fmt.Errorf("store: figures by %s of one %s", by, f.Kind)
}

// statementArguments returns the arguments of a statement with partsBy.
func (s source) statementArguments(f Filter) ([]any, error) {
	p, err := partsOf(f.From, f.To, s.longest)
	if err != nil {
		return nil, err
	}
	return []any{s.kind, s.values, p.days, p.weeks, p.long, f.Accounts, f.Teams}, nil
}

// Sums reads sums by a group, without sums that are only zeros. Groups by agent, tag, intent or mood are narrowed to
// names, unless names is empty.
func Sums(ctx context.Context, q query.Querier, f Filter, by Group, names []string) ([]Sum, error) {
	from, err := f.sourceBy(by, names)
	if err != nil {
		return nil, err
	}

	args, err := from.statementArguments(f)
	if err != nil {
		return nil, err
	}

	rows, err := query.Collect[Sum](ctx, q, "figures", sumsBy(from.column, from.all), args...)
	var list []Sum
	for _, s := range rows {
		if !s.isZero() {
			list = append(list, s)
		}
	}

	return list, err
}

// Work is how much one agent, tag, intent or mood had to do: conversations and messages together.
type Work struct {
	Value string `db:"value"`
	Done  int64  `db:"done"`
}

// WorkBy returns how much each agent, tag, intent or mood had to do. It has the same ones as Sums but takes a third
// of the time, so a page that shows only the busiest asks here first, and then asks Sums for these.
func WorkBy(ctx context.Context, q query.Querier, f Filter, by Group) ([]Work, error) {
	from, err := f.sourceBy(by, nil)
	if err != nil {
		return nil, err
	}
	if !from.all {
		return nil, fmt.Errorf("store: work by %s", by)
	}
	args, err := from.statementArguments(f)
	if err != nil {
		return nil, err
	}
	return query.Collect[Work](ctx, q, "work", workBy(), args...)
}

// isZero returns whether all sums are zero.
func (f *Figures) isZero() bool {
	return !slices.ContainsFunc(f.sumFields(), func(n *int64) bool { return *n != 0 })
}

// Time names one of the times that are measured.
type Time string

// Times.
const (
	FirstAnswer Time = "first"
	NextAnswer  Time = "next"
	Ended       Time = "ended"
)

// worstColumn names the column of the longest single times, in business hours if open.
func (t Time) worstColumn(open bool) string {
	if open {
		return string(t) + "_worst_open"
	}
	return string(t) + "_worst"
}

// Worst is a conversation with a long time.
type Worst struct {
	ConversationID store.ConversationID `db:"conversation_id"`
	Seconds        int64                `db:"seconds"`
	Day            string               `db:"day"`
	AgentID        store.AgentID        `db:"agent_id"` // 0 if nobody
}

// worstDays returns the statement that lists days, accounts and teams. Each has a bound: no single time in it is
// longer.
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

// maxDaysAtOnce bounds how many rows of worstDays are looked through at once: at first one, then twice as many each time.
const maxDaysAtOnce = 16

// LongestTimes returns at most limit conversations with the longest times, the longest first. If open is true, only
// business hours count. It looks through the days in the order of their bounds, and stops once no other day can
// have a longer time.
func LongestTimes(ctx context.Context, q query.Querier, f Filter, t Time, open bool, limit int) ([]Worst, error) {
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

	keys, err := query.Collect[key](ctx, q, "worst days", worstDays(t.worstColumn(open)), f.Kind, f.allValues(), p.days, f.Accounts, f.Teams)
	if err != nil {
		return nil, err
	}

	var list []Worst
	var shortest int64 // of the times in list, once it is full: only longer ones matter
	for atOnce := 1; len(keys) > 0 && keys[0].Bound > shortest; atOnce = min(2*atOnce, maxDaysAtOnce) {
		page := keys[:min(atOnce, len(keys))]
		keys = keys[len(page):]
		days := query.Field(page, func(k *key) string { return k.Day })
		accounts := query.Field(page, func(k *key) store.AccountID { return k.AccountID })
		teams := query.Field(page, func(k *key) store.TeamID { return k.TeamID })
		found, err := query.Collect[Worst](ctx, q, "worst conversations", worstShares(t.worstColumn(open)),
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

// keepLongest returns the conversations with the longest times, each of them once.
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
