package setup

import (
	"slices"
	"strings"
	"testing"

	"parley/channels/golden"
	"parley/store"
)

// Without --prune nothing is removed. With it, everything is removed that a list of the file doesn't name. But an
// account that has events is only paused, and its team stays. A list that isn't in the file isn't touched.
func TestPrune(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	apply(t, pool, `
agents: [{email: old@acme.test, name: Old, slack: U0OLD}]
teams: [{name: Night, members: [old@acme.test]}, {name: Used, slack_channel: C0USED}, {name: Mistake, slack_channel: C0X}]
accounts: [{name: typo, kind: raven, team: Mistake}, {name: old-rookery, kind: raven, team: Used}]`, o)

	used := accountNamed(t, pool, "old-rookery")
	event := store.NewEvent{AccountID: used.ID, ExternalID: "x", OrderKey: store.OrderKey(used.ID, "x"), Payload: []byte("x")}
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{event}))(t)

	secrets := []string{"LOFT_PASSWORD=tops3cret", "OUT=0ther"}
	if got := apply(t, pool, acme, o, secrets...); len(got.Changes) > 0 {
		t.Errorf("without prune:\n%s", got.Text())
	}

	o.Prune = true
	var shown strings.Builder
	shown.WriteString("== only the company\n" + apply(t, pool, "company: Acme", o).Text())
	shown.WriteString("== a member who would go\n" + refused(t, pool,
		"agents: [{email: ann@acme.test}]\nteams: [{name: Support, members: [ben@acme.test]}]", o))
	shown.WriteString("== a team that an account needs\n" + refused(t, pool, `teams: [{name: Used}, {name: Mistake}, {name: Night}]`, o))
	shown.WriteString("== agents\n" + apply(t, pool, `agents: [{email: ann@acme.test}, {email: ben@acme.test}]`, o).Text())
	shown.WriteString("== all\n" + apply(t, pool, acme, o, secrets...).Text())
	shown.WriteString("== again\n" + apply(t, pool, acme, o, secrets...).Text())
	golden.Text(t, "testdata/prune.txt", shown.String())

	d := directory(t, pool)
	for _, a := range d.Accounts {
		switch {
		case a.Name == "typo":
			t.Error("the unused account is still there")
		case a.Name == "old-rookery" && !a.Paused:
			t.Error("the used account is not paused")
		}
	}
	if names := teamNames(d); names != "Support Used" {
		t.Errorf("teams: %s, want Support Used", names)
	}

	for _, said := range []string{"", ", paused: false"} {
		again := apply(t, pool, `accounts: [{name: old-rookery`+said+`}]`, options(t))
		if isTold := strings.Contains(again.Text(), "account old-rookery: stays paused"); isTold != (said == "") {
			t.Errorf("an account that is named again%s:\n%s", said, again.Text())
		}
	}

	// An agent who comes back doesn't have the former user again.
	for _, nobody := range []string{"", `, slack: ""`} {
		back := apply(t, pool, `agents: [{email: old@acme.test, name: Old`+nobody+`}]`, options(t))
		d := directory(t, pool)
		if len(back.Changes) == 0 || len(d.Agents) != 3 {
			t.Errorf("an agent who comes back:\n%s", back.Text())
		}
		if slices.ContainsFunc(d.Users, func(u store.AgentUser) bool { return u.UserID == "U0OLD" }) {
			t.Errorf("an agent who comes back%s has the former user:\n%s", nobody, back.Text())
		}
		apply(t, pool, `agents: [{email: old@acme.test, slack: U0OLD}]`, options(t))
		apply(t, pool, acme, o, secrets...) // the agent goes again
	}
}

func teamNames(d store.Directory) string {
	var names []string
	for _, t := range d.Teams {
		names = append(names, t.Name)
	}
	return strings.Join(names, " ")
}
