// Package directory holds everything that changes rarely, as it was read last: accounts, agents and their users, teams,
// tags, and what accounts chose. It finds them by what people write, and knows where threads open.
//
// What does not belong here: anything that is about one conversation, and reading the database (store).
package directory

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/own"
	"parley/bridge/holiday"
	"parley/routing/hours"
	"parley/store"
)

// Directory is one version of everything that changes rarely, indexed. It is read-only. A surface is a chat in which agents work
// (Slack, Teams); a home is the channel of a surface in which threads open.
type Directory struct {
	store.Directory
	accounts    map[store.AccountID]*store.Account
	agents      map[store.AgentID]*store.Agent
	teams       map[store.TeamID]*store.Team
	byUser      map[userKey]*store.Agent
	users       map[agentKey]store.SurfaceUser
	tags        map[string]*store.Tag                      // by name
	currentName map[string]string                          // by each name that a tag has or had, in small letters; see indexTags
	Hours       map[store.AccountID]*hours.Hours           // of accounts that have any
	ofMail      map[store.AccountID]bridge.AccountSettings // settings of each account if its channel has threads of its own
	ofChat      map[store.AccountID]bridge.AccountSettings // settings of each account if its channel is a chat
	moved       map[channelKey]string                      // former ids of channels → those that they have now
}

type userKey struct {
	surface store.AccountID
	user    store.SurfaceUser
}

type channelKey struct {
	surface store.AccountID
	channel string
}

type agentKey struct {
	surface store.AccountID
	agent   store.AgentID
}

// New indexes what was read.
func New(d store.Directory) *Directory {
	dir := &Directory{
		Directory:   d,
		accounts:    map[store.AccountID]*store.Account{},
		agents:      map[store.AgentID]*store.Agent{},
		teams:       map[store.TeamID]*store.Team{},
		byUser:      map[userKey]*store.Agent{},
		users:       map[agentKey]store.SurfaceUser{},
		tags:        map[string]*store.Tag{},
		currentName: map[string]string{},
		Hours:       hoursOf(d.Accounts),
		ofMail:      map[store.AccountID]bridge.AccountSettings{},
		ofChat:      map[store.AccountID]bridge.AccountSettings{},
		moved:       map[channelKey]string{},
	}
	for _, m := range d.Moves {
		dir.moved[channelKey{m.AccountID, m.Former}] = m.Current
	}

	for i := range d.Accounts {
		dir.accounts[d.Accounts[i].ID] = &d.Accounts[i]
		dir.ofMail[d.Accounts[i].ID] = bridge.SettingsOf(d.Settings, d.Accounts[i].Settings, true)
		dir.ofChat[d.Accounts[i].ID] = bridge.SettingsOf(d.Settings, d.Accounts[i].Settings, false)
	}

	for i := range d.Agents {
		a := &d.Agents[i]
		dir.agents[a.ID] = a
		if a.Active {
			dir.byUser[userKey{store.SystemAccount, own.PageUser(a.ID)}] = a
		}
	}

	for i := range d.Teams {
		dir.teams[d.Teams[i].ID] = &d.Teams[i]
	}

	for _, u := range d.Users {
		a := dir.agents[u.AgentID]
		if a != nil && a.Active {
			dir.byUser[userKey{u.AccountID, u.UserID}] = a
			dir.users[agentKey{u.AccountID, u.AgentID}] = u.UserID
		}
	}

	dir.indexTags()
	return dir
}

// Account returns an account, or nil if there is none any more.
func (d *Directory) Account(id store.AccountID) *store.Account { return d.accounts[id] }

// Agent returns an agent, or nil if there is none any more.
func (d *Directory) Agent(id store.AgentID) *store.Agent { return d.agents[id] }

// Team returns a team, or nil if there is none any more.
func (d *Directory) Team(id store.TeamID) *store.Team { return d.teams[id] }

// AgentOf returns the active agent who is a user of a surface, or nil if nobody is. On Parley's own pages, whose account is
// store.SystemAccount, all active agents are users, named by own.PageUser; nothing can be posted to them there.
func (d *Directory) AgentOf(surface store.AccountID, user store.SurfaceUser) *store.Agent {
	return d.byUser[userKey{surface, user}]
}

// UserOf returns an active agent's user in a surface, or "" if the agent has none there.
func (d *Directory) UserOf(surface store.AccountID, agent store.AgentID) store.SurfaceUser {
	return d.users[agentKey{surface, agent}]
}

// ActiveUsers lists the users of active agents in all surfaces, one of each agent in a surface.
func (d *Directory) ActiveUsers() []store.AgentUser {
	list := make([]store.AgentUser, 0, len(d.users))
	for k, user := range d.users {
		list = append(list, store.AgentUser{AccountID: k.surface, AgentID: k.agent, UserID: user})
	}
	return list
}

// Ref names an agent to a surface.
func (d *Directory) Ref(surface store.AccountID, agent store.AgentID) bridge.AgentRef {
	a := d.Agent(agent)
	if a == nil {
		return bridge.AgentRef{ID: agent, Name: "a former agent"}
	}
	return bridge.AgentRef{ID: a.ID, Name: a.Name, Email: a.Email, User: d.UserOf(surface, agent), IsAdmin: a.IsAdmin()}
}

// As returns a reference to an agent for another surface than the one for which ref was made. If the agent has no user there, the
// result has the agent's name, but no User to be mentioned.
func (d *Directory) As(surface store.AccountID, ref bridge.AgentRef) bridge.AgentRef {
	if user := d.UserOf(surface, ref.ID); user != "" {
		ref.User = user
		return ref
	}
	for _, other := range d.SurfacesOf(ref.ID) {
		if d.UserOf(other, ref.ID) == ref.User {
			ref.User = ""
		}
	}
	return ref
}

// SurfacesOf returns the surfaces in which an agent can be reached.
func (d *Directory) SurfacesOf(agent store.AgentID) []store.AccountID {
	var list []store.AccountID
	for _, a := range d.Accounts {
		if a.Side == store.SideSurface && d.UserOf(a.ID, agent) != "" {
			list = append(list, a.ID)
		}
	}
	return list
}

// IsInAllChats reports whether an agent can be reached in each surface in which threads open. Mentions in threads may not reach any
// other agent, who is then told directly.
func (d *Directory) IsInAllChats(agent store.AgentID) bool {
	isAbsent := func(surface store.AccountID) bool { return d.UserOf(surface, agent) == "" }
	return !slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool { return isAbsent(c.AccountID) }) &&
		!slices.ContainsFunc(d.Accounts, func(a store.Account) bool { return a.SurfaceID != nil && isAbsent(*a.SurfaceID) })
}

// IsAway reports whether an agent has said to be away.
func (d *Directory) IsAway(agent store.AgentID) bool {
	a := d.Agent(agent)
	return a != nil && a.Presence == bridge.PresenceAway
}

// Home returns in which channel of which surface the threads of a team's conversations on an account open. surface is 0
// if nobody has said so.
func (d *Directory) Home(a *store.Account, team *store.TeamID) (surface store.AccountID, channel string) {
	hasOwnChannel := a.SurfaceID != nil && a.SurfaceChannel != ""
	if hasOwnChannel && hasNoOtherTeam(a, team) {
		return *a.SurfaceID, a.SurfaceChannel
	}
	if team == nil {
		team = a.TeamID
	}
	if team == nil {
		return 0, ""
	}
	return d.TeamHome(*team)
}

// IsOutsideOwnChannel reports whether an account has a channel of its own, and another channel is given.
func (d *Directory) IsOutsideOwnChannel(a *store.Account, surface store.AccountID, channel string) bool {
	if a.SurfaceID == nil || a.SurfaceChannel == "" {
		return false
	}
	isOwn := *a.SurfaceID == surface && d.ChannelNow(surface, channel) == d.ChannelNow(surface, a.SurfaceChannel)
	return !isOwn
}

// HomeAmong returns the surface in which a conversation is worked on that has threads in several, in these channels. The first of
// these that exists counts:
//   - a thread in a channel of the team, if possible in the team's home;
//   - the thread in the surface of the team's home;
//   - the thread in the surface of the account's home;
//   - the thread in the surface with the lowest id.
//
// It returns 0 if there are no threads.
func (d *Directory) HomeAmong(a *store.Account, team *store.TeamID, channels map[store.AccountID]string) store.AccountID {
	surfaces := slices.Sorted(maps.Keys(channels))
	home, _ := d.Home(a, team)
	for _, surface := range append([]store.AccountID{home}, surfaces...) {
		if channel, isThere := channels[surface]; isThere && d.isChannelOf(a, team, surface, channel) {
			return surface
		}
	}
	for _, whose := range []*store.TeamID{team, nil} {
		if home, _ := d.Home(a, whose); slices.Contains(surfaces, home) {
			return home
		}
	}
	if len(surfaces) == 0 {
		return 0
	}
	return surfaces[0]
}

// isChannelOf reports whether a channel is one of a team's, or the account's own one if its conversations of that team open there.
func (d *Directory) isChannelOf(a *store.Account, team *store.TeamID, surface store.AccountID, channel string) bool {
	channel = d.ChannelNow(surface, channel)
	if home, own := d.Home(a, team); home == surface && d.ChannelNow(home, own) == channel {
		return true
	}
	if team == nil {
		team = a.TeamID
	}
	return team != nil && slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool {
		return c.TeamID == *team && c.AccountID == surface && d.ChannelNow(surface, c.Channel) == channel
	})
}

// hasNoOtherTeam reports whether a team is that of an account. It is true also if one of the two has no team.
func hasNoOtherTeam(a *store.Account, team *store.TeamID) bool {
	if team == nil || a.TeamID == nil {
		return true
	}
	return *team == *a.TeamID
}

// TeamOfChannel returns the team whose threads open in a channel.
func (d *Directory) TeamOfChannel(surface store.AccountID, channel string) *store.Team {
	for _, c := range d.Channels {
		if c.AccountID == surface && c.Channel == channel {
			return d.Team(c.TeamID)
		}
	}

	for _, a := range d.accounts {
		isInSurface := a.SurfaceID != nil && *a.SurfaceID == surface
		if !isInSurface || a.SurfaceChannel != channel {
			continue
		}
		if a.TeamID != nil {
			return d.Team(*a.TeamID)
		}
	}

	return nil
}

// OpensThreads reports whether threads of a team or an account open in a channel.
func (d *Directory) OpensThreads(surface store.AccountID, channel string) bool {
	for _, a := range d.accounts {
		if a.SurfaceID != nil && *a.SurfaceID == surface && a.SurfaceChannel == channel {
			return true
		}
	}
	return slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool { return c.AccountID == surface && c.Channel == channel })
}

// TeamsOf returns the teams whose member an agent is.
func (d *Directory) TeamsOf(agent store.AgentID) []store.TeamID {
	list := []store.TeamID{}
	for _, t := range d.Teams {
		if slices.Contains(t.Members, agent) {
			list = append(list, t.ID)
		}
	}
	return list
}

// Zone returns the time zone that an agent chose, or else that of an account's business hours, that of the first account that has
// business hours, or that of this machine. agent may be nil, and account 0.
func (d *Directory) Zone(agent *store.Agent, account store.AccountID) *time.Location {
	if agent != nil && agent.Zone != "" {
		if loc, err := time.LoadLocation(agent.Zone); err == nil {
			return loc
		}
	}
	if h := d.Hours[account]; h != nil {
		return h.Zone()
	}
	if len(d.Hours) > 0 {
		return d.Hours[slices.Min(slices.Collect(maps.Keys(d.Hours)))].Zone()
	}
	return time.Local
}

// SettingsOf returns an account's settings. threads says that its channel has threads of its own (mail):
// the defaults differ from those of a chat.
func (d *Directory) SettingsOf(a *store.Account, threads bool) bridge.AccountSettings {
	if threads {
		return d.ofMail[a.ID]
	}
	return d.ofChat[a.ID]
}

// ChannelNow returns the present id of a channel, which its surface may have changed.
func (d *Directory) ChannelNow(surface store.AccountID, channel string) string {
	return cmp.Or(d.moved[channelKey{surface, channel}], channel)
}

// TeamHome returns the channel in which a team is told things. surface is 0 if it has none.
func (d *Directory) TeamHome(team store.TeamID) (surface store.AccountID, channel string) {
	for _, c := range d.Channels {
		if c.TeamID != team {
			continue
		}
		if surface == 0 || c.Home {
			surface, channel = c.AccountID, c.Channel
		}
	}
	return surface, channel
}

// hoursOf returns the business hours of those accounts that have any.
func hoursOf(accounts []store.Account) map[store.AccountID]*hours.Hours {
	all := map[store.AccountID]*hours.Hours{}
	for i := range accounts {
		h, err := holiday.Hours(accounts[i].Hours)
		if err != nil {
			continue // they were written by us, so that this doesn't happen
		}
		if h != nil {
			all[accounts[i].ID] = h
		}
	}
	return all
}
