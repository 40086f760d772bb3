package measure

import (
	"context"
	"fmt"
	"slices"

	"parley/store"
	"parley/store/internal/query"
)

// Reports and the dashboard read their figures here: how many conversations were opened and resolved, and how long
// customers waited. The statements don't read conversations. They read sums by day, account and team, which a background
// job keeps up to date. For example, Sums with ByTeam returns one Sum for each team in the filter's range of days.

// Filter selects days and conversations.
type Filter struct {
	From, To string            // the first and the last day, yyyy-mm-dd
	Accounts []store.AccountID // nil means all
	Teams    []store.TeamID    // nil means all; 0 stands for conversations without a team
	Kind     Kind
	Value    string   // a value of Kind, such as a tag; empty for KindAll
	Also     []string // further values that count as Value, such as former names of a tag
}

// allValues returns Value and its equivalents.
func (f Filter) allValues() []string { return append([]string{f.Value}, f.Also...) }

// Sum holds the figures of one day, account, team, agent, tag, intent or mood. Value identifies it: for example the day
// "2026-11-28", or the ID of a team.
type Sum struct {
	Value string `db:"value"`
	Figures
}

// Group selects what the figures are grouped by.
type Group string

// Groups of sums.
const (
	ByDay     Group = "day"
	ByWeek    Group = "week" // Value is the week's Monday; each day of an incomplete week has its own Sum
	ByAccount Group = "account"
	ByTeam    Group = "team"
	ByAgent   Group = "agent" // this and the following require Filter.Kind to be KindAll
	ByTag     Group = "tag"
	ByIntent  Group = "intent"
	ByMood    Group = "mood"
)

// source selects the rows from which sums are computed, and the column by which they are grouped.
type source struct {
	kind    Kind
	column  string
	all     bool     // include all values of the kind
	values  []string // include only these values, unless all is true
	longest int      // the maximum length in days of the stored spans to read
}

// sourceBy returns the source of a group. If names isn't empty, groups by the values of a kind (ByAgent, ByTag, ByIntent and
// ByMood) include only these values.
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

// rows returns the FROM clause that reads some columns of the source's rows. The days are passed as a list and not as a
// range: PostgreSQL looks up each day of a list by index, but for a range it would read the sums of all values. If all
// values are included, $2 is passed but doesn't restrict the rows.
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

// sums returns the statement that adds up the source's rows, grouped by its column.
func (s source) sums() string {
	return `
	SELECT ` + s.column + `::text AS value, ` +
		listColumns(sumColumns, "sum(?)::bigint AS ?") + ", " + listColumns(worstColumns, "max(?) AS ?") + s.rows(figureColumns) + `
	GROUP BY ` + s.column + `
	ORDER BY ` + s.column
}

// work returns the statement that computes the Work of each value.
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

// Sums reads the sums of a group, and omits those that are zero. If names isn't empty, groups by agent, tag, intent or mood
// include only these values.
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

// isZero reports whether all sums are zero.
func (f *Figures) isZero() bool {
	return !slices.ContainsFunc(f.sumFields(), func(n *int64) bool { return *n != 0 })
}

// Work is how much one agent, tag, intent or mood had to do: conversations and messages together.
type Work struct {
	Value string `db:"value"`
	Done  int64  `db:"done"`
}

// WorkBy returns the Work of each agent, tag, intent or mood. It covers the same values as Sums in a third of the time. So a
// page that shows only the busiest agents first finds them with WorkBy, and then calls Sums with their names.
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

// spreads returns the statement that concatenates encoded spreads, grouped by the source's column. See Spread.encode.
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

// Spreads reads the spreads (histograms) of times of a group, by Sum.Value. If names isn't empty, groups by agent, tag,
// intent or mood include only these values.
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
