package site_test

import (
	"net/http"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// vaultNote is what Cat wrote when she resolved the conversation of startWithVaultLog.
const vaultNote = "he threatens to sue"

// startWithVaultLog starts a site with deskCompany, in which conversation 4711 of guards-mail was resolved with vaultNote. Ann, an
// admin, is neither in the private channel of that account nor in its team.
func startWithVaultLog(t *testing.T) *sitetest.Site {
	t.Helper()
	s := sitetest.Start(t, deskCompany, withInbox(t))
	storetest.Exec(t, s.Pool, `
		INSERT INTO conversations (id, account_id, team_id, status, last_at, created_at)
		SELECT 4711, accounts.id, teams.id, 'resolved', now(), now()
		FROM accounts, teams
		WHERE accounts.name = 'guards-mail' AND teams.name = 'Guards'`)
	storetest.Exec(t, s.Pool, `
		INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
		SELECT 1, 4711, now(), id, 'agent', 'resolved', jsonb_build_object('note', $1::text)
		FROM agents
		WHERE email = 'cat@acme.test'`, vaultNote)
	return s
}

// An admin who may not read a conversation sees in the log that something was done to it, but not what was written with it.
// Requirement R-212: Only some people read an account.
func TestLogOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	s := startWithVaultLog(t)
	ann := s.Visitor("ann@acme.test")
	api := newProgram(s, newToken(t, ann, logScope))

	tests := []struct {
		name      string
		get       func(path string) sitetest.Answer
		path      string
		wantShown string // of the row
	}{
		{name: "page", get: ann.Get, path: "/settings/log?account=guards-mail", wantShown: "not open to you"},
		{name: "file", get: ann.Get, path: "/settings/log.csv?account=guards-mail", wantShown: "Cat Moss,resolved,4711,guards-mail,\n"},
		{name: "API", get: api.get, path: "/api/log.csv?account=guards-mail", wantShown: "Cat Moss,resolved,4711,guards-mail,\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := tt.get(tt.path)
			wantStatus(t, "the log", a, http.StatusOK)
			wantShown(t, "the log", a, "4711", tt.wantShown)
			wantHidden(t, "the log", a, vaultNote)
		})
	}
}

// quarantineOddMail puts event 4717 of guards-mail into quarantine, for a reason that names a customer.
func quarantineOddMail(t *testing.T, s *sitetest.Site) {
	t.Helper()
	storetest.Exec(t, s.Pool, `
		INSERT INTO events (id, account_id, external_id, order_key, payload, size_bytes)
		OVERRIDING SYSTEM VALUE
		SELECT 4717, id, 'mail:1', 'x', 'From: vera@customer.test', 1 FROM accounts WHERE name = 'guards-mail'`)
	storetest.Exec(t, s.Pool, `INSERT INTO quarantine (event_id, reason) VALUES (4717, 'Header of vera@customer.test is odd')`)
}

// An admin who may not read a conversation sees that something of it stands still, or that one of its senders is blocked, but neither
// the customer's address nor a button. Only what could not be applied can be applied again or dropped, unseen.
// Requirement R-212: Only some people read an account.
func TestStuckOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	s := startWithVaultLog(t)
	storetest.Exec(t, s.Pool, `
		INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at) VALUES (4712, 4711, 'out', 'unclear', now(), now())`)
	storetest.Exec(t, s.Pool, `
		INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, head, tail) VALUES (4713, 1, 'k', 4711, 1, 1, 1)`)
	storetest.Exec(t, s.Pool, `
		INSERT INTO deliveries (id, lane_id, seq, message_id, kind, state, error_text, created_at)
		VALUES (4714, 4713, 1, 4712, 'reply', 'needs_decision', 'No answer about vera@customer.test.', now())`)
	storetest.Exec(t, s.Pool, `INSERT INTO contacts (id, name) VALUES (4715, 'Vera')`)
	storetest.Exec(t, s.Pool, `
		INSERT INTO identities (id, account_id, key, name, contact_id, blocked)
		SELECT 4716, id, 'vera@customer.test', 'Vera', 4715, true FROM accounts WHERE name = 'guards-mail'`)
	quarantineOddMail(t, s)
	ann := s.Visitor("ann@acme.test")

	for _, tt := range []struct{ path, form string }{
		{path: "/settings/stuck", form: "/settings/stuck/4714/decide"},
		{path: "/settings/blocked", form: "/settings/blocked/4716/unblock"},
	} {
		page := ann.Get(tt.path)
		wantShown(t, tt.path, page, "guards-mail", "not open to you")
		wantHidden(t, tt.path, page, "vera@customer.test", "Vera", tt.form)
	}
	wantShown(t, "what could not be applied", ann.Get("/settings/stuck"), "/settings/stuck/4717/replay", "/settings/stuck/4717/drop")
	wantStatus(t, "letting the sender in again", ann.Post("/settings/blocked/4716/unblock", nil), http.StatusForbidden)
	if storetest.Row(t, s.Pool, `SELECT blocked FROM identities WHERE id = 4716`) != "(t)" {
		t.Error("an admin to whom the account is closed lets its sender in again")
	}

	storetest.Exec(t, s.Pool, `
		UPDATE conversations
		SET assignees = ARRAY[(SELECT id FROM agents WHERE email = 'ann@acme.test')]`)
	page := ann.Get("/settings/stuck")
	wantShown(t, "what stands still, for the owner", page, "vera@customer.test", "/settings/stuck/4714/decide")
}
