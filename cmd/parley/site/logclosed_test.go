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
//
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

// An admin who has the conversation of a private channel reads all of its log.
func TestLogOfAPrivateChannelForItsOwner(t *testing.T) {
	t.Parallel()
	s := startWithVaultLog(t)
	storetest.Exec(t, s.Pool, `
		UPDATE conversations
		SET assignees = ARRAY[(SELECT id FROM agents WHERE email = 'ann@acme.test')]`)

	page := s.Visitor("ann@acme.test").Get("/settings/log?account=guards-mail")

	wantStatus(t, "the log", page, http.StatusOK)
	wantShown(t, "the log", page, vaultNote)
}
