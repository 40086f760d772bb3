package engine

import (
	"slices"

	"parley/bridge"
	"parley/store"
)

// Authorize decides whether an agent may use a verb on a conversation that the agent may read. It returns nil if so, or else the problem
// to show.
func (rd *ReadingReader) Authorize(dir *Directory, agent *store.Agent, name bridge.Verb, c *store.Conversation) *bridge.Problem {
	if problem := rd.Verbs.Authorize(agent, name); problem != nil {
		return problem
	}
	account := dir.Account(c.AccountID)
	hasLeft := func(id store.AgentID) bool { return dir.HasLeft(id, account) } // OwnersLeft takes them off in time
	owners := slices.DeleteFunc(slices.Clone(c.Assignees), hasLeft)
	return rd.Verbs.AuthorizeOn(agent, name, owners, func(right store.Right) bool { return dir.May(agent, account, right) })
}

// MayGive decides whether an agent may give conversations of an account to a colleague or, if to is nil, to a team. It returns nil if so,
// or else the problem to show. by has no id if Parley does it by itself.
func (rd *ReadingReader) MayGive(
	dir *Directory, by *store.Agent, account *store.Account, to *store.Agent, team *store.Team,
) *bridge.Problem {
	if to != nil && !dir.May(to, account, store.RightHandles) {
		return &bridge.Problem{
			Code: "not_allowed", Text: to.Name + " is not one of the people of " + account.Name + ".", Hint: "Ask an admin to add them.",
		}
	}
	own := dir.TeamsOf(by.ID)
	isFree := by.ID == 0 || by.IsAdmin() || len(own) == 0 || !dir.SettingsOf(account, rd.Caps(account.ID).Threads).WithinTeams
	isWithin := team != nil && slices.Contains(own, team.ID)
	if to != nil {
		isOwn := func(id store.TeamID) bool { return slices.Contains(own, id) }
		isWithin = to.ID == by.ID || slices.ContainsFunc(dir.TeamsOf(to.ID), isOwn)
	}
	if isFree || isWithin {
		return nil
	}
	return &bridge.Problem{
		Code: "not_allowed", Text: "You may assign only within your own teams on this account.", Hint: "Ask an admin.",
	}
}
