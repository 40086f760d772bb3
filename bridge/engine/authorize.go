package engine

import (
	"fmt"
	"maps"
	"slices"

	"parley/bridge"
	"parley/store"
)

// Authorize is the one place that decides whether an agent may do something to a
// conversation; nil = yes. It knows one role, admin: a verb of admins is refused to all others.
func Authorize(agent *store.Agent, verb bridge.Verb, c *store.Conversation) *bridge.Problem {
	switch {
	case agent == nil:
		return &bridge.Problem{Code: "not_an_agent", Text: "You are not one of Parley's agents.",
			Hint: "Ask an admin to add your e-mail address to the agents."}
	case !slices.Contains(agent.Roles, "admin"):
		return useCaseOf(verb).admins
	}
	return nil
}

// deniedTo gives the verbs that an agent may use nowhere.
func deniedTo(agent *store.Agent) []bridge.Verb {
	var denied []bridge.Verb
	for _, verb := range slices.Sorted(maps.Keys(allUseCases())) {
		if agent != nil && Authorize(agent, verb, nil) != nil {
			denied = append(denied, verb)
		}
	}
	return denied
}

// authorize says why an agent may not do something to a conversation, or may not even read it;
// nil = both are allowed.
func (w *work) authorize(r request, verb bridge.Verb) *bridge.Problem {
	if r.agent != nil && !w.posts.isInThread(r) && !w.e.reader(r.agent).May(r.conv.Conversation) {
		return notReadable(r.conv.ID)
	}
	return Authorize(r.agent, verb, r.conv.Conversation)
}

// notReadable refuses a conversation to somebody who may not read it.
func notReadable(id int64) *bridge.Problem {
	return &bridge.Problem{Code: "not_allowed", Text: fmt.Sprintf("Conversation #%d is not open to you.", id),
		Hint: "Only who is in its channel or its team may read it. If you joined just now, try again in a minute."}
}
