package setup

import (
	"fmt"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/channels"
	"parley/store"
)

// overlay changes a state to what a file says. What the file doesn't name stays.
type overlay struct {
	*state
	specs  []channels.Spec
	found  found // what live surfaces answered
	faults Faults
	// remarks name those whose user, found by e-mail, stays another agent's.
	remarks []string
}

// apply changes the state to what the file says. Errors: Faults.
func (o *overlay) apply(f *File, prune bool) error {
	if f.company != nil {
		o.company = strings.TrimSpace(f.company.Value)
	}
	overlaySettings(o.settings, f.settings)
	o.setRetention(f.retention)
	if f.sections.knowledge {
		o.knowledge = f.knowledge
	}
	for _, e := range f.agents {
		o.agentEntry(e)
	}
	for _, e := range f.teams {
		o.teamEntry(e)
	}
	for _, e := range f.accounts {
		o.accountEntry(e)
	}
	if prune {
		o.prune(f)
	}
	for _, e := range f.agents {
		o.foundUsers(f, e)
	}
	for _, e := range f.templates {
		o.templateEntry(e)
	}
	for _, e := range f.tags {
		o.tagEntry(e)
	}
	for _, e := range f.teams {
		o.checkMembers(e)
	}
	for _, e := range f.accounts {
		if e.team != nil && e.team.Value != "" && o.team(strings.TrimSpace(e.team.Value)) == nil {
			o.faults.Add(e.team.At, "account "+e.name+": team", fmt.Sprintf("there is no team %q", e.team.Raw), o.haveTeams())
		}
	}
	return o.faults.Err()
}

func (o *overlay) haveTeams() string {
	if len(o.teams) == 0 {
		return "Add it under teams:."
	}
	list := make([]string, len(o.teams))
	for i, t := range o.teams {
		list[i] = t.name
	}
	return "There is " + strings.Join(list, ", ") + "; or add it under teams:."
}

func (o *overlay) agentEntry(e agentEntry) {
	a := o.agent(e.email)
	if a == nil {
		if e.name == nil {
			o.faults.Add(e.at, "agent "+e.email+": name", "is missing", "Write the name that colleagues and customers see.")
			return
		}
		o.agents = append(o.agents, agent{email: e.email, users: map[string]string{}})
		a = &o.agents[len(o.agents)-1]
	}
	if e.name != nil {
		a.name = strings.TrimSpace(e.name.Value)
	}
	if e.roles != nil {
		a.roles = store.SaidRoles(unique(e.roles.Values()))
	}
	if e.zone != nil {
		a.zone = e.zone.Value
	}
	if e.presence != nil {
		if a.presence = e.presence.Value; a.presence == bridge.PresenceAvailable {
			a.presence = "" // the usual one is not said
		}
	}
	if e.quiet != nil {
		a.quiet = unique(e.quiet.Values())
	}
	if e.signature != nil {
		a.signature = o.signature(*e.signature, "agent "+e.email)
	}
	for _, kind := range surfaceKinds() {
		if user, given := e.users[kind]; given {
			o.setUser(a, kind, strings.TrimSpace(user.Value))
		}
	}
}

// foundUsers ties an agent to the users that surfaces found by the agent's e-mail address. It is called when
// all users that the file names are tied and prune has removed its agents: a user that somebody else still
// has stays there, and a remark says so, unless the file itself gives the user to the other.
func (o *overlay) foundUsers(f *File, e agentEntry) {
	a := o.agent(e.email)
	if a == nil {
		return // its entry has a fault
	}
	for _, kind := range surfaceKinds() {
		id := o.found.users[userKey{kind, e.email}]
		if _, given := e.users[kind]; given || id == "" || a.users[kind] != "" {
			continue
		}
		if other := o.agentOf(kind, id); other != nil {
			if f.gives(kind, id) {
				continue // somebody decided so
			}
			o.remarks = append(o.remarks, fmt.Sprintf("agent %s: is %s in %s, by the e-mail address, but agent %s has that user and keeps it: "+
				"to move it, write %s: %s for %s alone", e.email, id, kind, other.email, kind, id, e.email))
			continue
		}
		o.setUser(a, kind, id)
	}
}

// gives reports whether the file itself names a user of a surface, for whichever agent.
func (f *File) gives(kind, id string) bool {
	return slices.ContainsFunc(f.agents, func(e agentEntry) bool { return strings.TrimSpace(e.users[kind].Value) == id })
}

// agentOf returns the agent who has a user of a surface; nil = nobody.
func (o *overlay) agentOf(kind, id string) *agent {
	i := slices.IndexFunc(o.agents, func(a agent) bool { return a.users[kind] == id })
	if i < 0 {
		return nil
	}
	return &o.agents[i]
}

// setUser ties an agent to a user of a surface. It takes the user from the agent who has it in the
// database; the changes then name both. Parse refuses a file in which two agents have the same user.
func (o *overlay) setUser(a *agent, kind, id string) {
	if id == "" {
		delete(a.users, kind)
		return
	}
	for i := range o.agents {
		if o.agents[i].users[kind] == id && o.agents[i].email != a.email {
			delete(o.agents[i].users, kind)
		}
	}
	o.needSurface(kind)
	a.users[kind] = id
}

// needSurface adds the account of a surface to the state, unless there is one.
func (o *overlay) needSurface(kind string) {
	if _, ok := o.surfaces[kind]; !ok {
		o.surfaces[kind] = 0
	}
}

func (o *overlay) teamEntry(e teamEntry) {
	t := o.team(e.name)
	if t == nil {
		o.teams = append(o.teams, team{name: e.name, channels: map[string]string{}})
		t = &o.teams[len(o.teams)-1]
	}
	if e.members != nil {
		t.members = nil
		for _, m := range unique(e.members.Values()) {
			if a := o.agent(m); a != nil {
				m = a.email // as the agent's entry writes it
			}
			t.members = append(t.members, m)
		}
	}
	for _, kind := range surfaceKinds() {
		given, ok := e.channels[kind]
		switch channel := o.channel(kind, given, "team "+e.name); {
		case !ok:
		case channel == "":
			delete(t.channels, kind)
		default:
			o.needSurface(kind)
			t.channels[kind] = channel
		}
	}
	if e.emoji != nil {
		t.emoji = e.emoji
	}
	if e.agents != nil {
		t.agents = agentsRule(e.agents.Value)
	}
	if e.weekly != nil {
		t.weekly = e.weekly.Value
	}
	o.setHome(t, e)
}

// setHome sets the surface in which a team's threads open.
func (o *overlay) setHome(t *team, e teamEntry) {
	where := "team " + e.name + ": home"
	if e.home != nil && e.home.Value != "" {
		t.home = e.home.Value
		if t.channels[t.home] == "" {
			o.faults.Add(e.home.At, where, fmt.Sprintf("is %s, but the team has no %s_channel", t.home, t.home), "Add the channel, or name the other one.")
		}
		return
	}
	if t.channels[t.home] != "" {
		return
	}
	t.home = ""
	for _, kind := range surfaceKinds() {
		if t.channels[kind] == "" {
			continue
		}
		if t.home != "" {
			o.faults.Add(e.at, where, "is missing, and the team has channels in two places", "Say where its threads open: home: "+either(surfaceKinds())+".")
			return
		}
		t.home = kind
	}
}

// channel returns a channel's id; "" and a fault if it was not found.
func (o *overlay) channel(kind string, given document.Text, where string) string {
	if !strings.HasPrefix(given.Value, "#") {
		return given.Value
	}
	id, problem := o.found.channels[channelKey{kind, given.Value}], o.found.problems[channelKey{kind, given.Value}]
	if id == "" {
		if problem == "" {
			problem = "no such channel is known"
		}
		o.faults.Add(given.At, where+": "+kind+"_channel", fmt.Sprintf("%q: %s", given.Value, problem),
			"Write the channel's id, or let the app into the channel and connect "+kind+" (its variables must be set).")
	}
	return id
}

func (o *overlay) checkMembers(e teamEntry) {
	if e.members == nil {
		return
	}
	for _, m := range e.members.Items {
		if o.agent(m.Value) == nil {
			o.faults.Add(m.At, "team "+e.name+": members", fmt.Sprintf("%q is no agent", m.Raw), "Add the agent under agents:, or take the address out.")
		}
	}
}

func (o *overlay) accountEntry(e accountEntry) {
	a := o.account(e.name)
	if a == nil {
		if e.kind == nil {
			o.faults.Add(e.at, "account "+e.name+": kind", "is missing", "This version has "+o.kinds()+".")
			return
		}
		o.accounts = append(o.accounts, account{settings: map[string]string{}, config: map[string]string{}, secrets: map[string]string{},
			row: store.Account{Name: e.name, Kind: e.kind.Value, Side: store.SideChannel, Mode: store.ModeLive, ReplyMode: store.ReplyDirect, Rate: 1}})
		a = &o.accounts[len(o.accounts)-1]
	} else if e.kind != nil && e.kind.Value != a.row.Kind {
		o.faults.Add(e.kind.At, "account "+e.name+": kind", fmt.Sprintf("is %q already and can't change", a.row.Kind), "Take another name for the new account; pause the old one.")
		return
	}
	o.accountRow(a, e)
	o.accountPlace(a, e)
	overlaySettings(a.settings, e.settings)
	o.accountSections(a, e)
}

// overlaySettings changes settings to those of the file.
func overlaySettings(kept map[string]string, given []setting) {
	for _, s := range given {
		if s.value == "" {
			delete(kept, s.name)
		} else {
			kept[s.name] = s.value
		}
	}
}

func (o *overlay) accountRow(a *account, e accountEntry) {
	if e.team != nil {
		a.team = strings.TrimSpace(e.team.Value)
		if t := o.team(a.team); t != nil {
			a.team = t.name // as the team's entry writes it
		}
	}
	if e.mode != nil {
		a.row.Mode = store.Mode(e.mode.Value)
	}
	if e.trialTo != nil {
		a.row.TrialTo = unique(e.trialTo.Values())
	}
	if e.paused != nil {
		a.row.Paused = *e.paused
	}
	if e.signature != nil {
		s := o.signature(*e.signature, "account "+e.name)
		a.row.Signature, a.row.RichSignature = s.markdown, s.rich
	}
	if e.replyMode != nil {
		a.row.ReplyMode = store.ReplyMode(e.replyMode.Value)
	}
	if e.hold != nil {
		a.row.HoldSeconds = e.hold.seconds
	}
	if e.rate != nil {
		a.row.Rate = *e.rate
	}
	if e.hours != nil {
		a.hours = *e.hours
	}
}

// accountPlace sets the channel in which the account's threads open, in place of the team's.
func (o *overlay) accountPlace(a *account, e accountEntry) {
	for _, kind := range surfaceKinds() {
		given, ok := e.channels[kind]
		switch channel := o.channel(kind, given, "account "+e.name); {
		case !ok:
		case channel != "":
			o.needSurface(kind)
			a.surface, a.row.SurfaceChannel = kind, channel
		case a.surface == kind:
			a.surface, a.row.SurfaceChannel = "", ""
		}
	}
}

// unique removes duplicates and keeps the first of each.
func unique(list []string) []string {
	var once []string
	for _, s := range list {
		if s != "" && !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}
