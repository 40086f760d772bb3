// Package permission says who may use a verb. Package reading says who may read a conversation.
package permission

import (
	"slices"
	"sync"

	"parley/bridge"
	"parley/store"
)

// adminsOnly returns the verbs that only admins may use, with what others are told. The map is made once.
var adminsOnly = sync.OnceValue(func() map[bridge.Verb]*bridge.Problem { //nolint:gochecknoglobals // a table that never changes
	forTemplates := &bridge.Problem{Code: "not_allowed", Text: "Only admins change templates.", Hint: "Ask one of them."}
	return map[bridge.Verb]*bridge.Problem{
		bridge.VerbTemplateEdit:   forTemplates,
		bridge.VerbTemplateDelete: forTemplates,
		bridge.VerbClose:          {Code: "not_allowed", Text: "Only admins close conversations.", Hint: "Resolve it instead: !resolve"},
	}
})

// Authorize is the one place that decides whether somebody may use a verb. It returns nil if agent may, else what to
// say. agent is nil for somebody who isn't an agent. What else a role may, store.Roles says.
func Authorize(agent *store.Agent, verb bridge.Verb) *bridge.Problem {
	switch {
	case agent == nil:
		return &bridge.Problem{
			Code: bridge.ReasonNotAnAgent,
			Text: "You are not one of Parley's agents.",
			Hint: "Ask an admin to add your e-mail address to the agents.",
		}
	case !agent.IsAdmin():
		return adminsOnly()[verb]
	}
	return nil
}

// Denied returns the verbs that an agent may use nowhere.
func Denied(agent *store.Agent) []bridge.Verb {
	var denied []bridge.Verb
	for verb := range adminsOnly() {
		if agent != nil && Authorize(agent, verb) != nil {
			denied = append(denied, verb)
		}
	}
	slices.Sort(denied)
	return denied
}
