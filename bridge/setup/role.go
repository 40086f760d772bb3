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

// checkRoles refuses a change after which nobody has the highest role that somebody has now, so that the last
// super-admin, or the last admin, can't be removed. If the author isn't a super-admin, it also refuses changes
// of who is an admin, and of the chat users of admins, because a chat user acts with the rights of its agent.
// Errors: Faults.
func (w *work) checkRoles(f *File, found Found) error {
	if highest := w.have.HighestRank(); highest > w.want.HighestRank() {
		return w.highestRoleFaults(f, highest)
	}
	author, super := w.findAuthor()
	if super {
		return nil
	}

	emails := map[string]bool{}
	for _, list := range [][]StateAgent{w.have.Agents, w.want.Agents} {
		for _, a := range list {
			emails[a.Email] = true
		}
	}

	var faults Faults
	for _, email := range slices.Sorted(maps.Keys(emails)) {
		was, is := w.have.Agent(email), w.want.Agent(email)
		if was.Rank() != is.Rank() {
			faults.Add(Fault{
				At: f.at("agent", email), Where: "agent " + email + ": roles",
				What: "only super-admins make somebody an admin, or take one out", Hint: "Ask one of them.",
			})
			continue
		}

		if was.Rank() == RankPlain { // also a new agent, for whom was is nil
			continue
		}
		if isAuthor := author != nil && was.ID == author.ID; isAuthor {
			continue
		}
		if kind := w.movedUser(was, is, found); kind != "" {
			faults.Add(Fault{
				At: f.at("agent", email), Where: "agent " + email + ": " + kind,
				What: "only super-admins say who an admin is in a chat", Hint: "Ask one of them.",
			})
		}
	}
	return faults.Err()
}

// highestRoleFaults returns a fault for each agent with the highest role, which nobody would have after the change.
func (w *work) highestRoleFaults(f *File, highest Rank) error {
	role := "a super-admin"
	if highest == RankAdmin {
		role = "an admin"
	}

	var faults Faults
	for i := range w.have.Agents {
		if a := &w.have.Agents[i]; a.Rank() == highest {
			faults.Add(Fault{
				At: f.at("agent", a.Email), Where: "agent " + a.Email + ": roles",
				What: "nobody would be " + role + " any more", Hint: "Let this agent stay one, or make somebody else one first.",
			})
		}
	}
	return faults.Err()
}

// checkFolders lets only super-admins add folders to the knowledge base, because suggested replies may quote
// any text that the server has in such a folder.
// Errors: Faults.
func (w *work) checkFolders() error {
	if _, super := w.findAuthor(); super {
		return nil
	}

	var faults Faults
	for _, place := range w.want.Knowledge {
		isFolder := !(store.KnowledgePlace{Place: place}).IsSite()
		if isFolder && !slices.Contains(w.have.Knowledge, place) {
			faults.Add(Fault{
				Where: "set-up: knowledge",
				What:  "only super-admins let Parley read a folder of its server: " + place,
				Hint:  "Ask one of them, or name a web site.",
			})
		}
	}

	return faults.Err()
}

// findAuthor returns the agent who makes the change, and whether the author has the rights of a super-admin. a
// is nil if the author isn't an agent but somebody with a shell on the server or with the link for the first
// admin; super is then true.
func (w *work) findAuthor() (a *StateAgent, super bool) {
	if w.options.Author.Agent == nil {
		return nil, true
	}
	a = w.have.AgentByID(*w.options.Author.Agent)
	return a, a != nil && w.have.IsSuper(a)
}

// movedUser returns the kind of chat in which the change replaces an agent's user, or "" if there is none. An
// agent's first user in a chat doesn't count if the chat itself provided it, in answer to a lookup by e-mail
// address or on joining (Join).
func (w *work) movedUser(was, is *StateAgent, found Found) string {
	for _, kind := range Chats() {
		old, current := was.Users[kind], is.Users[kind]
		if old == current {
			continue
		}
		isFromChat := w.options.fromChat || current == found.Users[UserKey{Kind: kind, Email: is.Email}]
		if old == "" && isFromChat {
			continue
		}
		return kind
	}
	return ""
}

// roleRemarks returns a remark if the change makes the first super-admin. Until then all admins had the rights
// of one.
func (w *work) roleRemarks() []string {
	if w.have.HighestRank() != RankAdmin || w.want.HighestRank() != RankSuperAdmin {
		return nil
	}

	var supers, others []string
	for i := range w.want.Agents {
		switch a := &w.want.Agents[i]; a.Rank() {
		case RankSuperAdmin:
			supers = append(supers, a.Email)
		case RankAdmin:
			others = append(others, a.Email)
		case RankPlain:
		}
	}

	if len(others) == 0 {
		return nil
	}
	return []string{"from now on only " + strings.Join(supers, ", ") + " can name admins, and " + strings.Join(others, ", ") + " no more"}
}

// Rank is how much an agent may.
type Rank int

// Ranks, the lowest first.
const (
	RankPlain Rank = iota
	RankAdmin
	RankSuperAdmin
)

// Rank is the rank that an agent's roles give.
func (a *StateAgent) Rank() Rank {
	if a == nil { // not an agent before the change, or no more after it
		return RankPlain
	}
	if slices.Contains(a.Roles, store.RoleSuperAdmin) {
		return RankSuperAdmin
	}
	if slices.Contains(a.Roles, store.RoleAdmin) {
		return RankAdmin
	}
	return RankPlain
}

// HighestRank returns the highest rank that some agent has.
func (s *State) HighestRank() (highest Rank) {
	for i := range s.Agents {
		highest = max(highest, s.Agents[i].Rank())
	}
	return highest
}

// IsSuper reports whether an agent counts as a super-admin: as long as nobody is named one, every admin does.
func (s *State) IsSuper(a *StateAgent) bool {
	return a.Rank() > RankPlain && a.Rank() == s.HighestRank()
}
