package setup

import (
	"maps"
	"slices"
	"strings"

	"parley/bridge/setup/document"
	"parley/bridge/setup/input"
	"parley/bridge/setup/overlay"
	"parley/bridge/setup/parleyfile"
	"parley/bridge/setup/state"
	"parley/store"
	"parley/store/knowledge"
)

// Roles of agents, for pages; see package store.
const (
	RoleSuperAdmin = store.RoleSuperAdmin
	RoleAdmin      = store.RoleAdmin
	RoleAgent      = store.RoleAgent
)

// roles refuses a change of admins by somebody who is no super-admin, and one that would leave no super-admin.
// Errors: Faults.
func (w *work) roles(f *parleyfile.File, found overlay.Found) error {
	var faults document.Faults
	if most := w.have.Highest(); most > w.want.Highest() {
		for i := range w.have.Agents {
			if a := &w.have.Agents[i]; a.Rank() == most {
				faults.Add(f.AgentAt(a.Email), "agent "+a.Email+": roles", "nobody else is a super-admin", "Make somebody else one first.")
			}
		}
		return faults.Err()
	}
	author, super := w.author()
	if super {
		return nil
	}
	emails := map[string]bool{}
	for _, list := range [][]state.Agent{w.have.Agents, w.want.Agents} {
		for _, a := range list {
			emails[a.Email] = true
		}
	}
	for _, email := range slices.Sorted(maps.Keys(emails)) {
		was, is := w.have.Agent(email), w.want.Agent(email)
		switch {
		case was.Rank() != is.Rank():
			faults.Add(f.AgentAt(email), "agent "+email+": roles", "only super-admins make somebody an admin, or take one out", "Ask one of them.")
		case was.Rank() > state.RankPlain && (author == nil || was.ID != author.ID):
			if kind := w.movedUser(was, is, found); kind != "" { // whoever is taken for an admin in a chat is one
				faults.Add(f.AgentAt(email), "agent "+email+": "+kind, "only super-admins say who an admin is in a chat", "Ask one of them.")
			}
		}
	}
	return faults.Err()
}

// folders refuses new folders by somebody who is no super-admin: each text in them may come up in a suggested reply, whatever
// else the server keeps there.
// Errors: Faults.
func (w *work) folders() error {
	var faults document.Faults
	if _, super := w.author(); super {
		return nil
	}
	for _, place := range w.want.Knowledge {
		if !(knowledge.Place{Place: place}).IsSite() && !slices.Contains(w.have.Knowledge, place) {
			faults.Add(document.Position{}, "set-up: knowledge", "only super-admins let Parley read a folder of its server: "+place, "Ask one of them, or name a web site.")
		}
	}
	return faults.Err()
}

// author is the agent who makes the change, if it is one, and whether they may do what super-admins may: so may whoever has a
// shell on the server, or the link for the first admin.
func (w *work) author() (a *state.Agent, super bool) {
	if w.options.Author.Agent == nil {
		return nil, true
	}
	a = w.have.AgentByID(*w.options.Author.Agent)
	return a, a != nil && w.have.IsSuper(a)
}

// movedUser finds the chat in which an agent is another user than before; "" = there is none. It is no move if the agent
// had no user there, and the chat itself found this one by the agent's e-mail address, or told of it (Join).
func (w *work) movedUser(was, is *state.Agent, found overlay.Found) string {
	for _, kind := range input.Chats() {
		before, now := was.Users[kind], is.Users[kind]
		told := w.options.fromChat || now == found.Users[overlay.UserKey{Kind: kind, Email: is.Email}]
		if before != now && !(before == "" && told) {
			return kind
		}
	}
	return ""
}

// roleRemarks tells when the first super-admin is named: all other admins are then no more than that.
func (w *work) roleRemarks() []string {
	if w.have.Highest() != state.RankAdmin || w.want.Highest() != state.RankSuperAdmin {
		return nil
	}
	var supers, others []string
	for i := range w.want.Agents {
		switch a := &w.want.Agents[i]; a.Rank() {
		case state.RankSuperAdmin:
			supers = append(supers, a.Email)
		case state.RankAdmin:
			others = append(others, a.Email)
		case state.RankPlain:
		}
	}
	if len(others) == 0 {
		return nil
	}
	return []string{"from now on only " + strings.Join(supers, ", ") + " can name admins, and " + strings.Join(others, ", ") + " no more"}
}
