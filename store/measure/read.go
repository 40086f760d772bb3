package measure

import (
	"context"
	"fmt"
	"slices"

	"parley/store"
	"parley/store/internal/query"
)

// Reports and the dashboard read their figures here: how many conversations were opened and resolved, and how long
// customers waited. Shortly after something happens, it is added to sums by day, account and team, which the statements
// here read. longest.go finds single conversations that waited long, and now.go counts what is open.

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

// rows returns the part of a statement that reads some columns of the source's rows. The days are given as a list and not
// as a range: PostgreSQL finds each of a list by index, but for a range it would read the sums of all values. Where all
// values count, $2 is given and not used.
func (s source) rows(columns string) string {
	narrow := ` AND value = ANY($2::text[])`
	if s.all {
		narrow = ""
	}
	from := func(table string, argument int) string {
		return fmt.Sprintf(`
		SELECT value, account_id, team_id, day, %s FROM %s
		WHERE kind = $1 AND day = ANY($%d::date[])%s`, columns, table, argument, narrow)
	}

	return `
	FROM (` + from("measure_days", 3) + `
		UNION ALL` + from("measure_spans", 4) + ` AND days = 7
		UNION ALL` + from("measure_spans", 5) + ` AND days = 28) AS d
	WHERE ($2::text[] IS NOT NULL) AND ($6::bigint[] IS NULL OR account_id = ANY($6)) AND ($7::bigint[] IS NULL OR team_id = ANY($7))`
}

// sums returns the statement that sums up the source's rows by its column.
func (s source) sums() string {
	return `
	SELECT ` + s.column + `::text AS value, ` +
		listColumns(sumColumns, "sum(?)::bigint AS ?") + ", " + listColumns(worstColumns, "max(?) AS ?") + s.rows(figureColumns) + `
	GROUP BY ` + s.column + `
	ORDER BY ` + s.column
}

// work returns the statement that counts how much each value had to do.
func (s source) work() string {
	return `
	SELECT value, sum(done)::bigint AS done` +
		s.rows(`opened + messages_in + messages_out + resolved AS done, reopened + abandoned + first_count + next_count AS rest`) + `
	GROUP BY value
	HAVING sum(done + rest) > 0`
}

// statementArguments returns the arguments of a statement that reads the source's rows.
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

	rows, err := query.Collect[Sum](ctx, q, "figures", from.sums(), args...)
	if err != nil {
		return nil, err
	}

	var list []Sum
	for _, s := range rows {
		if !s.isZero() {
			list = append(list, s)
		}
	}

	return list, nil
}

// isZero returns whether all sums are zero.
func (f *Figures) isZero() bool {
	return !slices.ContainsFunc(f.sumFields(), func(n *int64) bool { return *n != 0 })
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
	return query.Collect[Work](ctx, q, "work", from.work(), args...)
}

// spreads returns the statement that joins spreads by the source's column, as sums does with sums.
func (s source) spreads(hours Hours) string {
	narrow := ` AND value = ANY($2::text[])`
	if s.all {
		narrow = ""
	}
	rows := func(days, argument int) string {
		return fmt.Sprintf(`
		SELECT day, value, account_id, team_id, %s AS lengths
		FROM measure_spreads
		WHERE kind = $1 AND days = %d AND day = ANY($%d::date[])%s`, hours, days, argument, narrow)
	}

	return `
	SELECT ` + s.column + `::text AS value, string_agg(lengths, ''::bytea) AS lengths
	FROM (` + rows(singleDay, 3) + `
		UNION ALL` + rows(weekDays, 4) + `
		UNION ALL` + rows(longDays, 5) + `) AS s
	WHERE ($2::text[] IS NOT NULL) AND ($6::bigint[] IS NULL OR account_id = ANY($6)) AND ($7::bigint[] IS NULL OR team_id = ANY($7))
	GROUP BY ` + s.column
}

// Spreads reads the spreads of times by a group. Groups by agent, tag, intent or mood are narrowed to names, unless names is
// empty.
func Spreads(ctx context.Context, q query.Querier, f Filter, by Group, hours Hours, names []string) (map[string]*Spread, error) {
	from, err := f.sourceBy(by, names)
	if err != nil {
		return nil, err
	}

	args, err := from.statementArguments(f)
	if err != nil {
		return nil, err
	}

	type row struct {
		Value   string `db:"value"`
		Lengths []byte `db:"lengths"`
	}

	rows, err := query.Collect[row](ctx, q, "spreads of times", from.spreads(hours), args...)
	if err != nil {
		return nil, err
	}

	list := map[string]*Spread{}
	for _, r := range rows {
		list[r.Value] = &Spread{}
		if err := list[r.Value].addBytes(r.Lengths); err != nil {
			return nil, err
		}
	}

	return list, nil
}
