package engine

import (
	"slices"

	"parley/bridge"
	"parley/store"
)

// Rules are the rules of one verb.
type Rules struct {
	Name bridge.Verb

	// AdminsOnly is the problem shown to agents who aren't admins. nil means that all agents may use the verb.
	AdminsOnly *bridge.Problem

	// Right is what an agent needs on the account to use the verb on a conversation that colleagues have, beside reading it.
	Right store.Right

	NeedsOpen      bool // only in an open conversation
	Final          bool // deals with the customer's latest message: if the request arrives late, it is refused after newer messages
	InDailyThread  bool // also in the threads that collect a day's automatic mail
	NoConversation bool // never about a conversation, wherever it is used

	IsSpeech     bool // a text for the customer or for colleagues
	IsQuestion   bool // a question about a conversation, answered where it was asked, even if a button asked it
	TakesBack    bool // undoes a text; the author may do so even after the conversation has moved to another team
	NamesMessage bool // on Parley's own pages, the request must name a message

	// CanApply reports whether the verb applies to a message in its current state. A typed verb that names no message refers to the
	// newest one for which CanApply returns true. nil means that the verb needs no message, or finds it in another way.
	CanApply func(*store.Conversation, *store.Message) bool

	// Deed is the kind of the log entry for the verb (see book.Log.Did); "" if there is none, or if it varies.
	Deed store.Deed
}

// Table has the rules of all verbs. It must not be modified while it is in use.
type Table map[bridge.Verb]*Rules

// Of returns the rules of a verb, never nil. For an unknown verb all rules but the name are zero.
func (t Table) Of(name bridge.Verb) *Rules {
	if rules := t[name]; rules != nil {
		return rules
	}
	return &Rules{Name: name}
}

// Authorize decides whether an agent may use a verb. It returns nil if so, or else the problem to show. agent is nil for a person who
// isn't an agent. All other permissions of roles are in store.Roles.
func (t Table) Authorize(agent *store.Agent, name bridge.Verb) *bridge.Problem {
	switch {
	case agent == nil:
		return &bridge.Problem{
			Code: bridge.ReasonNotAnAgent,
			Text: "You are not one of Parley's agents.",
			Hint: "Ask an admin to add your e-mail address to the agents.",
		}
	case !agent.IsAdmin():
		return t.Of(name).AdminsOnly
	}
	return nil
}

// AuthorizeOn decides whether an agent may use a verb on a conversation that owners have, of an account on which may tells the agent's
// rights. It returns nil if so, or else the problem to show. Whoever has a conversation may do everything with it, and so may everybody
// with one that nobody has.
func (t Table) AuthorizeOn(agent *store.Agent, name bridge.Verb, owners []store.AgentID, may func(store.Right) bool) *bridge.Problem {
	right := t.Of(name).Right
	isColleagues := len(owners) > 0 && !slices.Contains(owners, agent.ID)
	if right == "" || !isColleagues || may(right) {
		return nil
	}
	what := map[store.Right]string{
		store.RightReassign:   "give a colleague's conversation to somebody else",
		store.RightClear:      "take a conversation away from a colleague",
		store.RightResolveAll: "resolve a colleague's conversation",
	}[right]
	return &bridge.Problem{Code: "not_allowed", Text: "You may not " + what + " on this account.", Hint: "Ask its owner, or an admin."}
}

// Denied returns the verbs that an agent may not use anywhere, sorted. It returns none if agent is nil.
func (t Table) Denied(agent *store.Agent) []bridge.Verb {
	var denied []bridge.Verb
	for name := range t {
		if agent != nil && t.Authorize(agent, name) != nil {
			denied = append(denied, name)
		}
	}
	slices.Sort(denied)
	return denied
}
