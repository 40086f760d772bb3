// Package verb has the rules of the verbs that people ask for: who may use one, where, about which messages, and what the log
// says of it. The rules of a verb stand in the file of what applies it (package usecase); whoever needs those of any verb looks
// them up in a Table.
//
// What does not belong here: the words of verbs (bot/verb), and who may read a conversation (package reading).
package verb

import (
	"slices"

	"parley/bridge"
	"parley/store"
)

// Rules are what is known of a verb besides what applies it.
type Rules struct {
	Name bridge.Verb

	// AdminsOnly is what others are told if only admins may use the verb. It is nil if all agents may.
	AdminsOnly *bridge.Problem

	NeedsOpen      bool // the verb may only be used in a conversation that is not over
	Final          bool // the verb settles the customer's latest words: found late, it is refused if there are later ones
	InDailyThread  bool // the verb may also be used in a day's thread, in which mails are sorted
	NoConversation bool // the verb is about no conversation, wherever it is used
	NeedsLatest    bool // the conversation's latest messages are to be read, and the replies that wait

	IsSpeech     bool // somebody says something, to the customer or to colleagues
	IsQuestion   bool // somebody asks about a conversation, and is answered where that was asked, also if it was by a button
	TakesBack    bool // the verb takes a text back, which its author may do wherever the conversation has gone since
	NamesMessage bool // on a page of Parley's own, the verb names the message that it is about

	// CanApply reports whether the verb can be applied to a message, as it is now. A typed verb that names no message means the
	// newest one to which it can. It is nil for verbs that are about no message, or find theirs in another way.
	CanApply func(*store.Conversation, *store.Message) bool

	// Deed is what the log says when the verb was done (book.Log.Did). It is "" if the log says nothing, or not always the same.
	Deed store.Deed
}

// Table has the rules of all verbs.
type Table map[bridge.Verb]*Rules

// Of returns the rules of a verb. They are empty if the table doesn't have the verb.
func (t Table) Of(name bridge.Verb) *Rules {
	if rules := t[name]; rules != nil {
		return rules
	}
	return &Rules{Name: name}
}

// Authorize is the one place that decides whether somebody may use a verb. It returns nil if agent may, else what to
// say. agent is nil for somebody who isn't an agent. What else a role may, store.Roles says.
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

// Denied returns the verbs that an agent may use nowhere.
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
