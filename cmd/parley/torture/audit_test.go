package torture

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/storetest"
)

// TestOvertaken: what took effect before earlier events of its key is found, but for what the
// journal did not have yet.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	began := time.Unix(100, 0)
	// ev is an event of one key, accepted at a time in a transaction of its own; of is one of
	// several accepted in one transaction.
	ev := func(id int64, after time.Duration) effect {
		at := began.Add(after)
		return effect{Key: "k", Event: id, Transaction: after.String(), Accepted: &at}
	}
	of := func(key string, id int64) effect { return effect{Key: key, Event: id, Transaction: "1"} }
	const second = time.Second
	cases := []struct {
		name string
		list []effect
		want int
	}{
		{name: "nothing"},
		{name: "in order", list: []effect{of("k", 1), of("k", 1), of("k", 2), of("k", 5)}},
		{name: "keys beside each other", list: []effect{of("11/mail", 9), of("10/C:1", 3), of("11/mail", 10), of("10/C:1", 4)}},
		{name: "overtaken", list: []effect{of("k", 1), of("k", 3), of("k", 2)}, want: 1},
		{name: "several overtaken by one", list: []effect{of("k", 4), of("k", 1), of("k", 2), of("k", 3)}, want: 3},
		{name: "of two keys", list: []effect{of("k", 4), of("l", 3), of("k", 2), of("l", 1)}, want: 2},
		{name: "accepted a second later", list: []effect{ev(3, 2*second), ev(2, second)}, want: 1},
		{name: "accepted at the same moment", list: []effect{ev(3, second+time.Millisecond), ev(2, second)}},
		{name: "committed first, though its id is later", list: []effect{ev(3, second), ev(2, 2*second)}},
		{name: "overtaken by another than the newest", list: []effect{ev(9, 1*second), ev(5, 4*second), ev(2, 3*second)}, want: 1},
		{name: "nobody knows when it was accepted", list: []effect{{Key: "k", Event: 3, Transaction: "3"}, {Key: "k", Event: 2, Transaction: "2"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := overtaken(c.list); len(got) != c.want {
				t.Errorf("found %q, want %d", got, c.want)
			}
		})
	}
}

// TestInspect compares conversations with what their cards show, and with who should keep them.
func TestInspect(t *testing.T) {
	t.Parallel()
	good := standing{Root: "1", Number: 7, Status: "open", Team: supportTeam, Waits: true}
	shown := cardSeen{Card: "#7 Unassigned · Support", Keepers: keepers{Teams: []string{supportTeam}, Owner: true}}
	cases := []struct {
		name             string
		change           func(*standing, *cardSeen)
		stale, forgotten int
	}{
		{name: "as it should be", change: func(*standing, *cardSeen) {}},
		{name: "no thread is seen", change: func(c *standing, _ *cardSeen) { c.Root = "2" }, stale: 1, forgotten: 1},
		{name: "the card names another team", change: func(_ *standing, s *cardSeen) { s.Card = "#7 Unassigned · Billing" }, stale: 1},
		{name: "the card names an owner who is none", change: func(_ *standing, s *cardSeen) { s.Card = "#7 Ann Lee · Support" }, stale: 1},
		{name: "the card doesn't name the owner", change: func(c *standing, _ *cardSeen) { c.Owners = []string{"Ann Lee"} }, stale: 1},
		{name: "the card is of a resolved conversation", change: func(_ *standing, s *cardSeen) { s.Card = "#7 Resolved" }, stale: 1},
		{name: "the card is of an open conversation", change: func(c *standing, _ *cardSeen) { c.Status = "resolved" }, stale: 1},
		{name: "resolved", change: func(c *standing, s *cardSeen) { c.Status, s.Card = "resolved", "#7 Resolved" }},
		{name: "neither owner nor team", change: func(c *standing, s *cardSeen) { c.Team, s.Card = "", "#7 Unassigned" }, forgotten: 1},
		{name: "neither, but a timer", change: func(c *standing, s *cardSeen) { c.Team, s.Card, c.Timer = "", "#7 Unassigned", true }},
		{name: "neither, and nobody waits", change: func(c *standing, s *cardSeen) { c.Team, s.Card, c.Waits = "", "#7 Unassigned", false }},
		{name: "handed over, and the old team has it", change: func(_ *standing, s *cardSeen) { s.Keepers.Teams = []string{otherTeam} }, forgotten: 1},
		{name: "handed over, and the old owner has it", change: func(c *standing, s *cardSeen) {
			c.Owners, s.Card, s.Keepers = []string{"Ann Lee"}, "#7 Ann Lee · Support", keepers{Teams: []string{otherTeam}}
		}, forgotten: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, seen := good, shown
			c.change(&s, &seen)
			var a audit
			a.inspect([]standing{s}, map[string]cardSeen{"1": seen})
			if len(a.Stale) != c.stale || len(a.Forgotten) != c.forgotten || a.waits() != c.stale+c.forgotten {
				t.Errorf("stale %q, forgotten %q", a.Stale, a.Forgotten)
			}
		})
	}
}

// auditWorld is one conversation of a customer who was answered, and three events.
const auditWorld = `
	INSERT INTO agents (email, name) VALUES ('ann@acme.test', 'Ann Lee');
	INSERT INTO teams (name, members) VALUES ('Support', '{1}'), ('Nobody', '{}');
	INSERT INTO accounts (id, name, kind, side, team_id) VALUES (11, 'mail', 'email', 'channel', 1), (12, 'slack', 'slack', 'surface', NULL);
	INSERT INTO events (account_id, external_id, order_key, size_bytes) VALUES (11, 'a', '11/mail', 0), (11, 'b', '11/mail', 0), (12, 'c', '12/C:1', 0);
	INSERT INTO conversations (id, account_id, team_id, status, last_at, created_at) VALUES (1, 11, 1, 'open', now(), now());
	INSERT INTO threads (conversation_id, account_id, channel, root) VALUES (1, 12, 'C', 'root');
	INSERT INTO messages (id, conversation_id, direction, fate, event_id, place, account_id, channel, said_at, created_at) VALUES
		(1, 1, 'in', 'in', 1, '', 0, '', now(), '2026-01-01 10:00'), (2, 1, 'in', 'in', 2, '', 0, '', now(), '2026-01-01 10:01'),
		(3, 1, 'out', 'out', 3, '5.1', 12, 'C', now(), '2026-01-01 10:02');`

// TestAudit spoils Parley's records in each of the ways that the audit must find.
func TestAudit(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, spoil string
		find        func(*audit) []string
	}{
		{name: "an event overtook another", spoil: `UPDATE messages SET created_at = '2026-01-01 09:59' WHERE id = 2`,
			find: func(a *audit) []string { return a.Overtaken }},
		{name: "an event overtook another, by the log", spoil: `
			INSERT INTO log_entries (id, conversation_id, at, actor, what, event_id) VALUES (9, 1, '2026-01-01 09:59', 'customer', 'opened', 2)`,
			find: func(a *audit) []string { return a.Overtaken }},
		{name: "in one transaction, the wrong way round", spoil: `UPDATE messages SET created_at = '2026-01-01 10:00', event_id = 3 - event_id WHERE id < 3`,
			find: func(a *audit) []string { return a.Overtaken }},
		{name: "an event was applied twice", spoil: `UPDATE messages SET event_id = 1 WHERE id = 2`, find: func(a *audit) []string { return a.Twice }},
		{name: "what was typed was recorded twice", spoil: `
			INSERT INTO messages (id, conversation_id, direction, fate, place, account_id, channel, said_at, created_at) VALUES (4, 1, 'note', 'inside', '5.1', 12, 'C', now(), now())`,
			find: func(a *audit) []string { return a.Twice }},
		{name: "given up", spoil: `INSERT INTO quarantine (event_id, reason) VALUES (99, 'why')`, find: func(a *audit) []string { return a.GivenUp }},
		{name: "what was typed was not recorded", spoil: `UPDATE messages SET place = '' WHERE id = 3`, find: func(a *audit) []string { return a.Missing }},
		{name: "the team is another", spoil: `UPDATE conversations SET team_id = NULL, assignees = '{1}'`, find: func(a *audit) []string { return a.Stale }},
		{name: "no team", spoil: `DELETE FROM messages WHERE id = 3; UPDATE conversations SET team_id = NULL`, find: func(a *audit) []string { return a.Forgotten }},
		{name: "a team of nobody", spoil: `DELETE FROM messages WHERE id = 3; UPDATE conversations SET team_id = 2`, find: func(a *audit) []string { return a.Forgotten }},
		{name: "an owner who left, and no team", spoil: `DELETE FROM messages WHERE id = 3; UPDATE agents SET active = false; UPDATE conversations SET team_id = NULL, assignees = '{1}'`,
			find: func(a *audit) []string { return a.Forgotten }},
		{name: "the answer was taken back, and no team", spoil: `UPDATE messages SET fate = 'undone' WHERE id = 3; UPDATE conversations SET team_id = NULL`,
			find: func(a *audit) []string { return a.Forgotten }},
		{name: "the customer wrote after it was resolved", spoil: `UPDATE conversations SET status = 'resolved', resolved_at = '2026-01-01 10:00:30'`,
			find: func(a *audit) []string { return a.Forgotten }},
	}
	t.Run("nothing wrong", func(t *testing.T) {
		t.Parallel()
		if a := auditOf(t, ""); len(a.findings()) > 0 || len(a.broken()) > 0 {
			t.Errorf("found %q", a.findings())
		}
	})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := auditOf(t, c.spoil)
			if len(c.find(&a)) == 0 || len(a.broken()) == 0 {
				t.Errorf("found %q", a.findings())
			}
		})
	}
	t.Run("given up and applied", func(t *testing.T) {
		t.Parallel()
		a := auditOf(t, `INSERT INTO quarantine (event_id, reason) VALUES (2, 'why')`)
		if len(a.GivenUp) != 1 || !strings.Contains(a.GivenUp[0], "applied as well") {
			t.Errorf("found %q", a.GivenUp)
		}
	})
}

// auditOf audits a world that a statement has spoilt.
func auditOf(t *testing.T, spoil string) audit {
	t.Helper()
	pool := storetest.DB(t)
	for _, sql := range slices.DeleteFunc([]string{auditWorld, spoil}, func(sql string) bool { return sql == "" }) {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return readAudit(t, pool)
}

func readAudit(t *testing.T, pool *pgxpool.Pool) audit {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	cards := map[string]cardSeen{"root": {Card: "Unassigned · Support", Keepers: keepers{Teams: []string{supportTeam}, Owner: true}}}
	var a audit
	if err := a.read(t.Context(), conn.Conn(), []string{"5.1"}, cards, time.Second); err != nil {
		t.Fatal(err)
	}
	return a
}
