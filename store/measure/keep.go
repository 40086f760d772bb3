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

	"parley/store"
	"parley/store/internal/query"
)

// The figures of a day are sums over conversations. What one conversation contributes to a day is a share, and shares are
// kept, too: when a conversation is measured again, its old shares are subtracted from the sums and the new ones added. So
// it counts once, however often it is measured.

const (
	sumColumns = `opened, reopened, resolved, abandoned, messages_in, messages_out, first_count, first_sum, first_sum_open,
		next_count, next_sum, next_sum_open, ended_sum, ended_sum_open`
	worstColumns  = `first_worst, first_worst_open, next_worst, next_worst_open, ended_worst, ended_worst_open`
	figureColumns = sumColumns + ", " + worstColumns
	shareColumns  = `conversation_id, day, team_id, agent_id, account_id, ` + figureColumns
)

// listColumns writes an expression for each of the columns, separated by commas, with the column in place of each question
// mark: of "a, b" and "? = d.?" it makes "a = d.a, b = d.b".
func listColumns(columns, expression string) string {
	var list []string
	for column := range strings.SplitSeq(columns, ",") {
		list = append(list, strings.ReplaceAll(expression, "?", strings.TrimSpace(column)))
	}
	return strings.Join(list, ", ")
}

const (
	labelsOf   = `SELECT conversation_id, tags, intent, mood FROM measure_labels WHERE conversation_id = ANY($1)`
	dropLabels = `DELETE FROM measure_labels WHERE conversation_id = ANY($1)`
	keepLabels = `
		INSERT INTO measure_labels (conversation_id, tags, intent, mood)
		SELECT conversation_id, tags, intent, mood
		FROM json_populate_recordset(NULL::measure_labels, $1)
		WHERE tags <> '{}' OR intent <> '' OR mood <> ''`
	dropShares = `
		DELETE FROM measure_shares AS s
		USING json_populate_recordset(NULL::measure_shares, $1) AS r
		WHERE s.conversation_id = r.conversation_id AND s.day = r.day AND s.team_id = r.team_id AND s.agent_id = r.agent_id`
)

// sharesOf returns the statement that reads shares of days that are not closed. Zeros are stored as NULL.
func sharesOf() string {
	return `
		SELECT conversation_id, day::text AS day, team_id, agent_id, account_id, ` + listColumns(figureColumns, "coalesce(?, 0) AS ?") + `
		FROM measure_shares
		WHERE conversation_id = ANY($1) AND day >= $2::date`
}

// keepShares returns the statement that writes shares. Zeros are stored as NULL.
func keepShares() string {
	return `
		INSERT INTO measure_shares (` + shareColumns + `)
		SELECT conversation_id, day, team_id, agent_id, account_id, ` + listColumns(figureColumns, "nullif(?, 0)") + `
		FROM json_populate_recordset(NULL::measure_shares, $1)
		ON CONFLICT (conversation_id, day, team_id, agent_id) DO UPDATE
		SET account_id = EXCLUDED.account_id, ` + listColumns(figureColumns, "? = EXCLUDED.?")
}

// addDays returns the statement that adds figures to the sums of days.
func addDays() string {
	return `
		INSERT INTO measure_days AS d (kind, day, value, account_id, team_id, ` + figureColumns + `)
		SELECT kind, day, value, account_id, team_id, ` + figureColumns + `
		FROM json_populate_recordset(NULL::measure_days, $1)
		ON CONFLICT (kind, day, value, account_id, team_id) DO UPDATE
		SET ` + listColumns(sumColumns, "? = d.? + EXCLUDED.?") + ", " + listColumns(worstColumns, "? = greatest(d.?, EXCLUDED.?)")
}

// Keep replaces the shares of conversations by new ones, and corrects the sums by the difference. labels must have each of
// the conversations. One without a share in shares doesn't count any more. Keep leaves out shares of days that are closed,
// which don't change any more.
func (p *Progress) Keep(ctx context.Context, tx pgx.Tx, labels []Labels, shares []Share) error {
	ids := make([]store.ConversationID, len(labels))
	for i, l := range labels {
		ids[i] = l.ConversationID
	}

	oldShares, err := query.Collect[Share](ctx, tx, "shares", sharesOf(), ids, cmp.Or(p.closed, "0001-01-01"))
	if err != nil {
		return err
	}

	oldLabels, err := query.Collect[Labels](ctx, tx, "labels", labelsOf, ids)
	if err != nil {
		return err
	}

	shares = slices.DeleteFunc(slices.Clone(shares), func(s Share) bool { return s.Day < p.closed })
	before, now := contributions(oldLabels, oldShares), contributions(labels, shares)
	days := map[day]Figures{}
	var changed change
	for _, id := range slices.Sorted(slices.Values(ids)) {
		if now[id].equal(before[id]) {
			continue
		}

		before[id].count(days, -1)
		now[id].count(days, 1)
		changed.add(id, before[id], now[id])
	}

	if len(days) == 0 {
		return nil
	}
	if err := changed.write(ctx, tx); err != nil {
		return err
	}

	return write(ctx, tx, addDays(), inOrder(days))
}

// change is what is written of conversations whose contribution changed.
type change struct {
	ids     []store.ConversationID // the conversations whose labels changed
	labels  []Labels               // their new labels
	removed []Share
	written []Share // new ones, and those with other figures
}

// add notes what differs between two contributions of a conversation.
func (ch *change) add(id store.ConversationID, before, now contribution) {
	if !now.labels.equal(before.labels) {
		ch.ids = append(ch.ids, id)
		ch.labels = append(ch.labels, now.labels)
	}

	for _, s := range before.shares {
		if !slices.ContainsFunc(now.shares, s.hasSameKey) {
			ch.removed = append(ch.removed, s)
		}
	}

	for _, s := range now.shares {
		if !slices.Contains(before.shares, s) {
			ch.written = append(ch.written, s)
		}
	}
}

// write stores the new labels and shares, and removes the old ones.
func (ch *change) write(ctx context.Context, tx pgx.Tx) error {
	if len(ch.ids) > 0 {
		if _, err := tx.Exec(ctx, dropLabels, ch.ids); err != nil {
			return fmt.Errorf("store: labels: %w", err)
		}
	}
	if err := write(ctx, tx, keepLabels, ch.labels); err != nil {
		return err
	}
	if err := write(ctx, tx, dropShares, ch.removed); err != nil {
		return err
	}
	return write(ctx, tx, keepShares(), ch.written)
}

// write runs a statement whose $1 is a JSON array of rows, if there are any.
func write[T any](ctx context.Context, tx pgx.Tx, sql string, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	return query.Exec(ctx, tx, "keep figures", sql, body)
}

// contribution is all that one conversation adds to the sums.
type contribution struct {
	labels Labels
	shares []Share
}

// contributions returns the contributions of conversations, with their shares in order. Labels of a conversation without
// shares are left out.
func contributions(labels []Labels, shares []Share) map[store.ConversationID]contribution {
	all := map[store.ConversationID]contribution{}
	shares = slices.SortedFunc(slices.Values(shares), func(a, b Share) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), cmp.Compare(a.TeamID, b.TeamID), cmp.Compare(a.AgentID, b.AgentID))
	})
	for _, s := range shares {
		c := all[s.ConversationID]
		c.shares = append(c.shares, s)
		all[s.ConversationID] = c
	}

	for _, l := range labels {
		if c, hasShares := all[l.ConversationID]; hasShares {
			c.labels = l
			all[l.ConversationID] = c
		}
	}

	return all
}

func (c contribution) equal(other contribution) bool {
	return c.labels.equal(other.labels) && slices.Equal(c.shares, other.shares)
}

func (l Labels) equal(other Labels) bool {
	return l.Intent == other.Intent && l.Mood == other.Mood && slices.Equal(l.Tags, other.Tags)
}

// hasSameKey returns whether both shares are of the same conversation, day, team and agent.
func (s Share) hasSameKey(other Share) bool {
	isSameDay := s.ConversationID == other.ConversationID && s.Day == other.Day
	return isSameDay && s.TeamID == other.TeamID && s.AgentID == other.AgentID
}

// count adds the shares to the sums of which they are part: once for 1, or takes them off for -1. Taking off lowers no
// Worst, because a sum doesn't know its second longest time.
func (c contribution) count(days map[day]Figures, sign int64) {
	for _, s := range c.shares {
		for _, key := range c.sumsOf(s) {
			figures := days[key]
			figures.add(s.Figures, sign)
			if sign > 0 {
				figures.raiseWorsts(s.Figures)
			}
			days[key] = figures
		}
	}
}

// sumsOf returns the rows of measure_days that a share is part of, without their figures.
func (c contribution) sumsOf(s Share) []day {
	list := []day{
		{Kind: KindAll},
		{Kind: KindAgent, Value: strconv.FormatInt(int64(s.AgentID), 10)},
		{Kind: KindIntent, Value: c.labels.Intent},
		{Kind: KindMood, Value: c.labels.Mood},
	}
	for _, tag := range c.labels.Tags {
		list = append(list, day{Kind: KindTag, Value: tag})
	}

	for i := range list {
		list[i].Day = s.Day
		list[i].AccountID = s.AccountID
		list[i].TeamID = s.TeamID
	}

	return list
}

// inOrder returns the sums that change in one fixed order, so that two processes that write sums can't wait for each other.
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
