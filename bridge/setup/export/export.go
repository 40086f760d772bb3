package export

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/state"
	"parley/channels"
	"parley/store/retention"
)

// The set-up of a running Parley is written as parley.yaml, so that it can be edited and applied again, here or
// elsewhere. Package parleyfile reads the same file.

// File writes a state, which is all that is set up, as parley.yaml. specs describes the channels.
// Errors: an account of a kind that specs doesn't have.
func File(s *state.State, specs []channels.Spec) ([]byte, error) {
	var agents, teams, accounts []*document.Draft
	for _, a := range s.Agents {
		agents = append(agents, Agent(a))
	}

	for _, t := range s.Teams {
		teams = append(teams, Team(t))
	}

	variables := map[string]bool{}
	for _, a := range s.Accounts {
		spec := input.SpecOf(specs, a.Row.Kind)
		if spec == nil {
			return nil, fmt.Errorf("setup: export: account %s is of kind %q, which this version of Parley doesn't have",
				a.Row.Name, a.Row.Kind)
		}

		accounts = append(accounts, Account(a, *spec, variables))
	}

	file := Company(s)
	file.Entries("agents", agents)
	file.Entries("teams", teams)
	file.Entries("accounts", accounts)
	file.Entries("templates", templateEntries(s))
	file.Entries("tags", Tags(s))
	file.Entries("knowledge", Knowledge(s))
	var out bytes.Buffer
	file.Write(&out, "", "")
	return out.Bytes(), nil
}

// Company writes what stands at the top of the file: the company's name, and what all accounts have in common.
func Company(s *state.State) *document.Draft {
	g := &document.Draft{}
	g.Text("company", s.Company)
	writeSettings(g, s.Settings)
	writeKeptDays(g, s.Retention)
	return g
}

// Agent writes an agent's entry.
func Agent(a state.Agent) *document.Draft {
	g := &document.Draft{}
	g.Text("email", a.Email)
	g.Text("name", a.Name)
	for _, kind := range input.Chats() {
		g.Text(kind, a.Users[kind])
	}
	g.List("roles", a.Roles)
	g.Text("zone", a.Zone)
	g.Text("presence", a.Presence)
	g.List("quiet", a.Quiet)
	g.Text("signature", a.Signature.Source())
	return g
}

// Team writes a team's entry.
func Team(t state.Team) *document.Draft {
	g := &document.Draft{}
	g.Text("name", t.Name)
	g.List("members", t.Members)
	for _, kind := range input.Chats() {
		g.Text(kind+"_channel", t.Channels[kind])
	}

	if len(t.Channels) > 1 {
		g.Text("home", t.Home)
	}

	g.Text("agents", t.Agents)
	for _, name := range slices.Sorted(maps.Keys(t.Emoji)) {
		g.Sub("emoji").Text(name, t.Emoji[name])
	}

	g.Text("weekly_figures", t.Weekly)
	return g
}

// writeSettings writes those that have another value than the default.
func writeSettings(g *document.Draft, given map[string]string) {
	for _, known := range bridge.Settings() {
		if value := given[known.Name]; value != "" {
			g.Sub("settings").Text(known.Name, value)
		}
	}
}

// writeKeptDays writes the days that differ from what is usual.
func writeKeptDays(file *document.Draft, d retention.Days) {
	for _, k := range input.RetentionKeys() {
		if days := k.Get(d); days != 0 {
			file.Sub("retention").Put(k.Name, document.Plain(k.Format(days)))
		}
	}
}
