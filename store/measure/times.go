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

// Reports show not only how long customers waited in total but also the median. For that, the table measure_spreads holds
// histograms (Spread) by day, account and team, which count each measured time in a bucket of about its length. The times
// of each conversation are stored as well (measure_times): when it is measured again, its old times are subtracted from
// the spreads and the new ones are added.

// Single is one time that was measured in a conversation, for example how long the customer waited for the first answer.
type Single struct {
	ConversationID store.ConversationID
	Day            string // yyyy-mm-dd, in the account's zone
	AccountID      store.AccountID
	TeamID         store.TeamID  // 0 if none
	AgentID        store.AgentID // 0 if nobody
	Time           Time
	Wall           int64 // its length in whole seconds
	Open           int64 // the part of Wall within business hours
}

// singles is a row of measure_times: the times of one conversation, with its labels.
type singles struct {
	Labels

	Times []string `db:"times" json:"times"` // in the format of Single.encode
}

// encode returns the stored format of a single time, for example "2026-11-28 3 5 7 first 42 17". The last two fields are the
// buckets of Wall and Open. The day comes first, so that the strings sort by day.
func (s Single) encode() string {
	return fmt.Sprint(s.Day, " ", s.AccountID, " ", s.TeamID, " ", s.AgentID, " ", s.Time, " ", bucketOf(s.Wall), " ", bucketOf(s.Open))
}

// spreadKey identifies a row of measure_spreads.
type spreadKey struct {
	Kind      Kind            `db:"kind" json:"kind"`
	Days      int             `db:"days" json:"days"`
	Day       string          `db:"day" json:"day"`
	Value     string          `db:"value" json:"value"`
	AccountID store.AccountID `db:"account_id" json:"account_id"`
	TeamID    store.TeamID    `db:"team_id" json:"team_id"`
}

// spreads holds the two spreads of a row of measure_spreads: of Single.Wall and of Single.Open.
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

// KeepTimes replaces the single times of conversations and corrects the spreads by the difference. labels must contain every
// conversation whose times are to be replaced. KeepTimes ignores times of closed days, because their spreads are final.
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
	var removed []store.ConversationID // conversations that no longer have times
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

// isCountedLike reports whether both contribute the same to the spreads. Labels don't matter if there are no times.
func (s *singles) isCountedLike(other *singles) bool {
	if !slices.Equal(s.Times, other.Times) {
		return false
	}
	return len(s.Times) == 0 || s.equal(other.Labels)
}

// count adds the times to their spreads in changes if sign is 1, and subtracts them if it is -1. Each time belongs to the
// spreads of its day, its week and its span of four weeks.
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
			for _, days := range []int{singleDay, weekDays, longDays} {
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

// firstOfSpan returns the first day of the span of the given length that contains a day.
func firstOfSpan(day string, length int) (string, error) {
	number, err := dayNumber(day)
	if err != nil {
		return "", err
	}
	offset := (number%length + length) % length // within the span; never negative, even before firstMonday
	return dayName(number - offset), nil
}

// spreadRow is a row of measure_spreads in the JSON that PostgreSQL reads.
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
