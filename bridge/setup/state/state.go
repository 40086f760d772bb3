package state

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"parley/store"
	"parley/store/retention"
)

// State is the whole set-up that parley.yaml describes, with names in place of the database's ids. A change has two of them:
// the one that is stored (have), and a copy of it that is changed to what the file says (want). The difference is shown to
// people and then saved.
type State struct {
	Company  string
	Settings map[string]string          // the defaults of all accounts
	Surfaces map[string]store.AccountID // by kind; 0 means to be made
	Agents   []Agent                    // active ones
	Teams    []Team
	Accounts []Account

	Templates []Template
	Tags      []store.Tag // those that can be chosen
	Knowledge []string    // folders and addresses, sorted

	Retention retention.Days

	// Moved has the present ids of channels whose chat has given them another id, by kind of surface and former id. See
	// ChannelNow.
	Moved map[string]map[string]string
}

// Agent is a person who answers.
type Agent struct {
	ID    store.AgentID // 0 means new
	Email string
	Name  string
	Roles []string
	Zone  string
	Users map[string]store.SurfaceUser // by kind of surface

	Presence  string // "" means available
	Quiet     []string
	Signature Signature
}

// Team is a group of agents with the channels in which its conversations open.
type Team struct {
	ID       store.TeamID // 0 means new
	Name     string
	Members  []string          // e-mail addresses
	Channels map[string]string // by kind of surface
	Home     string            // kind of surface
	Emoji    map[string]string // verbs by names
	Agents   string            // store.AgentsOfChannel; "" means whom an admin lists
	Weekly   string            // a cron expression; "" means never
}

// Agent finds an agent by the e-mail address, or returns nil if there is none.
func (s *State) Agent(email string) *Agent {
	return find(s.Agents, func(a Agent) bool { return strings.EqualFold(a.Email, email) })
}

// AgentByID finds an agent, or returns nil if there is none.
func (s *State) AgentByID(id store.AgentID) *Agent {
	return find(s.Agents, func(a Agent) bool { return a.ID == id })
}

// AgentOf returns the agent who has a user of a surface, or nil if nobody has it.
func (s *State) AgentOf(kind string, user store.SurfaceUser) *Agent {
	return find(s.Agents, func(a Agent) bool { return a.Users[kind] == user })
}

// Team finds a team by its name, or returns nil if there is none.
func (s *State) Team(name string) *Team {
	return find(s.Teams, func(t Team) bool { return strings.EqualFold(t.Name, name) })
}

// Account finds an account by its name, or returns nil if there is none.
func (s *State) Account(name string) *Account {
	return find(s.Accounts, func(a Account) bool { return strings.EqualFold(a.Row.Name, name) })
}

func find[T any](list []T, is func(T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return &list[i]
	}
	return nil
}

// Clone returns a copy of which agents, teams and accounts can be changed without changing the original.
func (s *State) Clone() *State {
	c := &State{
		Company:   s.Company,
		Settings:  maps.Clone(s.Settings),
		Surfaces:  maps.Clone(s.Surfaces),
		Agents:    slices.Clone(s.Agents),
		Teams:     slices.Clone(s.Teams),
		Accounts:  slices.Clone(s.Accounts),
		Templates: slices.Clone(s.Templates),
		Tags:      slices.Clone(s.Tags),
		Knowledge: s.Knowledge,
		Retention: s.Retention,
		Moved:     s.Moved,
	}
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
	return c
}

// ChannelNow returns the present id of a channel, which its surface may have changed.
func (s *State) ChannelNow(kind, channel string) string {
	return cmp.Or(s.Moved[kind][channel], channel)
}

// AgentsRule returns a team's rule in the form of a state, where "" stands for the usual one, store.AgentsListed.
func AgentsRule(value string) string {
	if value == store.AgentsListed {
		return ""
	}
	return value
}
