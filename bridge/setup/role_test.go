package setup

import (
	"slices"
	"strings"
	"testing"

	"parley/store"
)

// Only super-admins may say which user of a chat an admin is, because Parley recognises an admin in the chat by that
// user. An admin may say it of himself and of agents who aren't admins. If an admin has no user there yet, the chat
// may be asked by the address.
// Requirement R-211: Roles.
func TestWhoSaysWhoAnAdminIs(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	apply(t, pool, `
agents:
  - {email: ann@acme.test, roles: [super_admin]}
  - {email: ben@acme.test, roles: [admin]}
  - {email: cy@acme.test, name: Cy, roles: [admin]}
  - {email: joe@acme.test, name: Joe, slack: U0JOE}`, o)

	agents := directory(t, pool).Agents
	ben := slices.IndexFunc(agents, func(a store.Agent) bool { return a.Email == "ben@acme.test" })
	o.Author = Author{Agent: &agents[ben].ID, Name: "ben@acme.test"}

	for _, tt := range []struct {
		name, change string
		found        string // the user in Slack whom Slack finds by the address
		wantRefused  bool
	}{
		{name: "a super-admin's user", change: "email: ann@acme.test, slack: U0THIEF", wantRefused: true},
		{name: "no user any more", change: `email: ann@acme.test, slack: ""`, wantRefused: true},
		{name: "an admin's first user", change: "email: cy@acme.test, slack: U0THIEF", wantRefused: true},
		{name: "an admin's first user, found by the address", change: "email: cy@acme.test", found: "U0CY"},
		{name: "a super-admin's name", change: "email: ann@acme.test, name: Ann"},
		{name: "his own user", change: "email: ben@acme.test, slack: U0BEN2"},
		{name: "an agent's user", change: "email: joe@acme.test, slack: U0JOE2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := o
			o.Lookup = workspace{users: map[string]string{"slack cy@acme.test": tt.found}}
			raw := "agents: [{" + tt.change + "}]"
			if tt.wantRefused {
				if got := refused(t, pool, raw, o); !strings.Contains(got, "slack: only super-admins say who an admin is in a chat") {
					t.Errorf("refused by %s", got)
				}
				return
			}

			if got := apply(t, pool, raw, o); len(got.Changes) != 1 || strings.Contains(got.Text(), "from now on only") {
				t.Errorf("got %s, want one change, and nothing about rights that stay", got.Text())
			}
		})
	}
}
