package torture

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// If Parley can't apply an event, for example a WhatsApp message without a sender, it puts the event into quarantine (gives
// it up): the event stays stored, and people are notified once. Test runs send such events on purpose; these are called
// poisons, and contain words by which they are recognised. This file checks that exactly the poisons are in quarantine.

// quarantined is an event in quarantine.
type quarantined struct {
	Event   store.EventID `db:"event_id"`
	Poison  string        `db:"poison"` // the words of the poison that it is; "" if it is none
	Reason  string        `db:"reason"`
	Applied bool          `db:"applied"`
}

const quarantinedQuery = `
	SELECT q.event_id, q.reason,
		coalesce((SELECT words FROM unnest($1::text[]) AS words WHERE position(convert_to(words, 'UTF8') IN e.payload) > 0), '') AS poison,
		EXISTS (SELECT FROM messages AS m WHERE m.event_id = q.event_id)
			OR EXISTS (SELECT FROM log_entries AS l WHERE l.event_id = q.event_id) AS applied
	FROM quarantine AS q
	LEFT JOIN events AS e ON e.id = q.event_id
	ORDER BY q.event_id`

// readQuarantine compares the events in quarantine with the poisons of the run.
func (a *Audit) readQuarantine(ctx context.Context, c *pgx.Conn, expected RecordsExpectation) error {
	list, err := Rows(ctx, c, pgx.RowToStructByName[quarantined], quarantinedQuery, expected.Poisons)
	if err != nil {
		return err
	}
	a.compareQuarantine(list, expected)
	return nil
}

// compareQuarantine checks the quarantined events in list.
func (a *Audit) compareQuarantine(list []quarantined, expected RecordsExpectation) {
	missing := slices.Clone(expected.Poisons)
	for _, q := range list {
		i := slices.Index(missing, q.Poison)
		isPoison := i >= 0
		if isPoison {
			missing = slices.Delete(missing, i, i+1)
		}

		if q.Applied {
			a.WronglyQuarantined = append(a.WronglyQuarantined, fmt.Sprintf("event %d was given up and applied as well: %s", q.Event, q.Reason))
			continue
		}
		if !isPoison {
			a.WronglyQuarantined = append(a.WronglyQuarantined, fmt.Sprintf("event %d was given up: %s", q.Event, q.Reason))
			continue
		}

		notices := expected.countNotices(q.Event)
		isTooOften := notices > 1 && !expected.Blind
		if notices == 0 || isTooOften {
			a.NotQuarantined = append(a.NotQuarantined, fmt.Sprintf("that event %d was given up is told %d times", q.Event, notices))
		}
	}

	for _, words := range missing {
		a.NotQuarantined = append(a.NotQuarantined, fmt.Sprintf("%s can't be applied and was not given up", words))
	}
}

// countNotices returns the number of cards that notify people of a quarantined event.
func (e *RecordsExpectation) countNotices(event store.EventID) int {
	n, words := 0, regexp.MustCompile(fmt.Sprintf(`\bparley replay %d\b`, event))
	for _, c := range e.Cards {
		if words.MatchString(c.Text) {
			n++
		}
	}
	return n
}
