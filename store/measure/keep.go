package measure

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

const (
	sumColumns = `opened, reopened, resolved, abandoned, messages_in, messages_out, first_count, first_sum, first_sum_open,
		next_count, next_sum, next_sum_open, ended_sum, ended_sum_open`
	worstColumns  = `first_worst, first_worst_open, next_worst, next_worst_open, ended_worst, ended_worst_open`
	figureColumns = sumColumns + ", " + worstColumns
	shareColumns  = `conversation_id, day, team_id, agent_id, account_id, ` + figureColumns
)

// each writes an expression of a column for each of some columns, separated by commas.
func each(columns, expression string) string {
	var list []string
	for column := range strings.SplitSeq(columns, ",") {
		list = append(list, strings.ReplaceAll(expression, "?", strings.TrimSpace(column)))
	}
	return strings.Join(list, ", ")
}

const (
	labelsOf   = `SELECT conversation_id, tags, intent, mood FROM measure_labels WHERE conversation_id = ANY($1)`
	dropShares = `DELETE FROM measure_shares WHERE conversation_id = ANY($1)`
	dropLabels = `DELETE FROM measure_labels WHERE conversation_id = ANY($1)`
	keepLabels = `
		INSERT INTO measure_labels (conversation_id, tags, intent, mood)
		SELECT conversation_id, tags, intent, mood
		FROM json_populate_recordset(NULL::measure_labels, $1)
		WHERE tags <> '{}' OR intent <> '' OR mood <> ''`
)

func sharesOf() string {
	return `
		SELECT conversation_id, day::text AS day, team_id, agent_id, account_id, ` + each(figureColumns, "coalesce(?, 0) AS ?") + `
		FROM measure_shares
		WHERE conversation_id = ANY($1)`
}

func insertShares() string {
	return `
		INSERT INTO measure_shares (` + shareColumns + `)
		SELECT conversation_id, day, team_id, agent_id, account_id, ` + each(figureColumns, "nullif(?, 0)") + `
		FROM json_populate_recordset(NULL::measure_shares, $1)`
}

func addDays() string {
	return `
		INSERT INTO measure_days AS d (kind, day, value, account_id, team_id, ` + figureColumns + `)
		SELECT kind, day, value, account_id, team_id, ` + figureColumns + `
		FROM json_populate_recordset(NULL::measure_days, $1)
		ON CONFLICT (kind, day, value, account_id, team_id) DO UPDATE
		SET ` + each(sumColumns, "? = d.? + EXCLUDED.?") + ", " + each(worstColumns, "? = greatest(d.?, EXCLUDED.?)")
}

// Keep replaces the shares of conversations by new ones, and corrects the sums by the difference: however often a
// conversation is measured, it counts once. labels are of all the conversations, shares of any of them.
func Keep(ctx context.Context, tx pgx.Tx, labels []Labels, shares []Share) error {
	ids := make([]int64, len(labels))
	for i, l := range labels {
		ids[i] = l.ConversationID
	}
	oldShares, err := query.Collect[Share](ctx, tx, "shares", sharesOf(), ids)
	if err != nil {
		return err
	}
	oldLabels, err := query.Collect[Labels](ctx, tx, "labels", labelsOf, ids)
	if err != nil {
		return err
	}
	before, now := contributions(oldLabels, oldShares), contributions(labels, shares)
	days := map[day]Figures{}
	ids, labels, shares = nil, nil, nil
	for _, id := range slices.Sorted(maps.Keys(now)) {
		if c := now[id]; !c.equal(before[id]) {
			before[id].count(days, -1)
			c.count(days, 1)
			ids, labels, shares = append(ids, id), append(labels, c.labels), append(shares, c.shares...)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	for _, drop := range []string{dropShares, dropLabels} {
		if _, err := tx.Exec(ctx, drop, ids); err != nil {
			return fmt.Errorf("store: shares: %w", err)
		}
	}
	if err := insert(ctx, tx, insertShares(), shares); err != nil {
		return err
	}
	if err := insert(ctx, tx, keepLabels, labels); err != nil {
		return err
	}
	return insert(ctx, tx, addDays(), inOrder(days))
}

func insert[T any](ctx context.Context, tx pgx.Tx, sql string, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sql, body); err != nil {
		return fmt.Errorf("store: keep figures: %w", err)
	}
	return nil
}

// contribution is all that one conversation adds to the sums.
type contribution struct {
	labels Labels
	shares []Share
}

// contributions gives them by conversation, their shares in order.
func contributions(labels []Labels, shares []Share) map[int64]contribution {
	all := map[int64]contribution{}
	for _, l := range labels {
		all[l.ConversationID] = contribution{labels: l}
	}
	shares = slices.SortedFunc(slices.Values(shares), func(a, b Share) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), cmp.Compare(a.TeamID, b.TeamID), cmp.Compare(a.AgentID, b.AgentID))
	})
	for _, s := range shares {
		c := all[s.ConversationID]
		c.shares = append(c.shares, s)
		all[s.ConversationID] = c
	}
	return all
}

func (c contribution) equal(other contribution) bool {
	return c.labels.Intent == other.labels.Intent && c.labels.Mood == other.labels.Mood &&
		slices.Equal(c.labels.Tags, other.labels.Tags) && slices.Equal(c.shares, other.shares)
}

// count adds the shares to the sums in which they are, so many times. What is taken off lowers no Worst.
func (c contribution) count(days map[day]Figures, times int64) {
	for _, s := range c.shares {
		for _, k := range c.sumsOf(s) {
			f := days[k]
			if f.add(s.Figures, times); times > 0 {
				f.raise(s.Figures)
			}
			days[k] = f
		}
	}
}

// sumsOf gives the rows of measure_days that count a share.
func (c contribution) sumsOf(s Share) []day {
	list := []day{{Kind: KindAll}, {Kind: KindAgent, Value: strconv.FormatInt(s.AgentID, 10)}, {Kind: KindIntent, Value: c.labels.Intent}, {Kind: KindMood, Value: c.labels.Mood}}
	for _, tag := range c.labels.Tags {
		list = append(list, day{Kind: KindTag, Value: tag})
	}
	for i := range list {
		list[i].Day, list[i].AccountID, list[i].TeamID = s.Day, s.AccountID, s.TeamID
	}
	return list
}

// inOrder gives the sums that change, in the order in which every process writes them.
func inOrder(days map[day]Figures) []day {
	rows := slices.SortedFunc(maps.Keys(days), func(a, b day) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Day, b.Day), strings.Compare(a.Value, b.Value),
			cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.TeamID, b.TeamID))
	})
	for i := range rows {
		rows[i].Figures = days[rows[i]]
	}
	return rows
}
