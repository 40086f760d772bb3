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

// Filter says of which days and conversations figures are.
type Filter struct {
	From, To string            // the first and the last day, yyyy-mm-dd
	Accounts []store.AccountID // nil = all
	Teams    []store.TeamID    // nil = all; 0 = conversations without a team
	Kind     Kind
	Value    string   // of Kind; "" for KindAll
	Also     []string // values that count as the same: the former names of a tag
}

func (f Filter) values() []string { return append([]string{f.Value}, f.Also...) }

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
	ByWeek    Group = "week" // by their Mondays; days of weeks that are not whole one by one
	ByAccount Group = "account"
	ByTeam    Group = "team"
	ByAgent   Group = "agent" // and the following: only where a Filter's Kind is KindAll
	ByTag     Group = "tag"
	ByIntent  Group = "intent"
	ByMood    Group = "mood"
)

// partsBy gives the part of a statement that reads some columns of sums: of the values $2 alone, or of all (then $2 says
// nothing). What it reads is named day by day, since PostgreSQL finds these in the index, and of a time all values of each day.
func partsBy(columns string, all bool) string {
	of := `value, account_id, team_id, day, ` + columns
	where := `
		WHERE kind = $1 AND day = ANY($%d::date[])`
	if !all {
		where += ` AND value = ANY($2::text[])`
	}
	return `
	FROM (
		SELECT ` + of + ` FROM measure_days` + fmt.Sprintf(where, 3) + `
		UNION ALL
		SELECT ` + of + ` FROM measure_spans` + fmt.Sprintf(where, 4) + ` AND days = 7
		UNION ALL
		SELECT ` + of + ` FROM measure_spans` + fmt.Sprintf(where, 5) + ` AND days = 28) AS d
	WHERE ($2::text[] IS NOT NULL) AND ($6::bigint[] IS NULL OR account_id = ANY($6)) AND ($7::bigint[] IS NULL OR team_id = ANY($7))`
}

// sumsBy gives the statement that sums up by a column, as partsBy reads it.
func sumsBy(column string, all bool) string {
	return `
	SELECT ` + column + `::text AS value, ` + each(sumColumns, "sum(?)::bigint AS ?") + ", " + each(worstColumns, "max(?) AS ?") + partsBy(figureColumns, all) + `
	GROUP BY ` + column + `
	ORDER BY ` + column
}

// workBy gives the statement that says how much all values of a kind have to do.
func workBy() string {
	return `
	SELECT value, sum(done)::bigint AS done` +
		partsBy(`opened + messages_in + messages_out + resolved AS done, reopened + abandoned + first_count + next_count AS rest`, true) + `
	GROUP BY value
	HAVING sum(done + rest) > 0`
}

// grouped says which rows a group is made from, and by which column.
type grouped struct {
	kind    Kind
	column  string
	all     bool // of all values
	values  []string
	longest int // in days, of the spans that are read
}

// grouped gives those of a group: of ByAgent, ByTag, ByIntent and ByMood only names of them, unless there are none.
func (f Filter) grouped(by Group, names []string) (grouped, error) {
	switch by {
	case ByDay:
		return grouped{f.Kind, "day", false, f.values(), 1}, nil
	case ByWeek:
		return grouped{f.Kind, "day", false, f.values(), weekDays}, nil
	case ByAccount:
		return grouped{f.Kind, "account_id", false, f.values(), longDays}, nil
	case ByTeam:
		return grouped{f.Kind, "team_id", false, f.values(), longDays}, nil
	case ByAgent, ByTag, ByIntent, ByMood:
		if f.Kind == KindAll && len(names) > 0 {
			return grouped{Kind(by), "value", false, names, longDays}, nil
		}
		if f.Kind == KindAll {
			return grouped{Kind(by), "value", true, f.values(), longDays}, nil
		}
	}
	return grouped{}, fmt.Errorf("store: figures by %s of one %s", by, f.Kind)
}

// Sums reads sums by a group, without those that are nothing but zeros. Of ByAgent, ByTag, ByIntent and ByMood only names
// of them, unless there are none.
func Sums(ctx context.Context, q query.Querier, f Filter, by Group, names []string) ([]Sum, error) {
	g, err := f.grouped(by, names)
	if err != nil {
		return nil, err
	}
	p, err := partsOf(f.From, f.To, g.longest)
	if err != nil {
		return nil, err
	}
	rows, err := query.Collect[Sum](ctx, q, "figures", sumsBy(g.column, g.all), g.kind, g.values, p.days, p.weeks, p.long, f.Accounts, f.Teams)
	var list []Sum
	for _, s := range rows {
		if !s.zero() {
			list = append(list, s)
		}
	}
	return list, err
}

// Work is how much one of a group had to do: conversations and messages together.
type Work struct {
	Value string `db:"value"`
	Done  int64  `db:"done"`
}

// WorkBy tells of each of ByAgent, ByTag, ByIntent or ByMood how much it had to do: of those that Sums gives. It takes a
// third of the time of Sums: who shows those with the most to do asks here first.
func WorkBy(ctx context.Context, q query.Querier, f Filter, by Group) ([]Work, error) {
	g, err := f.grouped(by, nil)
	if err == nil && !g.all {
		err = fmt.Errorf("store: work by %s", by)
	}
	if err != nil {
		return nil, err
	}
	p, err := partsOf(f.From, f.To, g.longest)
	if err != nil {
		return nil, err
	}
	return query.Collect[Work](ctx, q, "work", workBy(), g.kind, g.values, p.days, p.weeks, p.long, f.Accounts, f.Teams)
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
	ConversationID store.ConversationID `db:"conversation_id"`
	Seconds        int64                `db:"seconds"`
	Day            string               `db:"day"`
	AgentID        store.AgentID        `db:"agent_id"` // 0 = nobody
}

// worstDays gives the days, accounts and teams that may have the longest times, by their bounds.
func worstDays(column string) string {
	return `
	SELECT day::text AS day, account_id, team_id, max(` + column + `) AS bound
	FROM measure_days
	WHERE kind = $1 AND value = ANY($2::text[]) AND day = ANY($3::date[])
		AND ($4::bigint[] IS NULL OR account_id = ANY($4)) AND ($5::bigint[] IS NULL OR team_id = ANY($5)) AND ` + column + ` > 0
	GROUP BY day, account_id, team_id
	ORDER BY bound DESC, day, account_id, team_id`
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
		WHEN 'agent' THEN s.agent_id::text = ANY($2::text[])
		WHEN 'tag' THEN l.tags && $2::text[]
		WHEN 'intent' THEN coalesce(l.intent, '') = ANY($2::text[])
		WHEN 'mood' THEN coalesce(l.mood, '') = ANY($2::text[])
		ELSE true END
	GROUP BY s.conversation_id
	ORDER BY seconds DESC, s.conversation_id
	LIMIT $7`
}

// worstAtOnce is how many days, accounts and teams are looked through at once: at first one, then twice as many each time.
const worstAtOnce = 16

// LongestTimes returns the conversations with the longest times, the longest first; in business hours if open. It reads
// the days that may have them in the order of their bounds, until no other day can have a longer time.
func LongestTimes(ctx context.Context, q query.Querier, f Filter, t Time, open bool, most int) ([]Worst, error) {
	type key struct {
		Day       string          `db:"day"`
		AccountID store.AccountID `db:"account_id"`
		TeamID    store.TeamID    `db:"team_id"`
		Bound     int64           `db:"bound"`
	}
	p, err := partsOf(f.From, f.To, 1)
	if err != nil {
		return nil, err
	}
	keys, err := query.Collect[key](ctx, q, "worst days", worstDays(t.column(open)), f.Kind, f.values(), p.days, f.Accounts, f.Teams)
	if err != nil {
		return nil, err
	}
	var list []Worst
	for n := 1; len(keys) > 0 && (len(list) < most || list[most-1].Seconds < keys[0].Bound); n = min(2*n, worstAtOnce) {
		some := keys[:min(n, len(keys))]
		keys = keys[len(some):]
		var days []string
		var accounts []store.AccountID
		var teams []store.TeamID
		for _, k := range some {
			days, accounts, teams = append(days, k.Day), append(accounts, k.AccountID), append(teams, k.TeamID)
		}
		var least int64
		if len(list) == most {
			least = list[most-1].Seconds
		}
		found, err := query.Collect[Worst](ctx, q, "worst conversations", worstShares(t.column(open)), f.Kind, f.values(), days, accounts, teams, least, most)
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
	var seen []store.ConversationID
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
	AtLeast    bool       `db:"at_least"` // there are so many that not all were counted
}

// nowLimit bounds how many open conversations are looked at: those that aren't snoozed come first, and of them who has
// waited longest, in the order of the index conversations_waiting.
const nowLimit = 2_000

// ofAgent narrows openNow to conversations that an agent has, which PostgreSQL finds by an index of their assignees.
const ofAgent = ` AND assignees @> ARRAY[$8::bigint] OFFSET 0`

// openNow counts what is open; narrow is "" or ofAgent.
func openNow(narrow string) string {
	return `
	SELECT count(*) FILTER (WHERE waits) AS waiting, min(waiting_since) FILTER (WHERE waits) AS oldest,
		count(*) FILTER (WHERE waits AND assignees = '{}') AS unassigned, count(*) AS open, count(*) FILTER (WHERE status = 'snoozed') AS snoozed,
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

// ReadNow counts what is open now, of at most 2,000 conversations. The days of the filter don't matter.
// intent and mood name the traits.
func ReadNow(ctx context.Context, q store.Querier, f Filter, intent, mood string) (Now, error) {
	args := []any{f.Kind, f.values(), f.Accounts, f.Teams, intent, mood, nowLimit}
	narrow := ""
	if agent, err := strconv.ParseInt(f.Value, 10, 64); err == nil && f.Kind == KindAgent && agent > 0 {
		narrow, args = ofAgent, append(args, agent)
	}
	list, err := query.Collect[Now](ctx, q, "open now", openNow(narrow), args...)
	if err != nil || len(list) == 0 {
		return Now{}, err
	}
	return list[0], nil
}
