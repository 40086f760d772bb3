package torture

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Audit is the result of Database.Audit: the violations of invariants that Parley's own tables show after a test run. An
// empty list means that the invariant holds. Each violation is a text for people, such as "event 5 made 2 messages of one".
//
// Parley stores everything that arrives as an event, and then applies it: turns it into messages, entries of a log, and
// places in lanes, the queues of outgoing posts. An event that can't be applied is put into quarantine (given up).
type Audit struct {
	// Effects is the number of messages and log entries whose order was checked.
	Effects int `json:"effects"`
	// Places is the number of customers' messages whose order in the lanes was checked.
	Places int `json:"places"`
	// OutOfOrder are events that took effect before earlier ones of the same order key.
	OutOfOrder []string `json:"out_of_order,omitempty"`
	// AppliedTwice are events and teammates' messages that took effect more than once.
	AppliedTwice []string `json:"applied_twice,omitempty"`
	// WronglyQuarantined are events in quarantine that could have been applied, or were.
	WronglyQuarantined []string `json:"wrongly_quarantined,omitempty"`
	// NotQuarantined are events that can't be applied and are not in quarantine, or that people were notified of never or
	// too often.
	NotQuarantined []string `json:"not_quarantined,omitempty"`
	// Unrecorded are teammates' messages of which Parley has no record, and commands that it neither obeyed nor refused.
	Unrecorded []string `json:"unrecorded,omitempty"`
	// StaleCards are cards that show another state, owner or team than the conversation has.
	StaleCards []string `json:"stale_cards,omitempty"`
	// NotOver are conversations that were resolved and continued nevertheless.
	NotOver []string `json:"not_over,omitempty"`
	// Forgotten are conversations whose customer waits although nobody is responsible.
	Forgotten []string `json:"forgotten,omitempty"`
}

// CountUnsettled returns the number of violations that may disappear if the run continues for a while.
func (a *Audit) CountUnsettled() int {
	return len(a.NotQuarantined) + len(a.Unrecorded) + len(a.StaleCards) + len(a.Forgotten)
}

// Tallies returns how often each invariant was violated.
func (a *Audit) Tallies() []Tally {
	return []Tally{
		{What: "applied out of the journal's order", Count: len(a.OutOfOrder)},
		{What: "applied twice", Count: len(a.AppliedTwice)},
		{What: "given up", Count: len(a.WronglyQuarantined)},
		{What: "unreadable and not given up or not told of once", Count: len(a.NotQuarantined)},
		{What: "typed and not recorded", Count: len(a.Unrecorded)},
		{What: "cards that show what is not so", Count: len(a.StaleCards)},
		{What: "resolved and went on", Count: len(a.NotOver)},
		{What: "forgotten by the database's word", Count: len(a.Forgotten)},
	}
}

// Violations describes all violations, for people.
func (a *Audit) Violations() []string {
	return slices.Concat(a.OutOfOrder, a.AppliedTwice, a.WronglyQuarantined, a.NotQuarantined, a.Unrecorded, a.StaleCards, a.NotOver,
		a.Forgotten)
}

// RecordsExpectation is what the audit compares the tables with.
type RecordsExpectation struct {
	Posted      []string        // ids of teammates' messages of which Parley must have a record
	Cards       map[string]Card // the first posts of threads, by their ids
	Poisons     []string        // words in events that can't be applied
	LongestStop time.Duration   // the longest time for which a process was suspended
	Resolves    []string        // ids of teammates' messages that resolve a conversation
	Blind       bool            // Parley can't read the chat, and so may notify people twice
}

// Audit reads Parley's tables and checks them.
func (d *Database) Audit(ctx context.Context, expected RecordsExpectation) (Audit, error) {
	var a Audit
	err := d.WithConn(ctx, func(ctx context.Context, c *pgx.Conn) error {
		var kept string
		if err := c.QueryRow(ctx, "SHOW track_commit_timestamp").Scan(&kept); err != nil {
			return err
		}
		if kept != "on" { // without commit times the order of most events is unknown
			return errors.New("audit: the server doesn't keep the times of commits")
		}
		return a.Read(ctx, c, expected)
	})
	return a, err
}

// twiceQuery finds everything that took effect twice. An event makes one message of each part of a customer's message, and
// one place in a chat (the id of a post) makes one message of what a teammate typed. A line that a reply failed, or may
// have been sent, is posted once for each attempt.
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
	SELECT format('event %s is in its queue %s times', event_id, count(*))
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

const unrecordedQuery = `
	SELECT 'nothing is recorded of what was typed at ' || typed.place AS text
	FROM unnest($1::text[]) AS typed(place)
	WHERE NOT EXISTS (SELECT FROM messages AS m WHERE m.place = typed.place)`

// Read is Database.Audit on a given connection.
func (a *Audit) Read(ctx context.Context, c *pgx.Conn, expected RecordsExpectation) error {
	if err := a.readOrder(ctx, c); err != nil {
		return fmt.Errorf("audit: order: %w", err)
	}
	if err := a.readCards(ctx, c, expected.Cards); err != nil {
		return fmt.Errorf("audit: cards: %w", err)
	}
	if err := a.readQuarantine(ctx, c, expected); err != nil {
		return fmt.Errorf("audit: quarantine: %w", err)
	}

	// Each row of these queries describes a violation.
	for _, q := range []struct {
		list  *[]string
		query string
		args  []any
	}{
		{list: &a.AppliedTwice, query: twiceQuery},
		{list: &a.Unrecorded, query: unrecordedQuery, args: []any{expected.Posted}},
		{list: &a.Unrecorded, query: ignoredResolvesQuery, args: []any{expected.Resolves}},
		{list: &a.NotOver, query: notOverQuery},
		{list: &a.Forgotten, query: forgottenQuery, args: []any{(expected.LongestStop + overlapMargin).Seconds()}},
	} {
		rows, err := Rows(ctx, c, pgx.RowTo[string], q.query, q.args...)
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		*q.list = append(*q.list, rows...)
	}

	return nil
}

// Rows reads all rows of a query.
func Rows[T any](ctx context.Context, c *pgx.Conn, scan pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	found, err := c.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, scan)
}
