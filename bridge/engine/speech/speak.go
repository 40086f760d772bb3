package speech

import (
	"parley/bridge"
	"parley/store"
)

// Speech is everything that decides whether a typed text reaches the customer.
type Speech struct {
	Author  Author
	Text    TypedText
	Account AccountRules

	Status       bridge.Status
	InLeftThread bool // it was typed in a thread that the conversation has left
	Automatic    bool // it was typed in a day's thread of automatic mail, in which nobody is to be answered
	Assigned     bool // the conversation has an owner
	AfterRemark  bool // the last thing said here is a colleague's remark that stayed inside
}

// Author is who typed a text, and what this person may do in the conversation.
type Author struct {
	Kind       bridge.ActorKind
	IsAgent    bool // the person is one of Parley's agents
	MayReply   bool // the agent may reply in this conversation
	IsAssignee bool
}

// TypedText is what a text itself shows of what its author meant by it.
type TypedText struct {
	Verb        bridge.Verb
	Marker      bridge.Marker
	Explicit    bool // "@Parley reply: …", the Reply form, !reply
	MentionsBot bool
	Mentions    bool // it mentions people
	Colleague   bool // it begins with a colleague's name: "Ben, can you …"
	Quotes      bool // it quotes what a person wrote, and not Parley's post of a customer's words
	HasText     bool
	HasFiles    bool
}

// AccountRules are what an account's settings say of typed texts.
type AccountRules struct {
	Watch     bool // the account only watches
	ReplyMode store.ReplyMode
	AnyAgent  bool // who_replies: any_agent
	Confirm   bool // confirm_send: a click is wanted for each reply
}

// isLikeCommand reports whether a text looks like a command that Parley doesn't know.
func (t TypedText) isLikeCommand() bool {
	if t.Verb == bridge.VerbUnknown {
		return true
	}
	return t.Marker == bridge.MarkBang || t.Marker == bridge.MarkSlash
}

// Decision is the fate of a typed text.
type Decision string

// Decisions.
const (
	Inside Decision = "inside"
	Out    Decision = "out"
	Ask    Decision = "ask" // stays inside until somebody clicks
)

// Speak decides what becomes of a text that was typed in a conversation's thread, and why. Everything that is not clearly a
// reply stays inside. The first case that fits counts, so that their order matters: what the author plainly wants comes first,
// then what forbids to answer, last what makes a reply doubtful. The reason is a code; book.MustTellAuthor says for which
// reasons the author must learn that the customer didn't get the text.
func Speak(s Speech) (d Decision, reason string) {
	isOthers := s.Assigned && !s.Author.IsAssignee // the conversation has an owner, who isn't the author
	switch {
	case s.Author.Kind != bridge.ActorPerson:
		return Inside, "not_a_person"
	case s.Text.Verb == bridge.VerbNote || s.Text.Marker == bridge.MarkNote:
		return Inside, noteReason
	case !s.Author.IsAgent:
		return Inside, "not_an_agent"
	case s.Text.isLikeCommand():
		return Ask, "unknown_verb"
	case s.Text.MentionsBot && !s.Text.Explicit:
		return Inside, "mentions_us"
	case s.Text.Mentions && !s.Text.Explicit:
		return Inside, "mentions_colleague"
	case !s.Text.HasText && !s.Text.HasFiles:
		return Inside, "empty"
	case !s.Author.MayReply:
		return Inside, "may_not_reply"
	case s.InLeftThread:
		return Inside, "moved"
	case s.Automatic:
		return Inside, "automatic"
	case !s.Status.Open():
		return Inside, "not_open"
	case s.Account.Watch:
		return Inside, "watch"
	case s.Text.Explicit && s.Text.Mentions:
		return Ask, "reply_mentions" // "reply" says that it is for the customer, the mention that it is for a colleague
	case s.Text.Explicit:
		return Out, "explicit"
	case s.Account.ReplyMode == store.ReplyExplicit:
		return Inside, "explicit_mode"
	case isOthers && !s.Account.AnyAgent:
		return Inside, "not_assignee"
	case s.Text.Marker == bridge.MarkLone:
		return Ask, "lone_verb"
	case s.Text.Marker == bridge.MarkColleagues:
		return Ask, "for_colleagues"
	case s.Text.Colleague:
		return Ask, "names_colleague"
	case s.Text.Quotes:
		return Ask, "quotes_colleague"
	case !s.Text.HasText:
		return Ask, "file_alone"
	case s.AfterRemark:
		return Ask, "after_remark"
	case s.Account.Confirm:
		return Ask, "confirm"
	case !s.Assigned:
		return Out, "claims"
	default:
		return Out, "assignee"
	}
}

// reasonOfWords returns the reason that Speak finds in a text's own words, as if the conversation could be answered by
// its author.
func (s Speech) reasonOfWords() string {
	author := Author{Kind: s.Author.Kind, IsAgent: s.Author.IsAgent, MayReply: true, IsAssignee: true}
	_, reason := Speak(Speech{Author: author, Text: s.Text, Status: bridge.StatusOpen})
	return reason
}
