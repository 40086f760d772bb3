package main

import (
	"testing"

	"parley/store/storetest"
)

// ruled are Ann and Ben with room for one conversation each, who get a mailbox's conversations by rules, and three of the past, of which
// the first had ended when the third began.
const ruled = `
	INSERT INTO agents (id, email, name, routing) OVERRIDING SYSTEM VALUE VALUES (1, 'ann@acme.test', 'Ann Lee', '{"capacity": 1}'),
		(2, 'ben@acme.test', 'Ben Katz', '{"capacity": 1}');
	INSERT INTO teams (id, name, members) OVERRIDING SYSTEM VALUE VALUES (1, 'Support', '{1,2}');
	INSERT INTO accounts (id, name, kind, side, team_id, routing) VALUES (10, 'help', 'email', 'channel', 1,
		'{"rules": [{"by": "salesman"}, {"by": "least_load", "when": {"text": "lamp"}}]}');
	INSERT INTO customer_records (id, salesman) VALUES (1, 'ben@acme.test');
	INSERT INTO customer_addresses (address, record_id) VALUES ('zebra@shop.example', 1);
	INSERT INTO contacts (id, name) VALUES (1, 'Zebra'), (2, 'Otter');
	INSERT INTO identities (id, account_id, key, name, contact_id)
		VALUES (1, 10, 'zebra@shop.example', 'Zebra', 1), (2, 10, 'otter@shop.example', 'Otter', 2);
	INSERT INTO conversations (id, account_id, identity_id, team_id, status, subject, last_at, created_at, resolved_at) VALUES
		(7, 10, 1, 1, 'resolved', 'Desk', now(), '2026-11-02 09:00Z', '2026-11-02 11:00Z'),
		(8, 10, 2, 1, 'open', 'My lamp', now(), '2026-11-02 10:00Z', NULL),
		(9, 10, 2, 1, 'open', 'No lamp', now(), '2026-11-02 12:00Z', NULL),
		(10, 10, 2, 1, 'open', 'Another lamp', now(), '2026-11-02 13:00Z', NULL);`

// The rules are tried on what a customer may write, and on what customers have written, and nothing changes.
// Requirement R-125: Rules that assign.
func TestRoute(t *testing.T) {
	t.Parallel()
	url := storetest.Reused(t).Config().ConnString()
	parley := cli{t: t, data: folderForServer(t), env: []string{"DATABASE_URL=" + url}}
	pool := openPool(t, url)
	storetest.Exec(t, pool, ruled)

	wantText(t, parley.mustRun("route", "--account", "help", "--text", "Where is it?", "--address", "Zebra@shop.example"),
		"Ben Katz: rule 1, the customer's salesman\n")
	wantText(t, parley.mustRun("route", "--account", "help", "--text", "A desk", "--address", "new@shop.example"),
		"nobody: it waits in the queue\n  rule 1, the customer's salesman: nobody\n"+
			"  rule 2, who is least busy: only if it says “lamp”\n")

	got := parley.mustRun("route", "--dry-run")
	for _, line := range []string{
		"#7  2026-11-02 09:00  help  Ben Katz: rule 1, the customer's salesman\n",
		"#8  2026-11-02 10:00  help  Ann Lee: rule 2, who is least busy; rule 1, the customer's salesman: nobody; not chosen: Ben Katz has no room\n",
		"#9  2026-11-02 12:00  help  Ben Katz: rule 2, who is least busy; rule 1, the customer's salesman: nobody; not chosen: Ann Lee has no room\n",
		"#10  2026-11-02 13:00  help  nobody: it waits in the queue; ",
		"Of 4 conversations:\n     2  Ben Katz\n     1  nobody: they wait\n     1  Ann Lee\n",
	} {
		wantText(t, got, line)
	}
	if n := storetest.Row(t, pool, `SELECT (SELECT count(*) FROM routed) + (SELECT count(*) FROM routing_turns) + (SELECT count(*) FROM events)`); n != "(0)" {
		t.Errorf("%s rows of decisions, want (0)", n)
	}
	wantText(t, parley.mustFail("route"), "give either --dry-run")
}
