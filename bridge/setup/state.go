package setup

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"parley/routing"
	"parley/store"
)

// State is everything that parley.yaml can describe, such as agents, teams and accounts. Things refer to each
// other by name and not by the database's ids: an account's Team is "Support".
//
// A change works with two states. One is loaded from the database (have). The other is a copy that is changed
// to what the file says (want). The difference is shown to people and then saved.
type State struct {
	Company  string
	Settings map[string]string          // the defaults of all accounts
	Surfaces map[string]store.AccountID // the accounts of the agents' chats, by kind ("slack", "teams"); 0 means not created yet
	Agents   []StateAgent               // only active ones
	Teams    []StateTeam
	Accounts []StateAccount

	Templates   []StateTemplate
	Tags        []store.Tag // only those that can be chosen
	Automations []routing.Automation
	Canned      []store.Canned // those for all
	Roles       []store.Role
	Knowledge   []string // folders and web sites, sorted

	Retention store.RetentionDays

	// Moved has the current ids of channels whose id was changed by their chat, by kind of chat and former id.
	// See ChannelNow.
	Moved map[string]map[string]string
}

// StateAgent is a person who answers customers.
type StateAgent struct {
	ID    store.AgentID // 0 means new
	Email string
	Name  string
	Roles []string
	Zone  string
	Users map[string]store.SurfaceUser // ids in the chats, by kind of chat

	Presence  string // "" means available
	Quiet     []string
	Signature StateSignature
	Work      routing.Work
}

// StateTeam is a group of agents, with the channels in which its conversations open.
type StateTeam struct {
	ID       store.TeamID // 0 means new
	Name     string
	Members  []string          // e-mail addresses
	Channels map[string]string // by kind of chat
	Home     string            // the kind of chat in which threads open
	Emoji    map[string]string // verbs by emoji name
	Agents   string            // store.AgentsOfChannel, or "" for those whom an admin lists
	Board    bool              // a message in each of its channels shows what presses there
}

// Agent returns the agent with this e-mail address, or nil.
func (s *State) Agent(email string) *StateAgent {
	return find(s.Agents, func(a StateAgent) bool { return strings.EqualFold(a.Email, email) })
}

// AgentByID returns the agent with this id, or nil.
func (s *State) AgentByID(id store.AgentID) *StateAgent {
	return find(s.Agents, func(a StateAgent) bool { return a.ID == id })
}

// AgentOf returns the agent who has this user of a chat, or nil.
func (s *State) AgentOf(kind string, user store.SurfaceUser) *StateAgent {
	return find(s.Agents, func(a StateAgent) bool { return a.Users[kind] == user })
}

// Team returns the team with this name, or nil.
func (s *State) Team(name string) *StateTeam {
	return find(s.Teams, func(t StateTeam) bool { return strings.EqualFold(t.Name, name) })
}

// Account returns the account with this name, or nil.
func (s *State) Account(name string) *StateAccount {
	return find(s.Accounts, func(a StateAccount) bool { return strings.EqualFold(a.Row.Name, name) })
}

// ForgetAgent takes somebody who is no longer an agent out of the people of all accounts. It returns an account that nobody would
// answer any more, which keeps its people, or nil.
func (s *State) ForgetAgent(email string) *StateAccount {
	for i := range s.Accounts {
		a := &s.Accounts[i]
		isAgent := func(p store.AccountPerson) bool { return strings.EqualFold(p.Agent, email) }
		if !slices.ContainsFunc(a.Row.People, isAgent) {
			continue
		}
		left := slices.DeleteFunc(slices.Clone(a.Row.People), isAgent)
		if !slices.ContainsFunc(left, func(p store.AccountPerson) bool { return slices.Contains(p.Rights, store.RightHandles) }) {
			return a
		}
		a.Row.People = left
	}
	return nil
}

// Clone returns a copy whose agents, teams and accounts can be changed without affecting the original.
func (s *State) Clone() *State {
	c := *s
	c.Settings, c.Surfaces = maps.Clone(s.Settings), maps.Clone(s.Surfaces)
	c.Agents, c.Teams, c.Accounts = slices.Clone(s.Agents), slices.Clone(s.Teams), slices.Clone(s.Accounts)
	c.Templates, c.Tags = slices.Clone(s.Templates), slices.Clone(s.Tags)
	c.Automations, c.Canned = slices.Clone(s.Automations), slices.Clone(s.Canned)
	for i := range c.Agents {
		a := &c.Agents[i]
		a.Users, a.Roles, a.Quiet = maps.Clone(a.Users), slices.Clone(a.Roles), slices.Clone(a.Quiet)
	}

	for i := range c.Teams {
		t := &c.Teams[i]
		t.Channels, t.Emoji, t.Members = maps.Clone(t.Channels), maps.Clone(t.Emoji), slices.Clone(t.Members)
	}

	for i := range c.Accounts {
		a := &c.Accounts[i]
		a.Settings = maps.Clone(a.Settings)
		a.Config = maps.Clone(a.Config)
		a.Secrets = maps.Clone(a.Secrets)
	}
	return &c
}

// ChannelNow returns the current id of a channel, given its current or a former id.
func (s *State) ChannelNow(kind, channel string) string {
	return cmp.Or(s.Moved[kind][channel], channel)
}

// AgentsRule returns a team's rule about its agents as a state has it: "" is the default, store.AgentsListed.
func AgentsRule(value string) string {
	if value == store.AgentsListed {
		return ""
	}
	return value
}
