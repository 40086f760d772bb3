package measure

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Reports show not only sums of how long customers waited but also how these times spread: that nine of ten had an answer
// within an hour, for example. For that, each time that was measured is counted in a bucket of about its length (Spread).
// The times of each conversation are kept as well: when it is measured again, its old times are subtracted from the spreads
// and the new ones added.

// Single is one time that was measured in a conversation, in whole seconds.
type Single struct {
	ConversationID store.ConversationID
	Day            string // yyyy-mm-dd, in the account's zone
	AccountID      store.AccountID
	TeamID         store.TeamID  // 0 if none
	AgentID        store.AgentID // 0 if nobody
	Time           Time
	Wall           int64 // how long it was by the clock
	Open           int64 // how much of that was in business hours
}

// singles is a row of measure_times: the times of one conversation, with its labels.
type singles struct {
	Labels

	Times []string `db:"times" json:"times"` // as Single.encode writes them
}

// encode writes a single time as it is kept, with its lengths as buckets. The day comes first, so that texts sort by days.
func (s Single) encode() string {
	return fmt.Sprint(s.Day, " ", s.AccountID, " ", s.TeamID, " ", s.AgentID, " ", s.Time, " ", bucketOf(s.Wall), " ", bucketOf(s.Open))
}

// spreadKey names a row of measure_spreads.
type spreadKey struct {
	Kind      Kind            `db:"kind" json:"kind"`
	Days      int             `db:"days" json:"days"`
	Day       string          `db:"day" json:"day"`
	Value     string          `db:"value" json:"value"`
	AccountID store.AccountID `db:"account_id" json:"account_id"`
	TeamID    store.TeamID    `db:"team_id" json:"team_id"`
}

// spreads are the two spreads in a row of measure_spreads: by the clock, and in business hours.
type spreads struct{ wall, open Spread }

const (
	timesOf   = `SELECT conversation_id, tags, intent, mood, times FROM measure_times WHERE conversation_id = ANY($1)`
	dropTimes = `DELETE FROM measure_times WHERE conversation_id = ANY($1)`
	keepTimes = `
		INSERT INTO measure_times (conversation_id, tags, intent, mood, times)
		SELECT conversation_id, tags, intent, mood, times
		FROM json_populate_recordset(NULL::measure_times, $1)
		ON CONFLICT (conversation_id) DO UPDATE SET tags = EXCLUDED.tags, intent = EXCLUDED.intent, mood = EXCLUDED.mood, times = EXCLUDED.times`
	spreadsOf = `
		SELECT s.kind, s.days, s.day::text AS day, s.value, s.account_id, s.team_id, s.wall, s.open
		FROM json_populate_recordset(NULL::measure_spreads, $1) AS r
		JOIN measure_spreads AS s USING (kind, days, day, value, account_id, team_id)`
	keepSpreads = `
		INSERT INTO measure_spreads (kind, days, day, value, account_id, team_id, wall, open)
		SELECT kind, days, day, value, account_id, team_id, wall, open
		FROM json_populate_recordset(NULL::measure_spreads, $1)
		ON CONFLICT (kind, days, day, value, account_id, team_id) DO UPDATE SET wall = EXCLUDED.wall, open = EXCLUDED.open`
)

// KeepTimes replaces the single times of conversations by new ones, and corrects the spreads by the difference. labels must
// have each of the conversations. It leaves out times of days that are closed, which don't change any more.
func (p *Progress) KeepTimes(ctx context.Context, tx pgx.Tx, labels []Labels, list []Single) error {
	ids := make([]store.ConversationID, len(labels))
	now := map[store.ConversationID]*singles{}
	for i, l := range labels {
		ids[i] = l.ConversationID
		now[l.ConversationID] = &singles{Labels: l}
	}

	for _, s := range list {
		conversation := now[s.ConversationID]
		if conversation != nil && s.Day >= p.closed {
			conversation.Times = append(conversation.Times, s.encode())
		}
	}

	rows, err := query.Collect[singles](ctx, tx, "single times", timesOf, ids)
	if err != nil {
		return err
	}

	before := map[store.ConversationID]*singles{}
	for i := range rows {
		rows[i].Times = slices.DeleteFunc(rows[i].Times, func(s string) bool { return s < p.closed })
		before[rows[i].ConversationID] = &rows[i]
	}

	changes := map[spreadKey]*spreads{}
	var removed []store.ConversationID // conversations that have no times any more
	var written []*singles
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		old, current := cmp.Or(before[id], &singles{}), now[id]
		slices.Sort(current.Times)
		if old.isCountedLike(current) {
			continue
		}
		if err := errors.Join(old.count(changes, -1), current.count(changes, 1)); err != nil {
			return err
		}

		if len(current.Times) > 0 {
			written = append(written, current)
		} else {
			removed = append(removed, id)
		}
	}

	if len(removed) > 0 {
		if _, err := tx.Exec(ctx, dropTimes, removed); err != nil {
			return fmt.Errorf("store: single times: %w", err)
		}
	}

	if err := write(ctx, tx, keepTimes, written); err != nil {
		return err
	}

	return correctSpreads(ctx, tx, changes)
}

// isCountedLike returns whether both count the same. Labels don't matter where there are no times.
func (s *singles) isCountedLike(other *singles) bool {
	if !slices.Equal(s.Times, other.Times) {
		return false
	}
	return len(s.Times) == 0 || s.equal(other.Labels)
}

// FillTimes counts the single times of conversations on days that were closed when there were no medians yet. Nothing is
// kept of a single conversation: each is counted once, when TakeUnfilled returns it.
func (p *Progress) FillTimes(ctx context.Context, tx pgx.Tx, labels []Labels, list []Single) error {
	conversations := map[store.ConversationID]*singles{}
	for _, l := range labels {
		conversations[l.ConversationID] = &singles{Labels: l}
	}

	for _, s := range list {
		conversation := conversations[s.ConversationID]
		if conversation != nil && s.Day < p.fillBefore {
			conversation.Times = append(conversation.Times, s.encode())
		}
	}

	changes := map[spreadKey]*spreads{}
	for _, conversation := range conversations {
		if err := conversation.count(changes, 1); err != nil {
			return err
		}
	}

	return correctSpreads(ctx, tx, changes)
}

// count adds the times to the spreads of which they are part: once for 1, or takes them off for -1.
func (s *singles) count(changes map[spreadKey]*spreads, sign int64) error {
	c := contribution{labels: s.Labels}
	for _, encoded := range s.Times {
		var share Share
		var t Time
		var wall, open int
		_, err := fmt.Sscan(encoded, &share.Day, &share.AccountID, &share.TeamID, &share.AgentID, &t, &wall, &open)
		if err != nil {
			return fmt.Errorf("store: a single time can't be read: %q: %w", encoded, err)
		}
		if !slices.Contains(allTimes(), t) {
			return fmt.Errorf("store: a single time can't be read: %q: there is no time %q", encoded, t)
		}

		for _, row := range c.sumsOf(share) {
			for _, days := range []int{1, weekDays, longDays} {
				first, err := firstOfSpan(row.Day, days)
				if err != nil {
					return err
				}

				key := spreadKey{row.Kind, days, first, row.Value, row.AccountID, row.TeamID}
				if changes[key] == nil {
					changes[key] = &spreads{}
				}

				changes[key].wall.count(t, wall, sign)
				changes[key].open.count(t, open, sign)
			}
		}
	}

	return nil
}

// firstOfSpan returns the first day of the span of this length to which a day belongs.
func firstOfSpan(day string, length int) (string, error) {
	number, err := dayNumber(day)
	if err != nil {
		return "", err
	}
	place := (number%length + length) % length // in its span; also of days before firstMonday
	return dayName(number - place), nil
}

// spreadRow is a row of measure_spreads as PostgreSQL reads it from JSON.
type spreadRow struct {
	spreadKey

	Wall string `json:"wall"`
	Open string `json:"open"`
}

// correctSpreads adds changes to the rows of measure_spreads.
func correctSpreads(ctx context.Context, tx pgx.Tx, changes map[spreadKey]*spreads) error {
	if len(changes) == 0 {
		return nil
	}

	type kept struct {
		spreadKey

		Wall []byte `db:"wall"`
		Open []byte `db:"open"`
	}

	keys := slices.SortedFunc(maps.Keys(changes), func(a, b spreadKey) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Days, b.Days), strings.Compare(a.Day, b.Day), strings.Compare(a.Value, b.Value),
			cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.TeamID, b.TeamID))
	})

	body, err := query.JSON(keys)
	if err != nil {
		return err
	}

	old, err := query.Collect[kept](ctx, tx, "spreads", spreadsOf, body)
	if err != nil {
		return err
	}

	for _, row := range old {
		change := changes[row.spreadKey]
		if err := errors.Join(change.wall.addBytes(row.Wall), change.open.addBytes(row.Open)); err != nil {
			return err
		}
	}

	rows := make([]spreadRow, len(keys))
	for i, key := range keys {
		rows[i] = spreadRow{
			spreadKey: key,
			Wall:      `\x` + hex.EncodeToString(changes[key].wall.encode()),
			Open:      `\x` + hex.EncodeToString(changes[key].open.encode()),
		}
	}

	return write(ctx, tx, keepSpreads, rows)
}
