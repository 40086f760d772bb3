package bridge

import (
	"slices"

	"parley/store"
)

// Authorize is the one place that decides whether an agent may do something to a
// conversation; nil = yes. Permissive for mapped agents for now: roles come later.
func Authorize(agent *store.Agent, verb Verb, c *store.Conversation) *Problem {
	switch {
	case agent == nil:
		return &Problem{Code: "not_an_agent", Text: "You are not one of Parley's agents.",
			Hint: "Ask an admin to add your e-mail address to the agents."}
	case (verb == VerbTemplateEdit || verb == VerbTemplateDelete) && !slices.Contains(agent.Roles, "admin"):
		return &Problem{Code: "not_allowed", Text: "Only admins change templates.", Hint: "Ask one of them."}
	case verb == VerbClose && !slices.Contains(agent.Roles, "admin"):
		return &Problem{Code: "not_allowed", Text: "Only admins close conversations.", Hint: "Resolve it instead: !resolve"}
	}
	return nil
}

// visibleTeams is the one read predicate: the teams whose conversations an agent may
// read, nil = all.
func visibleTeams(_ *store.Agent) []int64 { return nil }
