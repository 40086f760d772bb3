package speech

import (
	"parley/bridge"
	"parley/store"
)

// Agents talk to the customer and to each other in the same thread. Speak decides, from what is known about a text and nothing
// else, whether it is a reply. It reads no database, so that its table of cases is the whole rule.

// Speech is everything that decides whether a typed text reaches the customer.
type Speech struct {
	Author  Author
	Text    TypedText
	Account AccountRules

	Status        bridge.Status
	InLeftThread  bool // it was typed in a thread that the conversation has left
	InDailyThread bool // it was typed in a day's thread of automatic mail, in which nobody is to be answered
	HasOwner      bool
	FollowsRemark bool // the last thing said here is a colleague's remark that stayed inside
}

// Author is who typed a text, and what this person may do in the conversation.
type Author struct {
	Kind       bridge.ActorKind
	IsAgent    bool // the person is one of Parley's agents
	MayReply   bool // the agent may reply in this conversation
	IsAssignee bool // the agent is one of the conversation's owners
}

// isAgentElsewhere reports whether the author is one of Parley's agents, but the chat says that they belong to another
// organisation. Such an agent takes the text for a reply, and has to be told that it is none.
func (a Author) isAgentElsewhere() bool { return a.Kind == bridge.ActorForeign && a.IsAgent }

// TypedText is what can be told from the text alone.
type TypedText struct {
	Verb           bridge.Verb
	Marker         bridge.Marker
	IsExplicit     bool // it says that it is a reply: "@Parley reply: …", !reply, the form Reply
	MentionsBot    bool
	MentionsPeople bool
	NamesColleague bool // it begins with a colleague's name ("Ben, can you …"), or has one behind an @
	QuotesOther    bool // it quotes something other than Parley's post of a customer's words
	HasText        bool
	HasFiles       bool
}

// AccountRules are what an account's settings say of typed texts.
type AccountRules struct {
	OnlyWatches     bool
	ReplyMode       store.ReplyMode
	AnyAgentReplies bool // who_replies: any_agent
	MustConfirm     bool // confirm_send: a click is wanted for each reply
}

// isLikeCommand reports whether a text looks like a command and is none: it begins with "!" or "/" and a letter, or with a
// mistyped verb.
func (t TypedText) isLikeCommand() bool {
	if t.Verb == bridge.VerbUnknown {
		return true
	}
	return t.Marker == bridge.MarkBang || t.Marker == bridge.MarkSlash
}

// Decision says what becomes of a typed text.
type Decision string

// Decisions.
const (
	Inside Decision = "inside"
	Out    Decision = "out"
	Ask    Decision = "ask" // stays inside until somebody clicks
)

// Speak decides what becomes of a text that was typed in a conversation's thread, and why. Everything that is not clearly a
// reply stays inside. The first case that fits counts: first texts that are never for the customer, then what forbids a reply here
// and now, then an explicit reply, and last what makes a plain text doubtful. The reason is a code; bridge.ConsequencesOf says for
// which codes the author must learn that the customer didn't get the text.
func Speak(s Speech) (d Decision, reason bridge.Reason) {
	isSomebodyElses := s.HasOwner && !s.Author.IsAssignee
	isNote := s.Text.Verb == bridge.VerbNote || s.Text.Marker == bridge.MarkNote
	switch {
	// Never for the customer.
	case s.Author.isAgentElsewhere() && isNote:
		return Inside, bridge.ReasonNote
	case s.Author.isAgentElsewhere():
		return Inside, bridge.ReasonForeignAgent
	case s.Author.Kind == bridge.ActorForeign:
		return Inside, bridge.ReasonGuest
	case s.Author.Kind != bridge.ActorPerson:
		return Inside, bridge.ReasonNotAPerson
	case isNote:
		return Inside, bridge.ReasonNote
	case !s.Author.IsAgent:
		return Inside, bridge.ReasonNotAnAgent
	case s.Text.isLikeCommand():
		return Ask, bridge.ReasonUnknownVerb
	case s.Text.MentionsBot && !s.Text.IsExplicit:
		return Inside, bridge.ReasonMentionsUs
	case s.Text.MentionsPeople && !s.Text.IsExplicit:
		return Inside, bridge.ReasonMentionsColleague
	case !s.Text.HasText && !s.Text.HasFiles:
		return Inside, bridge.ReasonEmpty
	// Nobody may reply here and now.
	case !s.Author.MayReply:
		return Inside, bridge.ReasonMayNotReply
	case s.InLeftThread:
		return Inside, bridge.ReasonMoved
	case s.InDailyThread:
		return Inside, bridge.ReasonAutomatic
	case !s.Status.Open():
		return Inside, bridge.ReasonNotOpen
	case s.Account.OnlyWatches:
		return Inside, bridge.ReasonWatch
	// An explicit reply.
	case s.Text.IsExplicit && s.Text.MentionsPeople:
		return Ask, bridge.ReasonReplyMentions // "reply" says that it is for the customer, the mention that it is for a colleague
	case s.Text.IsExplicit:
		return Out, bridge.ReasonExplicit
	// A plain text that may not be meant for the customer.
	case s.Account.ReplyMode == store.ReplyExplicit:
		return Inside, bridge.ReasonExplicitMode
	case isSomebodyElses && !s.Account.AnyAgentReplies:
		return Inside, bridge.ReasonNotAssignee
	case s.Text.Marker == bridge.MarkLone:
		return Ask, bridge.ReasonLoneVerb
	case s.Text.Marker == bridge.MarkColleagues:
		return Ask, bridge.ReasonForColleagues
	case s.Text.NamesColleague:
		return Ask, bridge.ReasonNamesColleague
	case s.Text.QuotesOther:
		return Ask, bridge.ReasonQuotesColleague
	case !s.Text.HasText:
		return Ask, bridge.ReasonFileAlone
	case s.FollowsRemark:
		return Ask, bridge.ReasonAfterRemark
	case s.Account.MustConfirm:
		return Ask, bridge.ReasonConfirm
	case !s.HasOwner:
		return Out, bridge.ReasonClaims
	default:
		return Out, bridge.ReasonAssignee
	}
}

// reasonOfWords returns the reason that Speak would give if only the words counted: as if the author owned the conversation, and
// it were open.
func (s Speech) reasonOfWords() bridge.Reason {
	author := Author{Kind: s.Author.Kind, IsAgent: s.Author.IsAgent, MayReply: true, IsAssignee: true}
	_, reason := Speak(Speech{Author: author, Text: s.Text, Status: bridge.StatusOpen})
	return reason
}
