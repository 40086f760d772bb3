package records

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/cmd/parley/torture/judge"
	"parley/store/storetest"
)

// TestInspect compares conversations with what their cards show, and with who should keep them.
func TestInspect(t *testing.T) {
	t.Parallel()
	good := standing{Root: "1", Number: 7, Status: "open", Team: judge.SupportTeam, Waits: true}
	shown := judge.CardSeen{Card: "#7 Unassigned · Support", Keepers: judge.Keepers{Teams: []string{judge.SupportTeam}, Owner: true}}
	cases := []struct {
		name             string
		change           func(*standing, *judge.CardSeen)
		stale, forgotten int
	}{
		{name: "as it should be", change: func(*standing, *judge.CardSeen) {}},
		{name: "no thread is seen", change: func(c *standing, _ *judge.CardSeen) { c.Root = "2" }, stale: 1, forgotten: 1},
		{name: "the card names another team", change: func(_ *standing, s *judge.CardSeen) { s.Card = "#7 Unassigned · Billing" }, stale: 1},
		{name: "the card names an owner who is none", change: func(_ *standing, s *judge.CardSeen) { s.Card = "#7 Ann Lee · Support" }, stale: 1},
		{name: "the card doesn't name the owner", change: func(c *standing, _ *judge.CardSeen) { c.Owners = []string{"Ann Lee"} }, stale: 1},
		{name: "the card is of a resolved conversation", change: func(_ *standing, s *judge.CardSeen) { s.Card = "#7 Resolved" }, stale: 1},
		{name: "the card is of an open conversation", change: func(c *standing, _ *judge.CardSeen) { c.Status = "resolved" }, stale: 1},
		{name: "resolved", change: func(c *standing, s *judge.CardSeen) { c.Status, s.Card = "resolved", "#7 Resolved" }},
		{name: "neither owner nor team", change: func(c *standing, s *judge.CardSeen) { c.Team, s.Card = "", "#7 Unassigned" }, forgotten: 1},
		{name: "neither, but a timer", change: func(c *standing, s *judge.CardSeen) { c.Team, s.Card, c.Timer = "", "#7 Unassigned", true }},
		{name: "neither, and nobody waits", change: func(c *standing, s *judge.CardSeen) { c.Team, s.Card, c.Waits = "", "#7 Unassigned", false }},
		{name: "handed over, and the old team has it", change: func(_ *standing, s *judge.CardSeen) { s.Keepers.Teams = []string{judge.OtherTeam} }, forgotten: 1},
		{name: "handed over, and the old owner has it", change: func(c *standing, s *judge.CardSeen) {
			c.Owners, s.Card, s.Keepers = []string{"Ann Lee"}, "#7 Ann Lee · Support", judge.Keepers{Teams: []string{judge.OtherTeam}}
		}, forgotten: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, seen := good, shown
			c.change(&s, &seen)
			var a Audit
			a.compareCards([]standing{s}, map[string]judge.CardSeen{"1": seen})
			if len(a.Stale) != c.stale || len(a.Forgotten) != c.forgotten || a.Waits() != c.stale+c.forgotten {
				t.Errorf("stale %q, forgotten %q", a.Stale, a.Forgotten)
			}
		})
	}
}

// auditWorld is one conversation of a customer who was answered, and three events.
const auditWorld = `
	UPDATE goose_db_version SET tstamp = '2025-01-01';
	INSERT INTO agents (email, name) VALUES ('ann@acme.test', 'Ann Lee');
	INSERT INTO teams (name, members) VALUES ('Support', '{1}'), ('Nobody', '{}');
	INSERT INTO accounts (id, name, kind, side, team_id) VALUES (11, 'mail', 'email', 'channel', 1), (12, 'slack', 'slack', 'surface', NULL);
	INSERT INTO events (account_id, external_id, order_key, size_bytes) VALUES (11, 'a', '11/mail', 0), (11, 'b', '11/mail', 0), (12, 'c', '12/C:1', 0);
	INSERT INTO conversations (id, account_id, team_id, status, last_at, created_at) VALUES (1, 11, 1, 'open', now(), now());
	INSERT INTO threads (conversation_id, account_id, channel, root) VALUES (1, 12, 'C', 'root');
	INSERT INTO messages (id, conversation_id, direction, fate, event_id, place, account_id, channel, said_at, created_at) VALUES
		(1, 1, 'in', 'in', 1, '', 0, '', now(), '2026-01-01 10:00'), (2, 1, 'in', 'in', 2, '', 0, '', now(), '2026-01-01 10:01'),
		(3, 1, 'out', 'out', 3, '5.1', 12, 'C', now(), '2026-01-01 10:02');
	INSERT INTO deliveries (id, lane_id, seq, message_id, kind, created_at) VALUES (1, 7, 1, 1, 'said', now()), (2, 7, 2, 2, 'said', now());`

// TestAudit spoils Parley's records in each of the ways that the audit must find.
func TestAudit(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, spoil string
		find        func(*Audit) []string
	}{
		{name: "an event overtook another", spoil: `UPDATE messages SET created_at = '2026-01-01 09:59' WHERE id = 2`,
			find: func(a *Audit) []string { return a.Overtaken }},
		{name: "an event overtook another, by the log", spoil: `
			INSERT INTO log_entries (id, conversation_id, at, actor, what, event_id) VALUES (9, 1, '2026-01-01 09:59', 'customer', 'opened', 2)`,
			find: func(a *Audit) []string { return a.Overtaken }},
		{name: "in one transaction, the wrong way round", spoil: `UPDATE messages SET created_at = '2026-01-01 10:00', event_id = 3 - event_id WHERE id < 3`,
			find: func(a *Audit) []string { return a.Overtaken }},
		{name: "what customers said was queued in another order", spoil: `UPDATE deliveries SET message_id = 3 - message_id`,
			find: func(a *Audit) []string { return a.Overtaken }},
		{name: "an event was applied twice", spoil: `UPDATE messages SET event_id = 1 WHERE id = 2`, find: func(a *Audit) []string { return a.Twice }},
		{name: "what was typed was recorded twice", spoil: `
			INSERT INTO messages (id, conversation_id, direction, fate, place, account_id, channel, said_at, created_at) VALUES (4, 1, 'note', 'inside', '5.1', 12, 'C', now(), now())`,
			find: func(a *Audit) []string { return a.Twice }},
		{name: "an event is queued twice", spoil: `
			INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at) VALUES ('12/C:9', 12, 2, 99, 1, 2, now());
			INSERT INTO queue_events (queue_id, place, event_id) VALUES (1, 2, 99)`, find: func(a *Audit) []string { return a.Twice }},
		{name: "an event is queued and was applied", spoil: `
			INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at) VALUES ('12/C:1', 12, 2, 3, 1, 1, now())`,
			find: func(a *Audit) []string { return a.Twice }},
		{name: "an event is queued and was given up", spoil: `
			INSERT INTO quarantine (event_id, reason) VALUES (99, 'why');
			INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at) VALUES ('12/C:9', 12, 2, 99, 1, 1, now())`,
			find: func(a *Audit) []string { return a.Twice }},
		{name: "given up", spoil: `INSERT INTO quarantine (event_id, reason) VALUES (99, 'why')`, find: func(a *Audit) []string { return a.GivenUp }},
		{name: "what was typed was not recorded", spoil: `UPDATE messages SET place = '' WHERE id = 3`, find: func(a *Audit) []string { return a.Missing }},
		{name: "the team is another", spoil: `UPDATE conversations SET team_id = NULL, assignees = '{1}'`, find: func(a *Audit) []string { return a.Stale }},
		{name: "no team", spoil: `DELETE FROM messages WHERE id = 3; UPDATE conversations SET team_id = NULL`, find: func(a *Audit) []string { return a.Forgotten }},
		{name: "a team of nobody", spoil: `DELETE FROM messages WHERE id = 3; UPDATE conversations SET team_id = 2`, find: func(a *Audit) []string { return a.Forgotten }},
		{name: "an owner who left, and no team", spoil: `DELETE FROM messages WHERE id = 3; UPDATE agents SET active = false; UPDATE conversations SET team_id = NULL, assignees = '{1}'`,
			find: func(a *Audit) []string { return a.Forgotten }},
		{name: "the answer was taken back, and no team", spoil: `UPDATE messages SET fate = 'undone' WHERE id = 3; UPDATE conversations SET team_id = NULL`,
			find: func(a *Audit) []string { return a.Forgotten }},
		{name: "the customer wrote after it was resolved", spoil: `UPDATE conversations SET status = 'resolved', resolved_at = '2026-01-01 10:00:30'`,
			find: func(a *Audit) []string { return a.Forgotten }},
	}
	t.Run("nothing wrong", func(t *testing.T) {
		t.Parallel()
		if a := auditOf(t, ""); len(a.Findings()) > 0 || len(a.Broken()) > 0 {
			t.Errorf("found %q", a.Findings())
		}
	})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := auditOf(t, c.spoil)
			if len(c.find(&a)) == 0 || len(a.Broken()) == 0 {
				t.Errorf("found %q", a.Findings())
			}
		})
	}
	for name, spoil := range map[string]string{
		"given up and applied": `INSERT INTO quarantine (event_id, reason) VALUES (2, 'why')`,
		"given up and applied, by the log": `
			INSERT INTO quarantine (event_id, reason) VALUES (99, 'why');
			INSERT INTO log_entries (id, conversation_id, at, actor, what, event_id) VALUES (9, 1, now(), 'customer', 'opened', 99)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := auditOf(t, spoil); len(a.GivenUp) != 1 || !strings.Contains(a.GivenUp[0], "applied as well") {
				t.Errorf("found %q", a.GivenUp)
			}
		})
	}
}

// TestGiveUp compares what was given up with what had to be.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	poison := quarantined{Event: 5, Fact: "m:wamid.poison-1", Reason: "nobody sent it"}
	cases := []struct {
		name            string
		list            []quarantined
		cards           []string
		blind           bool
		givenUp, unread int
	}{
		{name: "given up and told", list: []quarantined{poison}, cards: []string{"parley replay 5"}},
		{name: "not given up", cards: []string{"parley replay 5"}, unread: 1},
		{name: "given up, and nobody was told", list: []quarantined{poison}, cards: []string{"parley replay 55"}, unread: 1},
		{name: "given up, and told twice", list: []quarantined{poison}, cards: []string{"parley replay 5", "look: parley replay 5."}, unread: 1},
		{name: "told twice where Parley may not look", list: []quarantined{poison}, cards: []string{"parley replay 5", "parley replay 5"}, blind: true},
		{name: "another one was given up", list: []quarantined{poison, {Event: 6, Fact: "m:wamid.6"}}, cards: []string{"parley replay 5", "parley replay 6"}, givenUp: 1},
		{name: "given up and applied", list: []quarantined{{Event: 5, Fact: poison.Fact, Applied: true}}, cards: []string{"parley replay 5"}, givenUp: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := Known{Poisons: []string{poison.Fact}, Cards: map[string]judge.CardSeen{}, Blind: c.blind}
			for i, card := range c.cards {
				k.Cards[strconv.Itoa(i)] = judge.CardSeen{Card: card}
			}
			var a Audit
			if a.compareGivenUp(c.list, k); len(a.GivenUp) != c.givenUp || len(a.Unread) != c.unread {
				t.Errorf("given up %q, unread %q", a.GivenUp, a.Unread)
			}
		})
	}
}

// auditOf audits a world that a statement has spoilt.
func auditOf(t *testing.T, spoil string) Audit {
	t.Helper()
	pool := storetest.DB(t)
	for _, sql := range slices.DeleteFunc([]string{auditWorld, spoil}, func(sql string) bool { return sql == "" }) {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return readAudit(t, pool)
}

func readAudit(t *testing.T, pool *pgxpool.Pool) Audit {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	cards := map[string]judge.CardSeen{"root": {Card: "Unassigned · Support", Keepers: judge.Keepers{Teams: []string{judge.SupportTeam}, Owner: true}}}
	var a Audit
	if err := a.Read(t.Context(), conn.Conn(), Known{Typed: []string{"5.1"}, Cards: cards, Stopped: time.Second}); err != nil {
		t.Fatal(err)
	}
	return a
}
