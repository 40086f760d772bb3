package setup

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge"
	"parley/store"
)

// agentEntry applies the entry of an agent, a person who answers customers. It changes the stored agent, or
// makes a new one. A property that is nil in the entry is missing in the file and stays as it is. Faults of the
// entry are added to o.faults.
func (o *overlay) agentEntry(e ParleyfileAgent) {
	a := o.Agent(e.Email)
	if a == nil {
		if e.Name == nil {
			o.faults.Add(Fault{
				At: e.At, Where: "agent " + e.Email + ": name",
				What: "is missing", Hint: "Write the name that colleagues and customers see.",
			})
			return
		}

		o.Agents = append(o.Agents, StateAgent{Email: e.Email, Users: map[string]store.SurfaceUser{}})
		a = &o.Agents[len(o.Agents)-1]
	}

	if e.Name != nil {
		a.Name = strings.TrimSpace(e.Name.Value)
	}
	if e.Roles != nil {
		a.Roles = store.SaidRoles(removeDuplicates(e.Roles.Values()))
	}
	if e.Zone != nil {
		a.Zone = e.Zone.Value
	}

	if e.Presence != nil {
		a.Presence = e.Presence.Value
		if a.Presence == bridge.PresenceAvailable {
			a.Presence = "" // the default is stored as an empty text
		}
	}
	if e.Quiet != nil {
		a.Quiet = removeDuplicates(e.Quiet.Values())
	}
	setWork(&a.Work, e.Work)
	if e.Signature != nil {
		a.Signature = o.storedSignature(*e.Signature, "agent "+e.Email)
	}

	for _, kind := range Chats() {
		if user, given := e.Users[kind]; given {
			o.setUser(a, kind, store.SurfaceUser(strings.TrimSpace(user.Value)))
		}
	}
}

// checkRoles adds a fault for each role of an agent in the file that doesn't exist, and takes those that are no more from other agents.
func (o *overlay) checkRoles(f *ParleyfileFile) {
	known := store.Roles()
	for _, r := range o.Roles {
		known = append(known, r.Name)
	}
	isUnknown := func(role string) bool { return !slices.Contains(known, role) }
	for i := range o.Agents {
		a := &o.Agents[i]
		entry := f.Agent(a.Email)
		if entry == nil || entry.Roles == nil {
			a.Roles = slices.DeleteFunc(slices.Clone(a.Roles), isUnknown)
			continue
		}
		for _, role := range entry.Roles.Items {
			if isUnknown(role.Value) {
				o.faults.Add(Fault{
					At: role.At, Where: "agent " + a.Email + ": roles",
					What: fmt.Sprintf("%q is not possible", role.Raw), Hint: "Write " + JoinAlternatives(known) + ".",
				})
			}
		}
	}
}

// linkFoundUsers links an agent to the chat users that were found by the agent's e-mail address. For example,
// ann@acme.test becomes the user U012AB3CD in Slack. If such a user already belongs to another agent, it stays
// with that agent, and a remark says so, unless the file itself gives the user to the other agent. Call it
// after all users in the file are linked and prune has removed agents.
func (o *overlay) linkFoundUsers(f *ParleyfileFile, e ParleyfileAgent) {
	a := o.Agent(e.Email)
	if a == nil {
		return // the entry has a fault, so there is no agent
	}

	for _, kind := range Chats() {
		id := o.found.Users[UserKey{Kind: kind, Email: e.Email}]
		_, isGiven := e.Users[kind]
		isLinked := isGiven || a.Users[kind] != ""
		if id == "" || isLinked {
			continue
		}

		other := o.AgentOf(kind, id)
		switch {
		case other == nil:
			o.setUser(a, kind, id)
		case !f.HasUser(kind, string(id)):
			o.remarks = append(o.remarks, fmt.Sprintf("agent %s: is %s in %s, by the e-mail address, but agent %s has that user and keeps it: "+
				"to move it, write %s: %s for %s alone", e.Email, id, kind, other.Email, kind, id, e.Email))
		}
	}
}

// setUser links an agent to a user of a chat, and unlinks any other agent from that user. An empty id unlinks
// the agent. (The parser refuses a file that gives one user to two agents.)
func (o *overlay) setUser(a *StateAgent, kind string, id store.SurfaceUser) {
	if id == "" {
		delete(a.Users, kind)
		return
	}
	for i := range o.Agents {
		if o.Agents[i].Users[kind] == id && o.Agents[i].Email != a.Email {
			delete(o.Agents[i].Users, kind)
		}
	}
	o.needSurface(kind)
	a.Users[kind] = id
}

// storedSignature returns a signature of the file in the form in which it is stored. It adds a fault if it
// can't be used.
func (o *overlay) storedSignature(t Text, where string) StateSignature {
	read, ok := o.found.Signatures[SignatureSource(t)]
	if !ok { // there was no lookup
		return StateSignature{Markdown: SignatureSource(t)}
	}
	if read.Problem != "" {
		o.faults.Add(Fault{At: t.At, Where: where + ": signature", What: read.Problem, Hint: read.Hint})
	}
	return read.StateSignature
}

// teamEntry applies the entry of a team, a group of agents with the chat channels in which its conversations
// open. It changes the stored team, or makes a new one.
func (o *overlay) teamEntry(e ParleyfileTeam) {
	t := o.Team(e.Name)
	if t == nil {
		o.checkTeamName(e)
		o.Teams = append(o.Teams, StateTeam{Name: e.Name, Channels: map[string]string{}})
		t = &o.Teams[len(o.Teams)-1]
	}

	if e.Members != nil {
		t.Members = nil
		for _, m := range removeDuplicates(e.Members.Values()) {
			if a := o.Agent(m); a != nil {
				m = a.Email // as the agent's entry writes it
			}
			t.Members = append(t.Members, m)
		}
	}

	for _, kind := range Chats() {
		given, ok := e.Channels[kind]
		if !ok {
			continue
		}

		channel := o.resolveChannel(kind, given, "team "+e.Name)
		if channel == "" {
			delete(t.Channels, kind)
		} else {
			o.needSurface(kind)
			t.Channels[kind] = channel
		}
	}

	if e.Emoji != nil {
		t.Emoji = e.Emoji
	}
	if e.Agents != nil {
		t.Agents = AgentsRule(e.Agents.Value)
	}
	if e.Board != nil {
		t.Board = e.Board.Value == BoardOn
	}

	o.setHome(t, e)
}

// maxTeamRunes is how much of a team's name cards and lists show.
const maxTeamRunes = 60

// checkTeamName adds a fault if the name of a new team is too long. Older versions of Parley took longer ones: such teams
// keep theirs, and can still be changed.
func (o *overlay) checkTeamName(e ParleyfileTeam) {
	if utf8.RuneCountInString(e.Name) > maxTeamRunes {
		o.faults.Add(Fault{
			At:    e.At,
			Where: "team " + e.Name + ": name",
			What:  fmt.Sprintf("has more than %d letters", maxTeamRunes),
			Hint:  "Shorten it: no more of it is shown.",
		})
	}
}

// setHome sets a team's home, the chat in which its threads open. The default is the only chat in which the
// team has a channel. A team with channels in two chats must name its home.
func (o *overlay) setHome(t *StateTeam, e ParleyfileTeam) {
	where := "team " + e.Name + ": home"
	if e.Home != nil && e.Home.Value != "" {
		t.Home = e.Home.Value
		if t.Channels[t.Home] == "" {
			o.faults.Add(Fault{
				At: e.Home.At, Where: where,
				What: fmt.Sprintf("is %s, but the team has no channel there", t.Home),
				Hint: "Add the channel, or name the other one.",
			})
		}
		return
	}

	if t.Channels[t.Home] != "" {
		return
	}

	t.Home = ""
	for _, kind := range Chats() {
		if t.Channels[kind] == "" {
			continue
		}

		if t.Home != "" {
			o.faults.Add(Fault{
				At: e.At, Where: where,
				What: "is missing, and the team has channels in two places",
				Hint: "Say where its threads open: " + JoinAlternatives(Chats()) + ".",
			})
			return
		}

		t.Home = kind
	}
}

// checkMembers adds a fault for each listed member of a team who isn't an agent.
func (o *overlay) checkMembers(e ParleyfileTeam) {
	if e.Members == nil {
		return
	}
	for _, m := range e.Members.Items {
		if o.Agent(m.Value) == nil {
			o.faults.Add(Fault{
				At: m.At, Where: "team " + e.Name + ": members",
				What: fmt.Sprintf("%q isn't an agent", m.Raw),
				Hint: "Add the agent first, or take the address out.",
			})
		}
	}
}
