package records

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/torture/checker"
	"parley/store/storetest"
)

// compareCards finds cards that don't show their conversation as it stands, and waiting customers of whom nobody takes care.
func TestCompareCards(t *testing.T) {
	t.Parallel()
	valid := conversation{Root: "1", Number: 7, Status: "open", Team: checker.SupportTeam, CustomerWaits: true}
	card := checker.Card{Text: "#7 Unassigned · Support", Responsible: checker.Responsible{Teams: []string{checker.SupportTeam}, OwnerAllowed: true}}
	cases := []struct {
		name             string
		change           func(*conversation, *checker.Card)
		stale, forgotten int
	}{
		{name: "as it should be", change: func(*conversation, *checker.Card) {}},
		{name: "no thread is seen", change: func(c *conversation, _ *checker.Card) { c.Root = "2" }, stale: 1, forgotten: 1},
		{name: "the card names another team", change: func(_ *conversation, s *checker.Card) { s.Text = "#7 Unassigned · Billing" }, stale: 1},
		{name: "the card names an owner who is none", change: func(_ *conversation, s *checker.Card) { s.Text = "#7 Ann Lee · Support" }, stale: 1},
		{name: "the card doesn't name the owner", change: func(c *conversation, _ *checker.Card) { c.Owners = []string{"Ann Lee"} }, stale: 1},
		{name: "the card is of a resolved conversation", change: func(_ *conversation, s *checker.Card) { s.Text = "#7 Resolved" }, stale: 1},
		{name: "the card is of an open conversation", change: func(c *conversation, _ *checker.Card) { c.Status = "resolved" }, stale: 1},
		{name: "resolved", change: func(c *conversation, s *checker.Card) { c.Status, s.Text = "resolved", "#7 Resolved" }},
		{name: "no owner, no team", change: func(c *conversation, s *checker.Card) { c.Team, s.Text = "", "#7 Unassigned" }, forgotten: 1},
		{name: "no owner, no team, but a timer", change: func(c *conversation, s *checker.Card) { c.Team, s.Text, c.HasTimer = "", "#7 Unassigned", true }},
		{name: "no owner, no team, and the customer doesn't wait", change: func(c *conversation, s *checker.Card) { c.Team, s.Text, c.CustomerWaits = "", "#7 Unassigned", false }},
		{name: "handed over to Billing, and Support still has it", change: func(_ *conversation, s *checker.Card) { s.Responsible.Teams = []string{checker.OtherTeam} }, forgotten: 1},
		{name: "handed over to Billing, and the owner in Support still has it", change: func(c *conversation, s *checker.Card) {
			c.Owners, s.Text, s.Responsible = []string{"Ann Lee"}, "#7 Ann Lee · Support", checker.Responsible{Teams: []string{checker.OtherTeam}}
		}, forgotten: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, seen := valid, card
			c.change(&s, &seen)
			var a Audit
			a.compareCards([]conversation{s}, map[string]checker.Card{"1": seen})
			if len(a.StaleCards) != c.stale || len(a.Forgotten) != c.forgotten || a.CountUnsettled() != c.stale+c.forgotten {
				t.Errorf("stale %q, forgotten %q", a.StaleCards, a.Forgotten)
			}
		})
	}
}

// auditedRecords is one answered conversation: two messages of a customer (events 1 and 2), a reply (event 3), and the posts of the two
// messages.
const auditedRecords = `
	-- long before the events: the order of events that an older version accepted isn't judged
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

// unanswered makes the customer wait.
const unanswered = `DELETE FROM messages WHERE id = 3; `

// TestAudit spoils Parley's records in each of the ways that the audit must find.
func TestAudit(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, spoil string
		findings    func(*Audit) []string
		want        string // is in one of them
	}{
		{name: "an event overtook another", spoil: `UPDATE messages SET created_at = '2026-01-01 09:59' WHERE id = 2`,
			findings: func(a *Audit) []string { return a.OutOfOrder }, want: "took effect after event"},
		{name: "an event overtook another, by the log", spoil: `
			INSERT INTO log_entries (id, conversation_id, at, actor, what, event_id) VALUES (9, 1, '2026-01-01 09:59', 'customer', 'opened', 2)`,
			findings: func(a *Audit) []string { return a.OutOfOrder }, want: "took effect after event"},
		{name: "two events of one transaction, in the wrong order", spoil: `UPDATE messages SET created_at = '2026-01-01 10:00', event_id = 3 - event_id WHERE id < 3 -- swaps 1 and 2`,
			findings: func(a *Audit) []string { return a.OutOfOrder }, want: "took effect after event"},
		{name: "what customers said was queued in another order", spoil: `UPDATE deliveries SET message_id = 3 - message_id -- swaps 1 and 2`,
			findings: func(a *Audit) []string { return a.OutOfOrder }, want: "took effect after event"},
		{name: "an event was applied twice", spoil: `UPDATE messages SET event_id = 1 WHERE id = 2`, findings: func(a *Audit) []string { return a.AppliedTwice }, want: "made 2 messages of one"},
		{name: "what was typed was recorded twice", spoil: `
			INSERT INTO messages (id, conversation_id, direction, fate, place, account_id, channel, said_at, created_at) VALUES (4, 1, 'note', 'inside', '5.1', 12, 'C', now(), now())`,
			findings: func(a *Audit) []string { return a.AppliedTwice }, want: "was recorded 2 times"},
		{name: "an event is queued twice", spoil: `
			INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at) VALUES ('12/C:9', 12, 2, 99, 1, 2, now());
			INSERT INTO queue_events (queue_id, place, event_id) VALUES (1, 2, 99)`, findings: func(a *Audit) []string { return a.AppliedTwice }, want: "stands in its queue"},
		{name: "an event is queued and was applied", spoil: `
			INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at) VALUES ('12/C:1', 12, 2, 3, 1, 1, now())`,
			findings: func(a *Audit) []string { return a.AppliedTwice }, want: "still queued, and was applied"},
		{name: "an event is queued and was given up", spoil: `
			INSERT INTO quarantine (event_id, reason) VALUES (99, 'why');
			INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at) VALUES ('12/C:9', 12, 2, 99, 1, 1, now())`,
			findings: func(a *Audit) []string { return a.AppliedTwice }, want: "still queued, and was given up"},
		{name: "given up", spoil: `INSERT INTO quarantine (event_id, reason) VALUES (99, 'why')`, findings: func(a *Audit) []string { return a.WronglyQuarantined }},
		{name: "what was typed was not recorded", spoil: `UPDATE messages SET place = '' WHERE id = 3`, findings: func(a *Audit) []string { return a.Unrecorded }},
		{name: "the team is another", spoil: `UPDATE conversations SET team_id = NULL, assignees = '{1}'`, findings: func(a *Audit) []string { return a.StaleCards }},
		{name: "no team", spoil: unanswered + `UPDATE conversations SET team_id = NULL`, findings: func(a *Audit) []string { return a.Forgotten }},
		{name: "a team of nobody", spoil: unanswered + `UPDATE conversations SET team_id = 2`, findings: func(a *Audit) []string { return a.Forgotten }},
		{name: "an owner who left, and no team", spoil: unanswered + `UPDATE agents SET active = false; UPDATE conversations SET team_id = NULL, assignees = '{1}'`,
			findings: func(a *Audit) []string { return a.Forgotten }},
		{name: "the answer was taken back, and no team", spoil: `UPDATE messages SET fate = 'undone' WHERE id = 3; UPDATE conversations SET team_id = NULL`,
			findings: func(a *Audit) []string { return a.Forgotten }},
		{name: "the customer wrote after it was resolved", spoil: `UPDATE conversations SET status = 'resolved', resolved_at = '2026-01-01 10:00:30'`,
			findings: func(a *Audit) []string { return a.Forgotten }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := auditOf(t, c.spoil)
			isFound := slices.ContainsFunc(c.findings(&a), func(text string) bool { return strings.Contains(text, c.want) })
			if !isFound || len(a.ViolatedInvariants()) == 0 {
				t.Errorf("found %q, want %q", a.Violations(), c.want)
			}
		})
	}
}

// The audit finds nothing in records that are as they should be.
func TestAuditOfGoodRecords(t *testing.T) {
	t.Parallel()
	if a := auditOf(t, ""); len(a.Violations()) > 0 || len(a.ViolatedInvariants()) > 0 {
		t.Errorf("found %q", a.Violations())
	}
}

// An event that was given up although it was applied is a finding.
func TestAuditOfGivenUpAndApplied(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"given up and applied": `INSERT INTO quarantine (event_id, reason) VALUES (2, 'why')`,
		"given up and applied, by the log": `
			INSERT INTO quarantine (event_id, reason) VALUES (99, 'why');
			INSERT INTO log_entries (id, conversation_id, at, actor, what, event_id) VALUES (9, 1, now(), 'customer', 'opened', 99)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := auditOf(t, spoil); len(a.WronglyQuarantined) != 1 || !strings.Contains(a.WronglyQuarantined[0], "applied as well") {
				t.Errorf("found %q", a.WronglyQuarantined)
			}
		})
	}
}

// compareQuarantine accepts an event that can't be applied if it was given up and people were told once. All else is a finding.
func TestCompareGivenUp(t *testing.T) {
	t.Parallel()
	poison := quarantined{Event: 5, Fact: "m:wamid.poison-1", Reason: "nobody sent it"}
	cases := []struct {
		name            string
		list            []quarantined
		cards           []string
		chatUnreadable  bool // see Known.Blind
		givenUp, unread int
	}{
		{name: "given up and told", list: []quarantined{poison}, cards: []string{"parley replay 5"}},
		{name: "not given up", cards: []string{"parley replay 5"}, unread: 1},
		{name: "given up, and nobody was told", list: []quarantined{poison}, cards: []string{"parley replay 55"}, unread: 1},
		{name: "given up, and told twice", list: []quarantined{poison}, cards: []string{"parley replay 5", "look: parley replay 5."}, unread: 1},
		{name: "told twice where Parley may not look", list: []quarantined{poison}, cards: []string{"parley replay 5", "parley replay 5"}, chatUnreadable: true},
		{name: "another one was given up", list: []quarantined{poison, {Event: 6, Fact: "m:wamid.6"}}, cards: []string{"parley replay 5", "parley replay 6"}, givenUp: 1},
		{name: "given up and applied", list: []quarantined{{Event: 5, Fact: poison.Fact, Applied: true}}, cards: []string{"parley replay 5"}, givenUp: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := Expectation{Poisons: []string{poison.Fact}, Cards: map[string]checker.Card{}, Blind: c.chatUnreadable}
			for i, card := range c.cards {
				k.Cards[strconv.Itoa(i)] = checker.Card{Text: card}
			}
			var a Audit
			if a.compareQuarantine(c.list, k); len(a.WronglyQuarantined) != c.givenUp || len(a.NotQuarantined) != c.unread {
				t.Errorf("given up %q, unread %q", a.WronglyQuarantined, a.NotQuarantined)
			}
		})
	}
}

// auditOf returns what the audit finds in auditedRecords after a statement has changed it. "" changes nothing.
func auditOf(t *testing.T, spoil string) Audit {
	t.Helper()
	pool := storetest.DB(t)
	storetest.Exec(t, pool, auditedRecords)
	if spoil != "" {
		storetest.Exec(t, pool, spoil)
	}

	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()

	// The run saw one typed text and one card.
	cards := map[string]checker.Card{"root": {Text: "Unassigned · Support", Responsible: checker.Responsible{Teams: []string{checker.SupportTeam}, OwnerAllowed: true}}}
	var a Audit
	if err := a.Read(t.Context(), conn.Conn(), Expectation{Posted: []string{"5.1"}, Cards: cards, LongestStop: time.Second}); err != nil {
		t.Fatal(err)
	}
	return a
}
