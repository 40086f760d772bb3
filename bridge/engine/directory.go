package engine

import (
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/routing/hours"
	"parley/store"
)

// directory is one version of everything that changes rarely, indexed. Read-only.
type directory struct {
	store.Directory
	accounts map[int64]*store.Account
	agents   map[int64]*store.Agent
	teams    map[int64]*store.Team
	byUser   map[userKey]*store.Agent
	users    map[agentKey]string
	colors   map[string]string
	hours    map[int64]*hours.Hours           // of accounts that have any
	ofMail   map[int64]bridge.AccountSettings // what accounts go by whose channel has threads of its own
	ofChat   map[int64]bridge.AccountSettings // what others go by
	moved    map[userKey]string               // former ids of channels → those that they have now
}

type userKey struct {
	account int64
	user    string
}

type agentKey struct{ account, agent int64 }

func newDirectory(d store.Directory) *directory {
	dir := &directory{Directory: d, accounts: map[int64]*store.Account{}, agents: map[int64]*store.Agent{},
		teams: map[int64]*store.Team{}, byUser: map[userKey]*store.Agent{}, users: map[agentKey]string{}, colors: map[string]string{},
		hours: hoursOf(d.Accounts), ofMail: map[int64]bridge.AccountSettings{}, ofChat: map[int64]bridge.AccountSettings{}, moved: map[userKey]string{}}
	for _, m := range d.Moves {
		dir.moved[userKey{m.AccountID, m.Former}] = m.Current
	}
	for i := range d.Accounts {
		dir.accounts[d.Accounts[i].ID] = &d.Accounts[i]
		dir.ofMail[d.Accounts[i].ID] = bridge.SettingsOf(d.Settings, d.Accounts[i].Settings, true)
		dir.ofChat[d.Accounts[i].ID] = bridge.SettingsOf(d.Settings, d.Accounts[i].Settings, false)
	}
	for i := range d.Agents {
		dir.agents[d.Agents[i].ID] = &d.Agents[i]
	}
	for i := range d.Teams {
		dir.teams[d.Teams[i].ID] = &d.Teams[i]
	}
	for _, u := range d.Users {
		if a := dir.agents[u.AgentID]; a != nil && a.Active {
			dir.byUser[userKey{u.AccountID, u.UserID}] = a
			dir.users[agentKey{u.AccountID, u.AgentID}] = u.UserID
		}
	}
	for _, t := range d.Tags {
		dir.colors[t.Name] = t.Color
	}
	return dir
}

// ref names an agent to a surface.
func (d *directory) ref(surface, agent int64) bridge.AgentRef {
	a := d.agents[agent]
	if a == nil {
		return bridge.AgentRef{ID: agent, Name: "a former agent"}
	}
	return bridge.AgentRef{ID: a.ID, Name: a.Name, Email: a.Email, User: d.users[agentKey{surface, agent}],
		IsAdmin: slices.Contains(a.Roles, "admin")}
}

// as gives a reference as another surface knows the agent: whoever has no user there is
// named only.
func (d *directory) as(surface int64, ref bridge.AgentRef) bridge.AgentRef {
	if user := d.users[agentKey{surface, ref.ID}]; user != "" {
		ref.User = user
		return ref
	}
	for _, other := range d.surfacesOf(ref.ID) {
		if d.users[agentKey{other, ref.ID}] == ref.User {
			ref.User = ""
		}
	}
	return ref
}

// find finds an agent by what people write: a user id of the surface, an e-mail or a name;
// nil if several share it: ask back.
func (d *directory) find(surface int64, who string) *store.Agent {
	who = strings.TrimPrefix(strings.TrimSpace(who), "@")
	if a := d.byUser[userKey{surface, who}]; a != nil {
		return a
	}
	var named, first []*store.Agent
	for i := range d.Agents {
		switch a := &d.Agents[i]; {
		case !a.Active:
		case strings.EqualFold(a.Email, who):
			return a
		case strings.EqualFold(a.Name, who):
			named = append(named, a)
		case strings.EqualFold(strings.SplitN(a.Name, " ", 2)[0], who):
			first = append(first, a)
		}
	}
	if len(named) == 0 {
		named = first
	}
	if len(named) != 1 {
		return nil
	}
	return named[0]
}

// surfacesOf gives the surfaces in which an agent can be reached.
func (d *directory) surfacesOf(agent int64) []int64 {
	var list []int64
	for _, a := range d.Accounts {
		if a.Side == "surface" && d.users[agentKey{a.ID, agent}] != "" {
			list = append(list, a.ID)
		}
	}
	return list
}

// findTeam finds a team by what people write: as it is spelt, else as it reads.
func (d *directory) findTeam(name string) *store.Team {
	plain := strings.NewReplacer("-", " ", "_", " ")
	name = strings.TrimPrefix(strings.TrimSpace(name), "#")
	for _, alike := range []func(string) bool{
		func(team string) bool { return team == name },
		func(team string) bool { return strings.EqualFold(plain.Replace(team), plain.Replace(name)) },
	} {
		if i := slices.IndexFunc(d.Teams, func(t store.Team) bool { return alike(t.Name) }); i >= 0 {
			return &d.Teams[i]
		}
	}
	return nil
}

// home says in which channel of which surface the threads of a team's conversation
// on an account open.
func (d *directory) home(a *store.Account, team *int64) (surface int64, channel string) {
	if a.SurfaceID != nil && a.SurfaceChannel != "" && (team == nil || a.TeamID == nil || *team == *a.TeamID) {
		return *a.SurfaceID, a.SurfaceChannel
	}
	if team == nil {
		team = a.TeamID
	}
	for _, c := range d.Channels {
		if team != nil && c.TeamID == *team && (surface == 0 || c.Home) {
			surface, channel = c.AccountID, c.Channel
		}
	}
	return surface, channel
}

// teamOfChannel gives the team whose threads open in a channel.
func (d *directory) teamOfChannel(surface int64, channel string) *store.Team {
	for _, c := range d.Channels {
		if c.AccountID == surface && c.Channel == channel {
			return d.teams[c.TeamID]
		}
	}
	for _, a := range d.accounts {
		if a.SurfaceID != nil && *a.SurfaceID == surface && a.SurfaceChannel == channel && a.TeamID != nil {
			return d.teams[*a.TeamID]
		}
	}
	return nil
}

// teamsOf gives the teams whose member an agent is.
func (d *directory) teamsOf(agent int64) []int64 {
	list := []int64{}
	for _, t := range d.Teams {
		if slices.Contains(t.Members, agent) {
			list = append(list, t.ID)
		}
	}
	return list
}

func (d *directory) zone(agent *store.Agent) *time.Location {
	if agent != nil && agent.Zone != "" {
		if loc, err := time.LoadLocation(agent.Zone); err == nil {
			return loc
		}
	}
	return time.Local
}

// settings gives what an account goes by; threads says that its channel has threads of its own
// (mail), which has other defaults than a chat.
func (d *directory) settings(a *store.Account, threads bool) bridge.AccountSettings {
	if threads {
		return d.ofMail[a.ID]
	}
	return d.ofChat[a.ID]
}

func (w *work) settings(c *conv) bridge.AccountSettings {
	ch := w.e.channel(c.AccountID)
	return w.dir.settings(c.account, ch != nil && ch.Capabilities().Threads)
}
