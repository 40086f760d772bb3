package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/routing"
	"parley/routing/hours"
	"parley/store"
)

// Directory is one version of the rarely changing data, indexed. It is immutable, and so safe for concurrent use; a new version
// replaces it as a whole. It uses three words of the project: an account is a customers' mailbox or phone number, or a chat
// workspace of agents; a surface is such a workspace (Slack, Teams); a home is the channel of a surface in which threads open.
type Directory struct {
	store.Directory
	accounts      map[store.AccountID]*store.Account
	agents        map[store.AgentID]*store.Agent
	teams         map[store.TeamID]*store.Team
	agentByUser   map[userKey]*store.Agent
	users         map[agentKey]store.SurfaceUser
	tags          map[string]*store.Tag               // by name
	currentName   map[string]string                   // by each current or former name of a tag, in lower case; see indexTags
	Hours         map[store.AccountID]*hours.Hours    // business hours of the accounts that have them
	Plans         map[store.AccountID]routing.Plan    // the rules of the accounts that have any
	Replies       map[store.AccountID]routing.Replies // what the accounts answer by themselves, of those that do
	Automations   []routing.Automation
	work          map[store.AgentID]routing.Work
	duty          map[store.AgentID]*hours.Hours             // nil means always on duty
	mailSettings  map[store.AccountID]bridge.AccountSettings // with the defaults of a channel that has threads, such as e-mail
	chatSettings  map[store.AccountID]bridge.AccountSettings // with the defaults of a chat
	movedChannels map[channelKey]string                      // current ids of chat channels by their former ids
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

// NewDirectory indexes the data that store.LoadDirectory has read.
func NewDirectory(d store.Directory) *Directory {
	dir := &Directory{
		Directory:     d,
		accounts:      map[store.AccountID]*store.Account{},
		agents:        map[store.AgentID]*store.Agent{},
		teams:         map[store.TeamID]*store.Team{},
		agentByUser:   map[userKey]*store.Agent{},
		users:         map[agentKey]store.SurfaceUser{},
		tags:          map[string]*store.Tag{},
		currentName:   map[string]string{},
		Hours:         hoursOf(d.Accounts),
		Replies:       map[store.AccountID]routing.Replies{},
		work:          map[store.AgentID]routing.Work{},
		duty:          map[store.AgentID]*hours.Hours{},
		mailSettings:  map[store.AccountID]bridge.AccountSettings{},
		chatSettings:  map[store.AccountID]bridge.AccountSettings{},
		movedChannels: map[channelKey]string{},
	}
	for _, m := range d.Moves {
		dir.movedChannels[channelKey{m.AccountID, m.Former}] = m.Current
	}

	for i := range d.Accounts {
		const withThreads, withoutThreads = true, false
		a := &d.Accounts[i]
		dir.accounts[a.ID] = a
		dir.mailSettings[a.ID] = bridge.SettingsOf(d.Settings, a.Settings, withThreads)
		dir.chatSettings[a.ID] = bridge.SettingsOf(d.Settings, a.Settings, withoutThreads)
	}

	for i := range d.Agents {
		a := &d.Agents[i]
		dir.agents[a.ID] = a
		dir.readWork(a)
		if a.Active {
			dir.agentByUser[userKey{store.SystemAccount, PageUser(a.ID)}] = a
		}
	}

	for i := range d.Teams {
		dir.teams[d.Teams[i].ID] = &d.Teams[i]
	}
	dir.Plans = dir.plansOf(d.Accounts)
	_ = json.Unmarshal(d.Automations, &dir.Automations) // they were validated before they were stored

	for _, u := range d.Users {
		a := dir.agents[u.AgentID]
		if a != nil && a.Active {
			dir.agentByUser[userKey{u.AccountID, u.UserID}] = a
			dir.users[agentKey{u.AccountID, u.AgentID}] = u.UserID
		}
	}

	dir.indexTags()
	dir.renameTagsOfRules()
	return dir
}

// Account returns an account, or nil if it doesn't exist, or no longer exists.
func (d *Directory) Account(id store.AccountID) *store.Account { return d.accounts[id] }

// Agent returns an agent, active or not, or nil if it doesn't exist.
func (d *Directory) Agent(id store.AgentID) *store.Agent { return d.agents[id] }

// Team returns a team, or nil if it doesn't exist.
func (d *Directory) Team(id store.TeamID) *store.Team { return d.teams[id] }

// AgentOf returns the active agent behind a user of a surface, or nil. Parley's own web pages count as a surface with the account
// store.SystemAccount: all active agents are users there, with the ids that own.PageUser makes, but nothing can be posted to them.
func (d *Directory) AgentOf(surface store.AccountID, user store.SurfaceUser) *store.Agent {
	return d.agentByUser[userKey{surface, user}]
}

// UserOf returns an active agent's user id in a surface, or "" if the agent has none there.
func (d *Directory) UserOf(surface store.AccountID, agent store.AgentID) store.SurfaceUser {
	return d.users[agentKey{surface, agent}]
}

// Ref returns what a surface shows of an agent, with the user to mention there.
func (d *Directory) Ref(surface store.AccountID, agent store.AgentID) bridge.AgentRef {
	a := d.Agent(agent)
	if agent == 0 { // Parley
		return bridge.AgentRef{}
	}
	if a == nil {
		return bridge.AgentRef{ID: agent, Name: "a former agent"}
	}
	return bridge.AgentRef{ID: a.ID, Name: a.Name, Email: a.Email, User: d.UserOf(surface, agent), IsAdmin: a.IsAdmin()}
}

// ConvertRef converts a reference that was made for one surface for use in another. If the agent has no user there, the result has no User,
// so that the agent is named but not mentioned.
func (d *Directory) ConvertRef(surface store.AccountID, ref bridge.AgentRef) bridge.AgentRef {
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

// SurfacesOf returns the surfaces in which an agent has a user.
func (d *Directory) SurfacesOf(agent store.AgentID) []store.AccountID {
	var list []store.AccountID
	for _, a := range d.Accounts {
		if a.Side == store.SideSurface && d.UserOf(a.ID, agent) != "" {
			list = append(list, a.ID)
		}
	}
	return list
}

// IsAway reports whether an agent has set the status to away.
func (d *Directory) IsAway(agent store.AgentID) bool {
	a := d.Agent(agent)
	return a != nil && a.Presence == bridge.PresenceAway
}

// IsAbsent reports whether an agent is away or off duty, so that customers don't wait for the agent.
func (d *Directory) IsAbsent(agent store.AgentID, now time.Time) bool {
	return d.IsAway(agent) || !d.duty[agent].OpenAt(now)
}

// IsThere reports whether an agent is available and on duty.
func (d *Directory) IsThere(agent store.AgentID, now time.Time) bool {
	a := d.Agent(agent)
	return a != nil && a.Active && a.Presence == "" && !d.IsAbsent(agent, now)
}

// Rooms returns how much of their room agents have taken, such as "5/8". Agents who have room for any number are left out.
func (d *Directory) Rooms(ctx context.Context, q store.Querier) (map[store.AgentID]string, error) {
	var agents []store.AgentID
	for _, a := range d.Agents {
		if a.Active && d.Capacity(a.ID) > 0 {
			agents = append(agents, a.ID)
		}
	}
	if len(agents) == 0 {
		return nil, nil
	}
	rooms := map[store.AgentID]string{}
	loads, err := store.CountLoads(ctx, q, agents)
	for _, l := range loads {
		rooms[l.AgentID] = fmt.Sprintf("%d/%d", l.Open, d.Capacity(l.AgentID))
	}
	return rooms, err
}

// IsSuper reports whether an agent is a super-admin. While nobody is named one, each admin counts as one.
func (d *Directory) IsSuper(a *store.Agent) bool {
	isNamed := func(other store.Agent) bool {
		return other.Active && slices.Contains(other.Roles, store.RoleSuperAdmin)
	}
	return isNamed(*a) || a.IsAdmin() && !slices.ContainsFunc(d.Agents, isNamed)
}

// May reports whether an agent has a right on an account. A super-admin has all that concern conversations, but gets none by rules
// without being listed.
func (d *Directory) May(agent *store.Agent, a *store.Account, right store.Right) bool {
	return a.MayBy(agent.Email, right) || right != store.RightTakes && d.IsSuper(agent)
}

// HasLeft reports whether an agent, who may still be an owner of conversations of an account, can no longer work on it: who is no
// longer an agent, or not one of its people. It returns false if the agent was added since the directory was read.
func (d *Directory) HasLeft(id store.AgentID, a *store.Account) bool {
	agent := d.Agent(id)
	return agent != nil && (!agent.Active || a != nil && !d.May(agent, a, store.RightHandles))
}

// AgentByEmail returns the active agent with an e-mail address, or nil.
func (d *Directory) AgentByEmail(email string) *store.Agent {
	i := slices.IndexFunc(d.Agents, func(a store.Agent) bool { return a.Active && strings.EqualFold(a.Email, email) })
	if i < 0 {
		return nil
	}
	return &d.Agents[i]
}

// Capacity returns for how many open conversations an agent has room; 0 means any number.
func (d *Directory) Capacity(agent store.AgentID) int { return d.work[agent].Capacity }

// Home returns the channel in which the threads of a team's conversations on an account open. An account's own channel comes first,
// unless the team is another one than the account's. surface is 0 if no channel is configured.
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

// HomeOf returns the channel in which the thread of a conversation on an account belongs. surface is 0 if none is configured.
func (d *Directory) HomeOf(a *store.Account, c *store.Conversation) (surface store.AccountID, channel string) {
	if c.IsRestricted() {
		return c.PrivateSurface, d.ChannelNow(c.PrivateSurface, c.PrivateChannel)
	}
	return d.Home(a, c.TeamID)
}

// IsOutsideOwnChannel reports whether a conversation, or its account, has a channel of its own, and the given channel is another one.
func (d *Directory) IsOutsideOwnChannel(a *store.Account, c *store.Conversation, surface store.AccountID, channel string) bool {
	if c.IsRestricted() {
		return c.PrivateSurface != surface || d.ChannelNow(surface, channel) != d.ChannelNow(surface, c.PrivateChannel)
	}
	if a.SurfaceID == nil || a.SurfaceChannel == "" {
		return false
	}
	isOwn := *a.SurfaceID == surface && d.ChannelNow(surface, channel) == d.ChannelNow(surface, a.SurfaceChannel)
	return !isOwn
}

// HomeAmong chooses the surface in which agents work on a conversation that has threads in several surfaces. channels maps each of
// these surfaces to the channel with the thread. If only some people may read it, that is the surface of their private channel.
// Otherwise, in order of preference, HomeAmong returns the surface of
//   - a thread in one of the team's channels, preferably in the surface of the team's home;
//   - a thread in the surface of the team's home;
//   - a thread in the surface of the account's home;
//   - the thread in the surface with the lowest id.
//
// It returns 0 if there are no threads.
func (d *Directory) HomeAmong(a *store.Account, c *store.Conversation, channels map[store.AccountID]string) store.AccountID {
	surfaces, team := slices.Sorted(maps.Keys(channels)), c.TeamID
	if c.IsRestricted() && slices.Contains(surfaces, c.PrivateSurface) {
		return c.PrivateSurface
	}
	home, _ := d.Home(a, team)
	for _, surface := range append([]store.AccountID{home}, surfaces...) {
		if channel, hasThread := channels[surface]; hasThread && d.isChannelOf(a, team, surface, channel) {
			return surface
		}
	}

	accountHome, _ := d.Home(a, nil)
	for _, surface := range []store.AccountID{home, accountHome} {
		if slices.Contains(surfaces, surface) {
			return surface
		}
	}

	if len(surfaces) == 0 {
		return 0
	}
	return surfaces[0]
}

// isChannelOf reports whether a channel belongs to a team, or is the channel in which the team's conversations on the account open.
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

// hasNoOtherTeam reports whether a conversation's team is that of its account. It is true if either of them has no team.
func hasNoOtherTeam(a *store.Account, team *store.TeamID) bool {
	if team == nil || a.TeamID == nil {
		return true
	}
	return *team == *a.TeamID
}

// TeamOfChannel returns the team whose threads open in a channel, or nil.
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

// OpensThreads reports whether new threads of a team or an account open in a channel.
func (d *Directory) OpensThreads(surface store.AccountID, channel string) bool {
	for _, a := range d.accounts {
		if a.SurfaceID != nil && *a.SurfaceID == surface && a.SurfaceChannel == channel {
			return true
		}
	}
	return slices.ContainsFunc(d.Channels, func(c store.TeamChannel) bool { return c.AccountID == surface && c.Channel == channel })
}

// TeamsOf returns the teams of which an agent is a member. The result is never nil.
func (d *Directory) TeamsOf(agent store.AgentID) []store.TeamID {
	list := []store.TeamID{}
	for _, t := range d.Teams {
		if slices.Contains(t.Members, agent) {
			list = append(list, t.ID)
		}
	}
	return list
}

// Zone returns an agent's time zone. If the agent chose none or is nil, it falls back to the zone of the account's business hours,
// then to that of the first account with business hours, then to the machine's. account may be 0.
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

// SettingsOf returns an account's settings. threads says whether the account's channel has threads, as e-mail has: the defaults of
// some settings depend on it.
func (d *Directory) SettingsOf(a *store.Account, threads bool) bridge.AccountSettings {
	if threads {
		return d.mailSettings[a.ID]
	}
	return d.chatSettings[a.ID]
}

// ChannelNow returns the current id of a chat channel, given its current or a former one. Slack, for example, can change ids.
func (d *Directory) ChannelNow(surface store.AccountID, channel string) string {
	return cmp.Or(d.movedChannels[channelKey{surface, channel}], channel)
}

// TeamHome returns the channel for notices to a team: the one marked as its home, or else its first. surface is 0 if it has none.
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
		h, err := bridge.Hours(accounts[i].Hours)
		if err != nil {
			continue // impossible: they were validated before they were stored
		}
		if h != nil {
			all[accounts[i].ID] = h
		}
	}
	return all
}
