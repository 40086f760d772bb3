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

// The figures of a day are sums over conversations. A share is what one conversation contributes to one day. Shares are
// stored as well: when a conversation is measured again, its old shares are subtracted from the sums and the new ones are
// added, so it counts once however often it is measured. For example, a conversation that is moved from team 3 to team 5
// is subtracted from the sums of team 3 and added to those of team 5.

const (
	sumColumns = `opened, reopened, resolved, abandoned, messages_in, messages_out, first_count, first_sum, first_sum_open,
		next_count, next_sum, next_sum_open, ended_sum, ended_sum_open, ack_count, ack_kept, reply_count, reply_kept`
	worstColumns  = `first_worst, first_worst_open, next_worst, next_worst_open, ended_worst, ended_worst_open`
	figureColumns = sumColumns + ", " + worstColumns
	shareColumns  = `conversation_id, day, team_id, agent_id, account_id, ` + figureColumns
)

// listColumns repeats an expression for each column, with the column's name in place of each question mark. For example,
// "a, b" and "? = d.?" give "a = d.a, b = d.b".
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

// sharesOf returns the statement that reads the shares of open days. Zeros are stored as NULL.
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

// Keep replaces the shares of conversations and corrects the sums by the difference. labels must contain every conversation
// whose shares are to be replaced. A conversation without a new share no longer counts. Keep ignores shares of closed days,
// because the sums of those days are final.
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

// change collects the rows to write for conversations whose contribution changed.
type change struct {
	ids     []store.ConversationID // the conversations whose labels changed
	labels  []Labels               // their new labels
	removed []Share
	written []Share // new shares and shares with new figures
}

// add adds the differences between the old and the new contribution of a conversation.
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

// write stores new labels and shares, and deletes old ones.
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

// write runs a statement whose $1 is a JSON array of rows. Without rows it does nothing.
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

// contribution is everything that one conversation adds to the sums.
type contribution struct {
	labels Labels
	shares []Share
}

// contributions groups labels and shares by conversation, with the shares sorted. It drops the labels of conversations
// without shares.
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

// hasSameKey reports whether both shares have the same conversation, day, team and agent.
func (s Share) hasSameKey(other Share) bool {
	isSameDay := s.ConversationID == other.ConversationID && s.Day == other.Day
	return isSameDay && s.TeamID == other.TeamID && s.AgentID == other.AgentID
}

// count adds the shares to their sums if sign is 1, and subtracts them if it is -1. Subtracting doesn't lower the longest
// times (such as FirstWorst), because a sum doesn't know its second longest time.
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

// sumsOf returns the rows of measure_days to which a share contributes, without their figures: one for all conversations,
// and one for each of the share's agent, intent, mood and tags.
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

// inOrder sorts the changed sums, so that processes that write sums lock rows in the same order and can't deadlock.
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
