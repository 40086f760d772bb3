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

// checkRoles refuses a change after which nobody has the highest role that somebody has now: no super-admin would be left, or
// no admin. To an author who isn't a super-admin it also refuses changes of who is an admin, and of admins' users in chats.
// Errors: Faults.
func (w *work) checkRoles(f *parleyfile.File, found overlay.Found) error {
	var faults document.Faults
	if highest := w.have.HighestRank(); highest > w.want.HighestRank() {
		for i := range w.have.Agents {
			if a := &w.have.Agents[i]; a.Rank() == highest {
				faults.Add(document.Fault{
					At: f.AgentAt(a.Email), Where: "agent " + a.Email + ": roles",
					What: "nobody else is a super-admin", Hint: "Let this agent stay one, or make somebody else one first.",
				})
			}
		}
		return faults.Err()
	}

	author, super := w.findAuthor()
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
		if was.Rank() != is.Rank() {
			faults.Add(document.Fault{
				At: f.AgentAt(email), Where: "agent " + email + ": roles",
				What: "only super-admins make somebody an admin, or take one out", Hint: "Ask one of them.",
			})
			continue
		}

		if was.Rank() == state.RankPlain { // so is a new agent, for whom was is nil
			continue
		}
		if isAuthor := author != nil && was.ID == author.ID; isAuthor {
			continue
		}

		// In a chat, an admin is known by the user that is stored for the admin.
		if kind := w.movedUser(was, is, found); kind != "" {
			faults.Add(document.Fault{
				At: f.AgentAt(email), Where: "agent " + email + ": " + kind,
				What: "only super-admins say who an admin is in a chat", Hint: "Ask one of them.",
			})
		}
	}

	return faults.Err()
}

// checkFolders refuses new folders of the knowledge base to an author who isn't a super-admin, because any text that the
// server keeps in such a folder may come up in a suggested reply.
// Errors: Faults.
func (w *work) checkFolders() error {
	if _, super := w.findAuthor(); super {
		return nil
	}

	var faults document.Faults
	for _, place := range w.want.Knowledge {
		isFolder := !(knowledge.Place{Place: place}).IsSite()
		if isFolder && !slices.Contains(w.have.Knowledge, place) {
			faults.Add(document.Fault{
				Where: "set-up: knowledge",
				What:  "only super-admins let Parley read a folder of its server: " + place,
				Hint:  "Ask one of them, or name a web site.",
			})
		}
	}

	return faults.Err()
}

// findAuthor returns the agent who makes the change, and whether the author may do what super-admins may. a is nil if the
// author isn't an agent but somebody who has a shell on the server or the link for the first admin; then super is true.
func (w *work) findAuthor() (a *state.Agent, super bool) {
	if w.options.Author.Agent == nil {
		return nil, true
	}
	a = w.have.AgentByID(*w.options.Author.Agent)
	return a, a != nil && w.have.IsSuper(a)
}

// movedUser returns the kind of chat in which an agent gets another user than before, or "" if there is none. The first user
// in a chat doesn't count if the chat itself found it by the agent's e-mail address, or named it (Join).
func (w *work) movedUser(was, is *state.Agent, found overlay.Found) string {
	for _, kind := range input.Chats() {
		before, now := was.Users[kind], is.Users[kind]
		if before == now {
			continue
		}
		namedByChat := w.options.fromChat || now == found.Users[overlay.UserKey{Kind: kind, Email: is.Email}]
		if before == "" && namedByChat {
			continue
		}
		return kind
	}
	return ""
}

// roleRemarks returns a remark if the change names the first super-admin: until then all admins had the rights of one.
func (w *work) roleRemarks() []string {
	if w.have.HighestRank() != state.RankAdmin || w.want.HighestRank() != state.RankSuperAdmin {
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
