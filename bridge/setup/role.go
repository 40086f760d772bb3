package setup

import (
	"maps"
	"slices"
	"strings"

	"parley/store"
)

// Roles of agents, for pages; see package store.
const (
	RoleSuperAdmin = store.RoleSuperAdmin
	RoleAdmin      = store.RoleAdmin
	RoleAgent      = store.RoleAgent
)

// rank is how much an agent may.
type rank int

const (
	plain rank = iota
	admin
	superAdmin
)

// named is the rank that an agent's roles give.
func (a *agent) named() rank {
	switch {
	case a == nil:
		return plain
	case slices.Contains(a.roles, store.RoleSuperAdmin):
		return superAdmin
	case slices.Contains(a.roles, store.RoleAdmin):
		return admin
	}
	return plain
}

// highest is the highest rank that anybody was named.
func (s *state) highest() (most rank) {
	for i := range s.agents {
		most = max(most, s.agents[i].named())
	}
	return most
}

// isSuper says whether an agent counts as a super-admin: as long as nobody is named one, every admin does.
func (s *state) isSuper(a *agent) bool {
	return a.named() > plain && a.named() == s.highest()
}

// roles refuses a change of admins by somebody who is no super-admin, and one that would leave no super-admin.
// Errors: Faults.
func (w *work) roles(f *File, found found) error {
	var faults Faults
	if most := w.have.highest(); most > w.want.highest() {
		for i := range w.have.agents {
			if a := &w.have.agents[i]; a.named() == most {
				faults.Add(f.placeOfAgent(a.email), "agent "+a.email+": roles", "nobody else is a super-admin", "Make somebody else one first.")
			}
		}
		return faults.Err()
	}
	author, super := w.author()
	if super {
		return nil
	}
	emails := map[string]bool{}
	for _, list := range [][]agent{w.have.agents, w.want.agents} {
		for _, a := range list {
			emails[a.email] = true
		}
	}
	for _, email := range slices.Sorted(maps.Keys(emails)) {
		was, is := w.have.agent(email), w.want.agent(email)
		switch {
		case was.named() != is.named():
			faults.Add(f.placeOfAgent(email), "agent "+email+": roles", "only super-admins make somebody an admin, or take one out", "Ask one of them.")
		case was.named() > plain && (author == nil || was.id != author.id):
			if kind := w.movedUser(was, is, found); kind != "" { // whoever is taken for an admin in a chat is one
				faults.Add(f.placeOfAgent(email), "agent "+email+": "+kind, "only super-admins say who an admin is in a chat", "Ask one of them.")
			}
		}
	}
	return faults.Err()
}

// author is the agent who makes the change, if it is one, and whether they may do what super-admins may: so may whoever has a
// shell on the server, or the link for the first admin.
func (w *work) author() (a *agent, super bool) {
	if w.options.Author.Agent == nil {
		return nil, true
	}
	a = find(w.have.agents, func(a agent) bool { return a.id == *w.options.Author.Agent })
	return a, a != nil && w.have.isSuper(a)
}

// movedUser finds the chat in which an agent is another user than before; "" = there is none. It is no move if the agent
// had no user there, and the chat itself found this one by the agent's e-mail address, or told of it (Join).
func (w *work) movedUser(was, is *agent, found found) string {
	for _, kind := range surfaceKinds() {
		before, now := was.users[kind], is.users[kind]
		told := w.options.fromChat || now == found.users[userKey{kind, is.email}]
		if before != now && !(before == "" && told) {
			return kind
		}
	}
	return ""
}

// placeOfAgent is where an agent's entry stands in the file; zero = nowhere.
func (f *File) placeOfAgent(email string) Position {
	for _, e := range f.agents {
		if strings.EqualFold(e.email, email) {
			return e.at
		}
	}
	return Position{}
}

// roleRemarks tells when the first super-admin is named: all other admins are then no more than that.
func (w *work) roleRemarks() []string {
	if w.have.highest() != admin || w.want.highest() != superAdmin {
		return nil
	}
	var supers, others []string
	for i := range w.want.agents {
		switch a := &w.want.agents[i]; a.named() {
		case superAdmin:
			supers = append(supers, a.email)
		case admin:
			others = append(others, a.email)
		case plain:
		}
	}
	if len(others) == 0 {
		return nil
	}
	return []string{"from now on only " + strings.Join(supers, ", ") + " can name admins, and " + strings.Join(others, ", ") + " no more"}
}
