package torture

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/store/storetest"
)

// The audit reads Parley's tables after a run. These tests fill the tables with one conversation that is as
// it should be, change one thing by SQL, and check which violation the audit finds.

// auditedRecords is one answered conversation: two messages of a customer (events 1 and 2), a reply (event 3), and
// the posts of the two messages.
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
		(1, 1, 'in', 'in', 1, '', 0, '', now(), '2026-01-01 10:00'),
		(2, 1, 'in', 'in', 2, '', 0, '', now(), '2026-01-01 10:01'),
		(3, 1, 'out', 'out', 3, '5.1', 12, 'C', now(), '2026-01-01 10:02');
	INSERT INTO deliveries (id, lane_id, seq, message_id, kind, created_at) VALUES (1, 7, 1, 1, 'said', now()), (2, 7, 2, 2, 'said', now());`

// unanswered removes the reply, so that the customer waits.
const unanswered = `DELETE FROM messages WHERE id = 3; `

// auditAfter returns what the audit finds in auditedRecords after a statement has changed them. "" changes nothing.
// resolves are the commands that somebody typed to resolve the conversation, by their places.
func auditAfter(t *testing.T, change string, resolves ...string) Audit {
	t.Helper()
	pool := storetest.DB(t)
	storetest.Exec(t, pool, auditedRecords)
	if change != "" {
		storetest.Exec(t, pool, change)
	}

	conn := storetest.Must(pool.Acquire(t.Context()))(t)
	defer conn.Release()

	expected := RecordsExpectation{
		Posted:   []string{"5.1"},
		Resolves: resolves,
		Cards: map[string]Card{"root": {
			Text:        "Unassigned · Support",
			Responsible: Responsible{Teams: []string{SupportTeam}, OwnerAllowed: true},
		}},
		LongestStop: time.Second,
	}
	var a Audit
	storetest.Check(t, a.Read(t.Context(), conn.Conn(), expected))
	return a
}

// auditCase is a change of auditedRecords, and a text that one of the resulting violations must contain.
type auditCase struct {
	name   string
	change string // SQL
	want   string
}

// runAuditCases checks that each change causes a violation of the kind that violations selects.
func runAuditCases(t *testing.T, violations func(*Audit) []string, cases []auditCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := auditAfter(t, tt.change)
			isDescribed := slices.ContainsFunc(violations(&a), func(text string) bool { return strings.Contains(text, tt.want) })
			if !isDescribed {
				t.Errorf("got the violations %q, want one of its kind that says %q", a.Violations(), tt.want)
			}
			if len(FormatTallies(a.Tallies())) == 0 {
				t.Error("Tallies: got no violation, want some")
			}
		})
	}
}

// The audit finds no violation in correct tables.
func TestAuditOfGoodRecords(t *testing.T) {
	t.Parallel()
	a := auditAfter(t, "")
	if got := a.Violations(); len(got) > 0 {
		t.Errorf("violations: got %q, want none", got)
	}
	if got := FormatTallies(a.Tallies()); len(got) > 0 {
		t.Errorf("violated invariants: got %q, want none", got)
	}
}

// The audit finds events that took effect in the wrong order, and messages that got each other's places.
func TestAuditFindsWrongOrder(t *testing.T) {
	t.Parallel()
	const want = "took effect after event"
	runAuditCases(t, func(a *Audit) []string { return a.OutOfOrder }, []auditCase{
		{
			name:   "an event overtook another",
			change: `UPDATE messages SET created_at = '2026-01-01 09:59' WHERE id = 2`,
			want:   want,
		},
		{
			name: "an event overtook another, by the log",
			change: `
				INSERT INTO log_entries (id, conversation_id, at, actor, what, event_id)
				VALUES (9, 1, '2026-01-01 09:59', 'customer', 'opened', 2)`,
			want: want,
		},
		{
			name:   "two events of one transaction, swapped",
			change: `UPDATE messages SET created_at = '2026-01-01 10:00', event_id = 3 - event_id WHERE id IN (1, 2)`,
			want:   want,
		},
		{
			name:   "two messages have each other's place in their lane",
			change: `UPDATE deliveries SET message_id = 3 - message_id`,
			want:   want,
		},
	})
}

// The audit finds events that took effect twice, and events that are still queued after they were applied or given up.
func TestAuditFindsAppliedTwice(t *testing.T) {
	t.Parallel()
	runAuditCases(t, func(a *Audit) []string { return a.AppliedTwice }, []auditCase{
		{
			name:   "an event was applied twice",
			change: `UPDATE messages SET event_id = 1 WHERE id = 2`,
			want:   "made 2 messages of one",
		},
		{
			name: "what was typed was recorded twice",
			change: `
				INSERT INTO messages (id, conversation_id, direction, fate, place, account_id, channel, said_at, created_at)
				VALUES (4, 1, 'note', 'inside', '5.1', 12, 'C', now(), now())`,
			want: "was recorded 2 times",
		},
		{
			name: "an event is queued twice",
			change: `
				INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
				VALUES ('12/C:9', 12, 2, 99, 1, 2, now());
				INSERT INTO queue_events (queue_id, place, event_id) VALUES (1, 2, 99)`,
			want: "is in its queue",
		},
		{
			name: "an event is queued and was applied",
			change: `
				INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
				VALUES ('12/C:1', 12, 2, 3, 1, 1, now())`,
			want: "still queued, and was applied",
		},
		{
			name: "an event is queued and was given up",
			change: `
				INSERT INTO quarantine (event_id, reason) VALUES (99, 'why');
				INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at)
				VALUES ('12/C:9', 12, 2, 99, 1, 1, now())`,
			want: "still queued, and was given up",
		},
		{name: "people are asked twice about one attempt", change: unclearLines, want: "line of the kind unclear 2 times"},
	})
}

// unclearLines are two lines that ask whether the reply was sent. Each has a later delivery that changes it.
const unclearLines = `
	INSERT INTO deliveries (id, lane_id, seq, message_id, kind, payload, created_at) VALUES
		(3, 7, 3, 3, 'line', '{"line": {"Kind": "unclear"}}', now()), (4, 7, 4, 3, 'line', '{"line": {"Kind": "unclear"}, "changes": 3}', now()),
		(5, 7, 5, 3, 'line', '{"line": {"Kind": "unclear"}}', now()),
		(6, 7, 6, 3, 'line', '{"line": {"Kind": "unclear"}, "changes": 5}', now()); `

// The audit finds a waiting customer for whom nobody is responsible.
func TestAuditFindsForgotten(t *testing.T) {
	t.Parallel()
	runAuditCases(t, func(a *Audit) []string { return a.Forgotten }, []auditCase{
		{
			name:   "no team",
			change: unanswered + `UPDATE conversations SET team_id = NULL`,
			want:   "waits",
		},
		{
			name:   "a team of nobody",
			change: unanswered + `UPDATE conversations SET team_id = 2`,
			want:   "waits",
		},
		{
			name: "an owner who left, and no team",
			change: unanswered + `
				UPDATE agents SET active = false;
				UPDATE conversations SET team_id = NULL, assignees = '{1}'`,
			want: "waits",
		},
		{
			name: "the answer was taken back, and no team",
			change: `
				UPDATE messages SET fate = 'undone' WHERE id = 3;
				UPDATE conversations SET team_id = NULL`,
			want: "waits",
		},
		{
			name:   "the customer wrote after it was resolved",
			change: `UPDATE conversations SET status = 'resolved', resolved_at = '2026-01-01 10:00:30'`,
			want:   "it is still resolved",
		},
	})
}
