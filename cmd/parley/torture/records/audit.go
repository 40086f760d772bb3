package records

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/torture/checker"
	"parley/store"
)

// Audit has the violations of invariants that Parley's own tables show.
type Audit struct {
	// Effects counts the messages and entries of the log whose order was checked.
	Effects int `json:"effects"`
	// Places counts the customers' messages whose order in the lanes was checked.
	Places int `json:"places"`
	// OutOfOrder are events that took effect before earlier ones of the same order key.
	OutOfOrder []string `json:"out_of_order,omitempty"`
	// AppliedTwice are events and teammates' messages that took effect more than once.
	AppliedTwice []string `json:"applied_twice,omitempty"`
	// WronglyQuarantined are events in quarantine that could have been applied, or were.
	WronglyQuarantined []string `json:"wrongly_quarantined,omitempty"`
	// NotQuarantined are events that can't be applied and are not in quarantine, or of which people were told never or
	// too often.
	NotQuarantined []string `json:"not_quarantined,omitempty"`
	// Unrecorded are teammates' messages of which Parley has no record, and commands of which it says nothing.
	Unrecorded []string `json:"unrecorded,omitempty"`
	// StaleCards are cards that show another state, owner or team than the conversation has.
	StaleCards []string `json:"stale_cards,omitempty"`
	// NotOver are conversations that were resolved, and went on all the same.
	NotOver []string `json:"not_over,omitempty"`
	// Forgotten are conversations whose customer waits and for whom nobody is responsible.
	Forgotten []string `json:"forgotten,omitempty"`
}

// CountUnsettled counts the violations that may end by themselves when one waits.
func (a *Audit) CountUnsettled() int {
	return len(a.NotQuarantined) + len(a.Unrecorded) + len(a.StaleCards) + len(a.Forgotten)
}

// ViolatedInvariants returns which invariants were violated and how often, for people.
func (a *Audit) ViolatedInvariants() []string {
	return checker.FormatTallies([]checker.Tally{
		{What: "applied out of the journal's order", Count: len(a.OutOfOrder)},
		{What: "applied twice", Count: len(a.AppliedTwice)},
		{What: "given up", Count: len(a.WronglyQuarantined)},
		{What: "unreadable and not given up, or not told of once", Count: len(a.NotQuarantined)},
		{What: "typed and not recorded", Count: len(a.Unrecorded)},
		{What: "cards that show what is not so", Count: len(a.StaleCards)},
		{What: "resolved, and went on", Count: len(a.NotOver)},
		{What: "forgotten by the database's word", Count: len(a.Forgotten)},
	})
}

// Violations describes all violations, for people.
func (a *Audit) Violations() []string {
	return slices.Concat(a.OutOfOrder, a.AppliedTwice, a.WronglyQuarantined, a.NotQuarantined, a.Unrecorded, a.StaleCards, a.NotOver, a.Forgotten)
}

// conversation is how a conversation stands in the database.
type conversation struct {
	Root          string   `db:"root"`
	Number        int64    `db:"number"`
	Status        string   `db:"status"`
	Team          string   `db:"team"`   // "" means none, or one without members
	Owners        []string `db:"owners"` // agents who are still there
	CustomerWaits bool     `db:"waits"`  // the customer spoke last
	HasTimer      bool     `db:"timer"`  // a timer of the conversation will remind somebody
}

// compareCards compares conversations with the cards of their threads, and finds waiting customers for whom nobody is
// responsible.
func (a *Audit) compareCards(list []conversation, cards map[string]checker.Card) {
	for _, c := range list {
		card, ok := cards[c.Root]
		isEnded := c.Status == "resolved" || c.Status == "closed"
		if !ok || !c.isShownBy(card.Text, isEnded) {
			a.StaleCards = append(a.StaleCards, fmt.Sprintf("conversation #%d is %s, team %q, owners %q, and its card shows %q",
				c.Number, c.Status, c.Team, c.Owners, card.Text))
		}
		isWaiting := c.CustomerWaits && !isEnded
		if isWaiting && !c.hasResponsible(card.Responsible) {
			a.Forgotten = append(a.Forgotten, fmt.Sprintf("the customer of conversation #%d waits; "+
				"it has the owners %q and the team %q, and should have one of %s", c.Number, c.Owners, c.Team, card.Responsible))
		}
	}
}

// isShownBy reports whether a card shows a conversation as it stands. isEnded means resolved or closed.
func (c *conversation) isShownBy(card string, isEnded bool) bool {
	if isEnded {
		return c.Status != "resolved" || checker.IsResolved(card)
	}
	showsTeam := c.Team == "" || strings.Contains(card, c.Team)
	if checker.IsResolved(card) || !showsTeam {
		return false
	}
	for _, name := range checker.AgentNames() {
		if strings.Contains(card, name) != slices.Contains(c.Owners, name) {
			return false
		}
	}
	return true
}

// hasResponsible reports whether somebody whom r allows is responsible for the customer, or a timer will remind somebody.
func (c *conversation) hasResponsible(r checker.Responsible) bool {
	if len(c.Owners) > 0 {
		return r.OwnerAllowed
	}
	if c.HasTimer {
		return true
	}
	return c.Team != "" && slices.Contains(r.Teams, c.Team)
}

const conversationsQuery = `
	SELECT t.root, c.id AS number, c.status,
		coalesce((SELECT name FROM teams WHERE id = c.team_id AND members <> '{}'), '') AS team,
		ARRAY(SELECT name FROM agents WHERE id = ANY(c.assignees) AND active ORDER BY id) AS owners,
		coalesce((
			SELECT m.direction = 'in'
			FROM messages AS m
			WHERE m.conversation_id = c.id AND m.automatic = '' AND (m.direction = 'in' OR m.fate IN ('waiting', 'out', 'unclear'))
			ORDER BY m.created_at DESC, m.id DESC
			LIMIT 1), false) AS waits,
		EXISTS (SELECT FROM timers AS x WHERE x.conversation_id = c.id) AS timer
	FROM conversations AS c
	JOIN threads AS t ON t.conversation_id = c.id
	WHERE c.kind = 'customer' AND t.root <> ''
	ORDER BY c.id`

// A customer's words reopen what is resolved; a card can't show which came first. Both times
// are those of Parley's transactions, which may stand still in between for $1 seconds.
const resolvedQuery = `
	SELECT format('the customer of conversation #%s wrote again, and it is still resolved', c.id) AS text
	FROM conversations AS c
	WHERE c.kind = 'customer' AND c.status = 'resolved' AND EXISTS (
		SELECT FROM messages AS m
		WHERE m.conversation_id = c.id AND m.direction = 'in' AND m.automatic = ''
			AND m.created_at > c.resolved_at + make_interval(secs => $1))
	ORDER BY c.id`

// overlapMargin is how much longer than the longest stop two transactions may overlap.
const overlapMargin = 5 * time.Second

// One event makes one message of each part of what a customer said; one place in a chat makes one message of what a
// teammate typed there. That a reply failed, or may have left, is told once each time it is sent.
const twiceQuery = `
	SELECT format('event %s made %s messages of one', event_id, count(*)) AS text
	FROM messages
	WHERE direction = 'in' AND event_id <> 0
	GROUP BY event_id, part
	HAVING count(*) > 1
	UNION ALL
	SELECT format('what was typed at %s was recorded %s times', place, count(*))
	FROM messages
	WHERE place <> ''
	GROUP BY account_id, channel, place
	HAVING count(*) > 1
	UNION ALL
	SELECT format('event %s stands in its queue %s times', event_id, count(*))
	FROM queued
	GROUP BY event_id
	HAVING count(*) > 1
	UNION ALL
	SELECT format('event %s is still queued, and was given up', event_id)
	FROM queued
	JOIN quarantine USING (event_id)
	UNION ALL
	SELECT format('event %s is still queued, and was applied', event_id)
	FROM queued
	WHERE EXISTS (SELECT FROM messages AS m WHERE m.event_id = queued.event_id)
		OR EXISTS (SELECT FROM log_entries AS l WHERE l.event_id = queued.event_id)
	UNION ALL
	SELECT format('message %s has a line of the kind %s %s times', message_id, payload #>> '{line,Kind}', count(*))
	FROM deliveries
	WHERE message_id <> 0 AND kind = 'line' AND NOT payload ? 'changes' AND payload #>> '{line,Kind}' IN ('failed', 'unclear')
	GROUP BY message_id, payload #>> '{line,Kind}'
	HAVING count(*) > (
		SELECT greatest(count(*), 1)
		FROM log_entries AS l
		WHERE l.what IN ('replied', 'sent again') AND l.detail ->> 'message' = message_id::text)`

// quarantined is an event that was given up.
type quarantined struct {
	Event   store.EventID `db:"event_id"`
	Fact    string        `db:"fact"` // its external id; "" means there is no such event
	Reason  string        `db:"reason"`
	Applied bool          `db:"applied"`
}

const quarantinedQuery = `
	SELECT q.event_id, coalesce(e.external_id, '') AS fact, q.reason,
		EXISTS (SELECT FROM messages AS m WHERE m.event_id = q.event_id)
			OR EXISTS (SELECT FROM log_entries AS l WHERE l.event_id = q.event_id) AS applied
	FROM quarantine AS q
	LEFT JOIN events AS e ON e.id = q.event_id
	ORDER BY q.event_id`

// compareQuarantine compares the events in quarantine with those that have to be there.
func (a *Audit) compareQuarantine(list []quarantined, expected Expectation) {
	missing := slices.Clone(expected.Poisons)
	for _, q := range list {
		i := slices.Index(missing, q.Fact)
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

	for _, fact := range missing {
		a.NotQuarantined = append(a.NotQuarantined, fmt.Sprintf("%s can't be applied and was not given up", fact))
	}
}

// Expectation is what the audit compares the tables with.
type Expectation struct {
	Posted      []string                // messages of teammates of which Parley must have a record
	Cards       map[string]checker.Card // what the roots of threads show
	Poisons     []string                // facts that can't be applied, by their external ids
	LongestStop time.Duration           // the longest that a process stood still
	Resolves    []string                // messages of teammates that resolve a conversation
	Blind       bool                    // Parley may not read the chat, and so tells people a second time rather than never
}

// countNotices counts the cards that tell of an event that was given up.
func (e *Expectation) countNotices(event store.EventID) int {
	n, words := 0, regexp.MustCompile(fmt.Sprintf(`\bparley replay %d\b`, event))
	for _, c := range e.Cards {
		if words.MatchString(c.Text) {
			n++
		}
	}
	return n
}

const unrecordedQuery = `
	SELECT 'nothing is recorded of what was typed at ' || typed.place AS text
	FROM unnest($1::text[]) AS typed(place)
	WHERE NOT EXISTS (SELECT FROM messages AS m WHERE m.place = typed.place)`

// Audit reads Parley's tables and checks them.
func (d *Database) Audit(ctx context.Context, expected Expectation) (Audit, error) {
	var a Audit
	err := d.WithConn(ctx, func(ctx context.Context, c *pgx.Conn) error {
		var kept string
		if err := c.QueryRow(ctx, "SHOW track_commit_timestamp").Scan(&kept); err != nil {
			return err
		}
		if kept != "on" { // without them the order of hardly any events is known
			return errors.New("audit: the server doesn't keep the times of commits")
		}
		return a.Read(ctx, c, expected)
	})
	return a, err
}

// Read reads the tables through a connection and checks them.
func (a *Audit) Read(ctx context.Context, c *pgx.Conn, expected Expectation) error {
	if err := a.readOrder(ctx, c); err != nil {
		return err
	}

	list, err := Rows(ctx, c, pgx.RowToStructByName[conversation], conversationsQuery)
	if err != nil {
		return err
	}

	a.compareCards(list, expected.Cards)
	if a.AppliedTwice, err = Rows(ctx, c, pgx.RowTo[string], twiceQuery); err != nil {
		return err
	}

	givenUp, err := Rows(ctx, c, pgx.RowToStructByName[quarantined], quarantinedQuery)
	if err != nil {
		return err
	}

	a.compareQuarantine(givenUp, expected)
	if a.Unrecorded, err = Rows(ctx, c, pgx.RowTo[string], unrecordedQuery, expected.Posted); err != nil {
		return err
	}

	if err := a.readOver(ctx, c, expected.Resolves); err != nil {
		return err
	}

	reopened, err := Rows(ctx, c, pgx.RowTo[string], resolvedQuery, (expected.LongestStop + overlapMargin).Seconds())
	a.Forgotten = append(a.Forgotten, reopened...)
	return err
}

// Rows reads all rows of a query.
func Rows[T any](ctx context.Context, c *pgx.Conn, scan pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	found, err := c.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, scan)
}
