package setup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/routing"
	"parley/store"
)

// readAgent reads the entry of an agent, a person who answers customers:
//
//	agents:
//	  - email: ann@example.com
//	    name: Ann
//	    slack: U012AB3CD
func (o *overlay) readAgent(e *Group) {
	email := e.readAgentEmail()
	a := o.Agent(email)
	if a == nil {
		if !e.has("name") {
			o.fault(e, e.At, "name", "is missing", "Write the name that colleagues and customers see.")
		}
		a = added(&o.Agents, StateAgent{Email: email, Users: map[string]store.SurfaceUser{}})
	}
	if name := setText(e, "name", &a.Name); name != nil && a.Name == "" {
		e.Fault(name.At, "name", "is empty", "Write the name that colleagues and customers see.")
	}

	for _, kind := range Chats() {
		if t := e.Text(kind); t != nil {
			e.checkUser(kind, t)
			o.readUser(e, a, kind, *t)
		}
	}

	if roles := setList(e, "roles", &a.Roles); roles != nil {
		a.Roles = store.SaidRoles(a.Roles)
		o.checkRoles(e, *roles)
	}
	if zone := setText(e, "zone", &a.Zone); zone != nil {
		e.checkZone(*zone)
	}
	setChoice(e, "presence", &a.Presence, Presences()...)
	if a.Presence == bridge.PresenceAvailable {
		a.Presence = "" // the default is stored as an empty text
	}
	setList(e, "quiet", &a.Quiet, bridge.NoticesToChoose()...)
	o.readSignature(e, &a.Signature)
	e.readWork(&a.Work)
	e.Done()
	o.entries.add("agent", email, e, e.At)
}

// readAgentEmail reads the e-mail address, which identifies an agent. It returns "" if the address is missing
// or invalid.
func (g *Group) readAgentEmail() string {
	t := g.Text("email")
	if t == nil {
		if !g.has("email") {
			g.Fault(g.At, "email", "is missing", "An agent is known by the e-mail address.")
		}
		return ""
	}

	email := channels.LowerAddress(strings.TrimSpace(t.Value))
	if !IsEmail(email) {
		g.Fault(t.At, "email", fmt.Sprintf("%q isn't an e-mail address", t.Raw), "Write ann@example.com.")
		return ""
	}

	g.Where = "agent " + email
	return email
}

// readUser links an agent to a user of a chat. One file can't give a user to two agents.
func (o *overlay) readUser(e *Group, a *StateAgent, kind string, t Text) {
	user := store.SurfaceUser(t.Value)
	if other := o.AgentOf(kind, user); o.isAlone && user != "" && other != nil && other.Email != a.Email {
		e.Fault(t.At, kind, "is the user of "+other.Email+" too", "Each person has an id of their own.")
	}
	o.setUser(a, kind, user)
}

const maxCapacity = 1000

// readWork reads how an agent takes part in routing.
func (g *Group) readWork(w *routing.Work) {
	if takes := g.readYesNo("takes"); takes != nil {
		w.Manual = !*takes
	}
	setList(g, "skills", &w.Skills)
	setList(g, "brands", &w.Brands)
	g.readHours("hours", &w.Hours)
	if t := g.Text("capacity"); t != nil {
		n, err := strconv.Atoi(t.Value)
		if t.Value != "" && (err != nil || n < 0 || n > maxCapacity) {
			g.Fault(t.At, "capacity", fmt.Sprintf("%q isn't a number of conversations", t.Raw), "Write something from 1 to 1000; 0 means no limit.")
		}
		w.Capacity = n
	}
}

// knownRoles are Parley's roles and those of the company.
func (o *overlay) knownRoles() []string {
	known := store.Roles()
	for _, r := range o.Roles {
		known = append(known, r.Name)
	}
	return known
}

// checkRoles adds a fault for each role of an entry that doesn't exist.
func (o *overlay) checkRoles(e *Group, given List) {
	for _, role := range given.Items {
		if known := o.knownRoles(); !slices.Contains(known, role.Value) {
			o.fault(e, role.At, "roles", fmt.Sprintf("%q is not possible", role.Raw), "Write "+JoinAlternatives(known)+".")
		}
	}
}

// dropUnknownRoles takes roles that are no more from all agents.
func (o *overlay) dropUnknownRoles() {
	known := o.knownRoles()
	for i := range o.Agents {
		a := &o.Agents[i]
		a.Roles = slices.DeleteFunc(slices.Clone(a.Roles), func(role string) bool { return !slices.Contains(known, role) })
	}
}

// linkFoundUsers links an agent to the chat users that were found by the agent's e-mail address. For example,
// ann@acme.test becomes the user U012AB3CD in Slack. If such a user already belongs to another agent, it stays
// with that agent, and a remark says so, unless the file itself gives the user to the other agent. Call it
// after all users in the file are linked and prune has removed agents.
func (o *overlay) linkFoundUsers(e *Group) {
	email := e.name
	a := o.Agent(email)
	if a == nil {
		return // the entry has a fault, so there is no agent
	}

	for _, kind := range Chats() {
		id := o.found.Users[UserKey{Kind: kind, Email: email}]
		if id == "" || e.has(kind) || a.Users[kind] != "" {
			continue
		}

		other := o.AgentOf(kind, id)
		switch {
		case other == nil:
			o.setUser(a, kind, id)
		case !o.entries.entry("agent", other.Email).has(kind):
			o.remarks = append(o.remarks, fmt.Sprintf("agent %s: is %s in %s, by the e-mail address, but agent %s has that user and keeps it: "+
				"to move it, write %s: %s for %s alone", email, id, kind, other.Email, kind, id, email))
		}
	}
}

// setUser links an agent to a user of a chat, and unlinks any other agent from that user. An empty id unlinks
// the agent.
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

// Agent returns the entry of an agent, a person who answers customers.
func Agent(a StateAgent) *Mapping {
	entry := &Mapping{}
	entry.AddText("email", a.Email)
	entry.AddText("name", a.Name)
	for _, chat := range Chats() {
		entry.AddText(chat, string(a.Users[chat])) // slack: U012AB3CD
	}
	entry.AddList("roles", a.Roles)
	entry.AddText("zone", a.Zone)
	entry.AddText("presence", a.Presence)
	entry.AddList("quiet", a.Quiet)
	writeWork(entry, a.Work)
	entry.AddText("signature", a.Signature.Source())
	entry.notePictures(a.Signature)
	return entry
}

// writeWork writes how an agent takes part in routing.
func writeWork(entry *Mapping, w routing.Work) {
	if w.Capacity != 0 {
		entry.Put("capacity", Plain(fmt.Sprint(w.Capacity)))
	}
	if w.Manual {
		entry.Put("takes", Plain("false"))
	}
	entry.AddList("skills", w.Skills)
	entry.AddList("brands", w.Brands)
	writeBusinessHours(entry, w.Hours)
}

// agentFields describes an agent: a person who answers customers.
func agentFields() []Field {
	list := []Field{
		{
			Path: "email", Label: "E-mail address", Input: InputLine, Required: true, Fixed: true,
			Help: "It identifies the agent, also in chats.",
		},
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true,
			Help: "Colleagues and customers see it.",
		},
		{
			Path: "roles", Label: "Roles", Input: InputList, Choices: store.Roles(),
			Help: "Admins may open these pages and change the set-up. Super-admins may also appoint admins and connect " +
				"chats.",
		},
		{
			Path: "zone", Label: "Time zone", Input: InputLine,
			Help: "For example `Europe/Berlin`. Empty: that of the business hours, or else that of the server.",
		},
		{
			Path: "presence", Label: "Presence", Input: InputChoice, Choices: Presences(),
			Default: bridge.PresenceAvailable,
			Help: "Only who is available gets conversations by rules. What customers of somebody who is away wait for goes back to the " +
				"queue, and the team is notified in place of the agent. Typed, an absence can have an end: `!away until monday`.",
		},
		{
			Path: "quiet", Label: "No mention when", Input: InputList, Choices: bridge.NoticesToChoose(),
			Help: "The line in the thread then shows the name without notifying the agent. The end of a snooze and " +
				"failed deliveries always notify.",
		},
		{
			Path: "capacity", Label: "Room for so many open conversations", Input: InputLine,
			Help: "Rules give the agent no more than these. Empty or `0`: no limit.",
		},
		{
			Path: "takes", Label: "Gets conversations by rules", Input: InputChoice, Choices: []string{"true", "false"}, Default: "true",
			Help: "Otherwise only what the agent takes, or colleagues assign.",
		},
		{Path: "skills", Label: "Skills", Input: InputList, Help: "Words that rules of accounts name: `german`."},
		{Path: "brands", Label: "Brands", Input: InputList, Help: "Of the customers whom the agent knows."},
		{
			Path: "hours", Label: "On duty", Input: InputGroup,
			Help: "When rules give the agent conversations, written as the business hours of an account. Empty: always.",
		},
		{
			Path: "signature", Label: "Signature", Input: InputText,
			Help: "Markdown. It replaces the account's signature below this person's mails. In chats with customers, " +
				"the account's signature is used.",
		},
	}
	return append(list, userFields()...)
}

// Presences returns the allowed values of an agent's presence.
func Presences() []string {
	return []string{bridge.PresenceAvailable, bridge.PresenceBusy, bridge.PresenceBreak, bridge.PresenceAway}
}

// userFields describes the agent's user in each chat in which agents work.
func userFields() []Field {
	var list []Field
	for _, kind := range Chats() {
		list = append(list, Field{
			Path: kind, Label: "User in " + ChatName(kind), Input: InputLine,
			Help: "The user's id. If it is empty, the user is looked up by e-mail address when the agent is saved.",
		})
	}
	return list
}
