package torture

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// audit is what Parley's own records say against it after a run. The verdict on messages
// stands on what people see; these are the promises that nobody sees.
type audit struct {
	// Effects counts the messages and entries of the log whose order was judged.
	Effects int `json:"effects"`
	// Overtaken are events that took effect before earlier ones of the same order key.
	Overtaken []string `json:"overtaken,omitempty"`
	// Twice are events and teammates' messages that took effect more than once.
	Twice []string `json:"twice,omitempty"`
	// GivenUp are quarantined events.
	GivenUp []string `json:"given_up,omitempty"`
	// Missing are teammates' messages of which Parley has no record.
	Missing []string `json:"missing,omitempty"`
	// Stale are cards that show another state, owner or team than the conversation has.
	Stale []string `json:"stale,omitempty"`
	// Forgotten are conversations whose customer waits and for whom nobody is responsible.
	Forgotten []string `json:"forgotten,omitempty"`
}

// waits counts what may still be put right by waiting.
func (a *audit) waits() int { return len(a.Missing) + len(a.Stale) + len(a.Forgotten) }

// broken counts what is wrong, in words.
func (a *audit) broken() []string {
	return counted([]tally{{"applied out of the journal's order", len(a.Overtaken)}, {"applied twice", len(a.Twice)}, {"given up", len(a.GivenUp)},
		{"typed and not recorded", len(a.Missing)}, {"cards that show what is not so", len(a.Stale)}, {"forgotten by the database's word", len(a.Forgotten)}})
}

// findings gives all of it for people.
func (a *audit) findings() []string {
	return slices.Concat(a.Overtaken, a.Twice, a.GivenUp, a.Missing, a.Stale, a.Forgotten)
}

// effect is a row that an event made: a message or an entry of the log.
type effect struct {
	Key         string     `db:"order_key"`
	Event       int64      `db:"event_id"`
	Transaction string     `db:"transaction"` // that put the event into the journal
	Accepted    *time.Time `db:"accepted"`    // when that was committed; nil = nobody knows
	At          time.Time  `db:"at"`          // when it was applied, by Parley's clock
	ID          int64      `db:"id"`          // rises within what one transaction made
}

// overtaken finds events that took effect after later ones of their key. list is in the
// order in which things took effect.
func overtaken(list []effect) []string {
	var found []string
	before, newest := map[string][]effect{}, map[string]int64{}
	for _, e := range list {
		if e.Event < newest[e.Key] {
			i := slices.IndexFunc(before[e.Key], func(first effect) bool { return first.Event > e.Event && e.readyFor(first) })
			if i >= 0 {
				first := before[e.Key][i]
				found = append(found, fmt.Sprintf("event %d of %s took effect after event %d, at %s and %s", e.Event, e.Key, first.Event,
					e.At.Format(time.RFC3339Nano), first.At.Format(time.RFC3339Nano)))
			}
		}
		before[e.Key], newest[e.Key] = append(before[e.Key], e), max(newest[e.Key], e.Event)
	}
	return found
}

// visibleWithin is how long after its commit a transaction is surely seen by others.
const visibleWithin = 500 * time.Millisecond

// readyFor says whether an event could surely be applied when a later one came. Two that
// replicas accept at the same moment get ids in one order and may be seen in the other.
func (e *effect) readyFor(later effect) bool {
	if e.Transaction == later.Transaction {
		return true
	}
	return e.Accepted != nil && later.Accepted != nil && !e.Accepted.Add(visibleWithin).After(*later.Accepted)
}

// standing is how a conversation stands in the database.
type standing struct {
	Root   string   `db:"root"`
	Number int64    `db:"number"`
	Status string   `db:"status"`
	Team   string   `db:"team"`   // "" = none, or one without members
	Owners []string `db:"owners"` // agents who are still there
	Waits  bool     `db:"waits"`  // the customer spoke last
	Timer  bool     `db:"timer"`  // somebody will be told at a time
}

// inspect compares conversations with the cards of their threads, and asks for whom nobody
// is responsible.
func (a *audit) inspect(list []standing, cards map[string]cardSeen) {
	for _, c := range list {
		seen, ok := cards[c.Root]
		over := c.Status == "resolved" || c.Status == "closed"
		if !ok || !c.shownBy(seen.Card, over) {
			a.Stale = append(a.Stale, fmt.Sprintf("conversation #%d is %s, team %q, owners %q, and its card shows %q", c.Number, c.Status, c.Team, c.Owners, seen.Card))
		}
		if c.Waits && !over && !c.kept(seen.Keepers) {
			a.Forgotten = append(a.Forgotten, fmt.Sprintf("the customer of conversation #%d waits; it has the owners %q and the team %q, and should have one of %s",
				c.Number, c.Owners, c.Team, seen.Keepers))
		}
	}
}

// shownBy says whether a card shows what is so.
func (c *standing) shownBy(card string, over bool) bool {
	if over {
		return c.Status != "resolved" || isResolved(card)
	}
	if isResolved(card) || c.Team != "" && !strings.Contains(card, c.Team) {
		return false
	}
	for _, name := range agentNames() {
		if strings.Contains(card, name) != slices.Contains(c.Owners, name) {
			return false
		}
	}
	return true
}

// kept says whether somebody is responsible for the customer, and one of those who should be.
func (c *standing) kept(k keepers) bool {
	switch {
	case len(c.Owners) > 0:
		return k.Owner
	case c.Timer:
		return true
	}
	return c.Team != "" && slices.Contains(k.Teams, c.Team)
}

const effectsQuery = `
	SELECT e.order_key, f.event_id, f.at, f.id, e.xmin::text AS transaction,
		CASE WHEN current_setting('track_commit_timestamp') = 'on' THEN pg_xact_commit_timestamp(e.xmin) END AS accepted
	FROM (
		SELECT event_id, created_at AS at, id FROM messages
		UNION ALL
		SELECT event_id, at, id FROM log_entries
	) AS f
	JOIN events AS e ON e.id = f.event_id
	ORDER BY f.at, f.id`

const standingQuery = `
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

// A customer's words reopen what is resolved. Which came first, the card can't show. Both
// times are those of Parley's transactions, which may have been stopped in between.
const resolvedQuery = `
	SELECT format('the customer of conversation #%s wrote again, and it is still resolved', c.id) AS text
	FROM conversations AS c
	WHERE c.kind = 'customer' AND c.status = 'resolved' AND EXISTS (
		SELECT FROM messages AS m
		WHERE m.conversation_id = c.id AND m.direction = 'in' AND m.automatic = ''
			AND m.created_at > c.resolved_at + make_interval(secs => $1))
	ORDER BY c.id`

// besides is how much longer than a stop two transactions may stand beside each other.
const besides = 5 * time.Second

// What a customer said was applied by one event, in parts; what a teammate typed, at one place.
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
	HAVING count(*) > 1`

const givenUpQuery = `
	SELECT format('event %s was given up%s: %s', q.event_id,
		CASE WHEN EXISTS (SELECT FROM messages AS m WHERE m.event_id = q.event_id) THEN ' and applied as well' ELSE '' END, q.reason) AS text
	FROM quarantine AS q
	ORDER BY q.event_id`

const missingQuery = `
	SELECT 'nothing is recorded of what was typed at ' || typed.place AS text
	FROM unnest($1::text[]) AS typed(place)
	WHERE NOT EXISTS (SELECT FROM messages AS m WHERE m.place = typed.place)`

// audit reads Parley's records. typed are the messages of teammates of which it was told,
// cards what the threads show; stopped is the longest that a process stood still.
func (d *database) audit(ctx context.Context, typed []string, cards map[string]cardSeen, stopped time.Duration) (audit, error) {
	var a audit
	err := d.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
		var kept string
		if err := c.QueryRow(ctx, "SHOW track_commit_timestamp").Scan(&kept); err != nil {
			return err
		}
		if kept != "on" { // it could judge next to nothing
			return errors.New("audit: the server doesn't keep the times of commits")
		}
		return a.read(ctx, c, typed, cards, stopped)
	})
	return a, err
}

func (a *audit) read(ctx context.Context, c *pgx.Conn, typed []string, cards map[string]cardSeen, stopped time.Duration) error {
	effects, err := rows(ctx, c, pgx.RowToStructByName[effect], effectsQuery)
	if err != nil {
		return err
	}
	a.Effects, a.Overtaken = len(effects), overtaken(effects)
	list, err := rows(ctx, c, pgx.RowToStructByName[standing], standingQuery)
	if err != nil {
		return err
	}
	a.inspect(list, cards)
	if a.Twice, err = rows(ctx, c, pgx.RowTo[string], twiceQuery); err != nil {
		return err
	}
	if a.GivenUp, err = rows(ctx, c, pgx.RowTo[string], givenUpQuery); err != nil {
		return err
	}
	if a.Missing, err = rows(ctx, c, pgx.RowTo[string], missingQuery, typed); err != nil {
		return err
	}
	unseen, err := rows(ctx, c, pgx.RowTo[string], resolvedQuery, (stopped + besides).Seconds())
	a.Forgotten = append(a.Forgotten, unseen...)
	return err
}

// rows reads all rows of a query.
func rows[T any](ctx context.Context, c *pgx.Conn, scan pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	found, err := c.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, scan)
}
