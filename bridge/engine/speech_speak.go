package engine

import (
	"parley/bridge"
	"parley/store"
)

// Agents talk to the customer and to each other in the same thread. Speak decides whether a typed text is a
// reply to the customer. It is a pure function of a Speech, which says all that matters about the text, so its
// list of cases is the complete rule.

// Speech is everything that decides whether a typed text reaches the customer.
type Speech struct {
	Author  Author
	Text    TypedText
	Account AccountRules

	Status        bridge.Status
	InLeftThread  bool // typed in an old thread, from which the conversation has moved to another one
	InDailyThread bool // typed in a day's collective thread of automatic mail, which nobody can answer
	HasOwner      bool
	FollowsRemark bool // the latest message in the thread is a colleague's remark that stayed inside
}

// Author is the person who typed a text.
type Author struct {
	Kind       bridge.ActorKind
	IsAgent    bool // one of Parley's agents
	MayReply   bool // may reply in this conversation
	IsAssignee bool // one of the conversation's owners
}

// isAgentElsewhere reports whether the author is one of Parley's agents, but belongs to another organisation in
// this chat. Such an agent believes that the text is a reply, and has to be told that it isn't.
func (a Author) isAgentElsewhere() bool { return a.Kind == bridge.ActorForeign && a.IsAgent }

// TypedText is what the text itself shows.
type TypedText struct {
	Verb           bridge.Verb
	Marker         bridge.Marker
	IsExplicit     bool // marked as a reply: "@Parley reply: …", !reply, the form Reply
	MentionsBot    bool
	MentionsPeople bool
	Names          Naming
	QuotesOther    bool // quotes something other than a customer's message
	GreetsCustomer bool // greets this conversation's customer by a name that no colleague has
	HasText        bool
	HasFiles       bool
}

// Naming is how a text names a colleague.
type Naming int

// Namings.
const (
	NamesNobody    Naming = iota
	NamesColleague        // it begins with a colleague's name: "Ben, can you …"
	NamesAfterAt          // it has the name of a colleague, a team or everybody after an @
)

// AccountRules are the account's settings for typed texts.
type AccountRules struct {
	OnlyWatches     bool
	ReplyMode       store.ReplyMode
	AnyAgentReplies bool // who_replies: any_agent
	MustConfirm     bool // confirm_send: each reply needs a click
}

// isLikeCommand reports whether a text looks like a command that doesn't exist: "!snoze", "/close".
func (t TypedText) isLikeCommand() bool {
	if t.Verb == bridge.VerbUnknown {
		return true
	}
	return t.Marker == bridge.MarkBang || t.Marker == bridge.MarkSlash
}

// Decision is what happens to a typed text.
type Decision string

// Decisions.
const (
	Inside    Decision = "inside" // stays among colleagues
	Out       Decision = "out"    // leaves for the customer
	SpeechAsk Decision = "ask"    // stays inside until somebody clicks
)

// Speak decides what happens to a text that was typed in a conversation's thread, and why. A text that isn't
// clearly a reply stays inside. The first matching case counts. They are in four groups: texts that are never
// for the customer, texts that may not be sent here and now, explicit replies, and plain texts, which may be
// doubtful. bridge.ConsequencesOf lists the reasons that the author must be told about.
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
		return SpeechAsk, bridge.ReasonUnknownVerb
	case s.Text.MentionsBot && !s.Text.IsExplicit:
		return Inside, bridge.ReasonMentionsUs
	case s.Text.MentionsPeople && !s.Text.IsExplicit:
		return Inside, bridge.ReasonMentionsColleague
	case !s.Text.HasText && !s.Text.HasFiles:
		return Inside, bridge.ReasonEmpty
	// Not allowed here and now.
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
		return SpeechAsk, bridge.ReasonReplyMentions // "reply" points to the customer, the mention to a colleague
	case s.Text.IsExplicit && s.Text.Marker.IsForColleagues():
		return SpeechAsk, reasonOf(s.Text.Marker)
	case s.Text.IsExplicit:
		return Out, bridge.ReasonExplicit
	// A plain text.
	case s.Account.ReplyMode == store.ReplyExplicit:
		return Inside, bridge.ReasonExplicitMode
	case isSomebodyElses && !s.Account.AnyAgentReplies:
		return Inside, bridge.ReasonNotAssignee
	case s.Text.Marker == bridge.MarkLone:
		return SpeechAsk, bridge.ReasonLoneVerb
	case s.Text.Marker.IsForColleagues():
		return SpeechAsk, reasonOf(s.Text.Marker)
	case s.Text.Names == NamesColleague:
		return SpeechAsk, bridge.ReasonNamesColleague
	case s.Text.Names == NamesAfterAt:
		return SpeechAsk, bridge.ReasonNameAfterAt
	case s.Text.QuotesOther:
		return SpeechAsk, bridge.ReasonQuotesColleague
	case !s.Text.HasText:
		return SpeechAsk, bridge.ReasonFileAlone
	case s.FollowsRemark && !s.Text.GreetsCustomer:
		return SpeechAsk, bridge.ReasonAfterRemark
	case s.Account.MustConfirm:
		return SpeechAsk, bridge.ReasonConfirm
	case !s.HasOwner:
		return Out, bridge.ReasonClaims
	default:
		return Out, bridge.ReasonAssignee
	}
}

// reasonOf returns the reason to ask about a text with a marker that is perhaps for colleagues.
func reasonOf(m bridge.Marker) bridge.Reason {
	switch m {
	case bridge.MarkNoteBelow:
		return bridge.ReasonNoteBelow
	case bridge.MarkCommandBelow:
		return bridge.ReasonCommandBelow
	default:
		return bridge.ReasonForColleagues
	}
}

// reasonOfWords returns the reason that Speak would give for the wording alone, if the conversation were open
// and the author owned it.
func (s Speech) reasonOfWords() bridge.Reason {
	author := Author{Kind: s.Author.Kind, IsAgent: s.Author.IsAgent, MayReply: true, IsAssignee: true}
	_, reason := Speak(Speech{Author: author, Text: s.Text, Status: bridge.StatusOpen})
	return reason
}
