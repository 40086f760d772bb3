package overlay

import (
	"fmt"
	"strings"

	"parley/bridge"
	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/store"
)

// agentEntry changes an agent to what the entry says, or makes it.
func (o *overlay) agentEntry(e parleyfile.Agent) {
	a := o.Agent(e.Email)
	if a == nil {
		if e.Name == nil {
			o.faults.Add(document.Fault{
				At: e.At, Where: "agent " + e.Email + ": name",
				What: "is missing", Hint: "Write the name that colleagues and customers see.",
			})
			return
		}

		o.Agents = append(o.Agents, state.Agent{Email: e.Email, Users: map[string]store.SurfaceUser{}})
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
			a.Presence = "" // the usual presence is stored as none
		}
	}
	if e.Quiet != nil {
		a.Quiet = removeDuplicates(e.Quiet.Values())
	}
	if e.Signature != nil {
		a.Signature = o.storedSignature(*e.Signature, "agent "+e.Email)
	}

	for _, kind := range input.Chats() {
		if user, given := e.Users[kind]; given {
			o.setUser(a, kind, store.SurfaceUser(strings.TrimSpace(user.Value)))
		}
	}
}

// tieFoundUsers ties an agent to the users that the chats found by the agent's e-mail address. Call it after all users that
// the file names are tied and prune has removed agents. If another agent has such a user, it stays that agent's, and a remark
// says so. There is no remark if the file itself gives the user to the other agent.
func (o *overlay) tieFoundUsers(f *parleyfile.File, e parleyfile.Agent) {
	a := o.Agent(e.Email)
	if a == nil {
		return // its entry has a fault
	}

	for _, kind := range input.Chats() {
		id := o.found.Users[UserKey{Kind: kind, Email: e.Email}]
		_, isGiven := e.Users[kind]
		isTied := isGiven || a.Users[kind] != ""
		if id == "" || isTied {
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

// setUser ties an agent to a user of a chat, and takes the user from the agent who has it so far. An empty id unties the
// agent. (A file in which two agents have the same user was refused when it was parsed.)
func (o *overlay) setUser(a *state.Agent, kind string, id store.SurfaceUser) {
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

// storedSignature returns a signature of the file in the form in which it is stored. If it can't be used, it adds a fault.
func (o *overlay) storedSignature(t document.Text, where string) state.Signature {
	read, ok := o.found.Signatures[parleyfile.SignatureSource(t)]
	if !ok { // there was no lookup
		return state.Signature{Markdown: parleyfile.SignatureSource(t)}
	}
	if read.Problem != "" {
		o.faults.Add(document.Fault{At: t.At, Where: where + ": signature", What: read.Problem, Hint: read.Hint})
	}
	return read.Signature
}

// teamEntry changes a team to what the entry says, or makes it.
func (o *overlay) teamEntry(e parleyfile.Team) {
	t := o.Team(e.Name)
	if t == nil {
		o.Teams = append(o.Teams, state.Team{Name: e.Name, Channels: map[string]string{}})
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

	for _, kind := range input.Chats() {
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
		t.Agents = state.AgentsRule(e.Agents.Value)
	}
	if e.Weekly != nil {
		t.Weekly = e.Weekly.Value
	}

	o.setHome(t, e)
}

// setHome sets a team's home, the chat in which its threads open. If the file doesn't name it, it is the chat in which the
// team has a channel. A team with channels in both needs one.
func (o *overlay) setHome(t *state.Team, e parleyfile.Team) {
	where := "team " + e.Name + ": home"
	if e.Home != nil && e.Home.Value != "" {
		t.Home = e.Home.Value
		if t.Channels[t.Home] == "" {
			o.faults.Add(document.Fault{
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
	for _, kind := range input.Chats() {
		if t.Channels[kind] == "" {
			continue
		}

		if t.Home != "" {
			o.faults.Add(document.Fault{
				At: e.At, Where: where,
				What: "is missing, and the team has channels in two places",
				Hint: "Say where its threads open: " + document.JoinAlternatives(input.Chats()) + ".",
			})
			return
		}

		t.Home = kind
	}
}

// checkMembers adds a fault for each member of a team's entry who isn't an agent.
func (o *overlay) checkMembers(e parleyfile.Team) {
	if e.Members == nil {
		return
	}
	for _, m := range e.Members.Items {
		if o.Agent(m.Value) == nil {
			o.faults.Add(document.Fault{
				At: m.At, Where: "team " + e.Name + ": members",
				What: fmt.Sprintf("%q isn't an agent", m.Raw),
				Hint: "Add the agent first, or take the address out.",
			})
		}
	}
}
