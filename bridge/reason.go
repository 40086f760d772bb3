package bridge

import (
	"parley/channels"
	"parley/store"
)

// Reason is a code that says why a message has its fate, or why what somebody asked for was refused. Its words are in bot/view. A
// refusal whose code nothing compares has it where it is refused; all others are listed here.
type Reason = store.Reason

// Reasons why a text that was typed in a thread stays inside.
const (
	ReasonNote              Reason = "note"          // it is marked as a note
	ReasonForeignAgent      Reason = "foreign_agent" // the chat says that its author, an agent, belongs to another organisation
	ReasonGuest             Reason = "guest"         // the chat says that its author belongs to another organisation
	ReasonNotAPerson        Reason = "not_a_person"  // it was written by another app, by a workflow or by our own app
	ReasonNotAnAgent        Reason = "not_an_agent"
	ReasonMentionsUs        Reason = "mentions_us" // it speaks to Parley
	ReasonMentionsColleague Reason = "mentions_colleague"
	ReasonEmpty             Reason = "empty"
	ReasonMayNotReply       Reason = "may_not_reply" // its author has no right to reply in this conversation
	ReasonMoved             Reason = "moved"         // the conversation goes on in another thread
	ReasonAutomatic         Reason = "automatic"     // in the thread, mails are collected that nobody answers
	ReasonNotOpen           Reason = "not_open"      // the conversation is resolved or closed
	ReasonWatch             Reason = "watch"         // the account only watches
	ReasonExplicitMode      Reason = "explicit_mode" // the account sends only what says that it is a reply
	ReasonNotAssignee       Reason = "not_assignee"  // colleagues own the conversation
)

// Reasons why the author of a text that was typed in a thread is asked whether it is for the customer.
const (
	ReasonUnknownVerb     Reason = "unknown_verb"   // it looks like a command, and is none
	ReasonReplyMentions   Reason = "reply_mentions" // it says that it is a reply, and mentions a colleague
	ReasonLoneVerb        Reason = "lone_verb"      // it may be a command that lacks its sign; see MarkLone
	ReasonForColleagues   Reason = "for_colleagues" // see MarkColleagues
	ReasonNamesColleague  Reason = "names_colleague"
	ReasonQuotesColleague Reason = "quotes_colleague" // it quotes something other than the customer's words
	ReasonFileAlone       Reason = "file_alone"       // it is nothing but files
	ReasonAfterRemark     Reason = "after_remark"     // it may answer a colleague's remark, the last thing said before it
	ReasonConfirm         Reason = "confirm"          // the account wants a click for each reply
)

// Reasons why a text that was typed in a thread leaves for the customer.
const (
	ReasonExplicit Reason = "explicit" // it says that it is a reply
	ReasonClaims   Reason = "claims"   // nobody owns the conversation: it makes its author the owner
	ReasonAssignee Reason = "assignee" // its author is an owner
)

// Reasons why a text or reply waits for a decision, or is kept.
const (
	ReasonUnclaimed         Reason = "unclaimed"          // it waits until somebody takes the conversation
	ReasonGreetsOther       Reason = "greets_other"       // it begins with the name of another conversation's customer, or follows such a text
	ReasonLate              Reason = "late"               // it came so late that it may no longer fit the conversation
	ReasonFoundEdited       Reason = "found_edited"       // only its edited form is known: it may have been a note before
	ReasonEditedElsewhere   Reason = "edited_elsewhere"   // it was typed outside of its conversation's thread, and edited there
	ReasonEdited            Reason = "edited"             // it had stayed inside, or was restored, and is a reply since an edit
	ReasonEditedCommand     Reason = "edited_command"     // an edit made it a command, and does nothing
	ReasonOtherWords        Reason = "other_words"        // it was edited since the button was shown
	ReasonHandedIn          Reason = "handed_in"          // the same form was submitted before
	ReasonAnsweredMeanwhile Reason = "answered_meanwhile" // a colleague has answered since its form was opened
	ReasonCorrection        Reason = "correction"         // it is the new text of a reply that was edited after it was sent
	ReasonPaused            Reason = "paused"             // the account is paused
	ReasonWindow            Reason = "window"             // the reply window is closed
	ReasonOffered           Reason = "offered"            // it was kept for the reply window, and offered when that opened
	ReasonRestored          Reason = "restored"           // it is older than the last restore from a backup
	ReasonTemplate          Reason = "template"           // it is a template
	// Its template was changed or deleted since its words were read: it can't be sent any more.
	ReasonTemplateOutdated Reason = "template_outdated"
)

// Reasons why a text is what it has become.
const (
	ReasonCommand Reason = "command" // it is a command, whether applied or refused: not for the customer
	ReasonClicked Reason = "clicked" // somebody has sent it by a click, whoever wrote it
	// An agent sends it whatever its chat says of it, so that it leaves without being read there again.
	ReasonRevived Reason = "revived"
	ReasonDeleted Reason = "deleted" // its author deleted it before the customer had it
	// Its author deleted it while an attempt was under way, or when a part had left: a click can still send it.
	ReasonDeletedLate Reason = "deleted_late"
	ReasonUndone      Reason = "undone"      // somebody kept it inside while it waited to be sent
	ReasonCameEdited  Reason = "came_edited" // only the edited form of this message of a customer's came
)

// Reasons why what Parley did by itself was done, in a conversation's log.
const (
	ReasonCustomer   Reason = "customer"   // the customer wrote
	ReasonAnswered   Reason = "answered"   // the customer was answered
	ReasonUnanswered Reason = "unanswered" // what had counted as an answer was none
	ReasonTime       Reason = "time"       // the time had come
)

// Reasons for which a reply can't be sent. Those of a provider's refusals are the classes of channels.SendError.
const (
	ReasonOptedOut      Reason = "opted_out" // the customer wants no messages
	ReasonTrial         Reason = "trial"     // the account is on trial, and somebody who would get it is not on its list
	ReasonTextTooLong   Reason = "text_too_long"
	ReasonFileTooLarge  Reason = "file_too_large"
	ReasonFilesTooLarge Reason = "files_too_large"
	ReasonFileKind      Reason = "file_kind" // the channel takes no files of this kind
	ReasonNoFiles       Reason = "no_files"

	ReasonConfidential = Reason(channels.Confidential)
)

// Consequences are what follows from a reason why a text stays inside or waits, besides its words.
type Consequences struct {
	// MustTellAuthor means that a text that stayed inside calls for a line in the thread, so that its author learns that the
	// customer did not get it. Otherwise the author meant it to stay inside.
	MustTellAuthor bool
	Guess          Guess
	Wording        Wording
}

// Guess is what the author of a text most likely meant, which decides what the question about it offers first.
type Guess int

// Guesses.
const (
	GuessNothing Guess = iota
	GuessInside        // it was to stay inside
	GuessReply         // it was for the customer
)

// Wording is what the words of a text alone say about it, whoever wrote it and wherever.
type Wording int

// Wordings.
const (
	NothingInWords      Wording = iota // the reason for which the text stays inside is another one
	MaybeForColleagues                 // its author is asked
	SurelyForColleagues                // it has no button
)

// ConsequencesOf returns what follows from a reason: nothing from one that isn't named here.
func ConsequencesOf(r Reason) Consequences {
	switch r {
	case ReasonNote, ReasonMentionsUs, ReasonMentionsColleague, ReasonEmpty:
		return Consequences{Wording: SurelyForColleagues}
	case ReasonUnknownVerb, ReasonReplyMentions, ReasonLoneVerb, ReasonForColleagues, ReasonNamesColleague, ReasonQuotesColleague:
		return Consequences{MustTellAuthor: true, Guess: GuessInside, Wording: MaybeForColleagues}
	case ReasonAfterRemark, ReasonGreetsOther:
		return Consequences{MustTellAuthor: true, Guess: GuessInside}
	case ReasonFileAlone, ReasonConfirm:
		return Consequences{MustTellAuthor: true, Guess: GuessReply}
	case ReasonNotAnAgent, ReasonForeignAgent, ReasonMayNotReply, ReasonMoved, ReasonAutomatic, ReasonNotOpen, ReasonWatch,
		ReasonExplicitMode, ReasonNotAssignee:
		return Consequences{MustTellAuthor: true}
	case ReasonUnclaimed, ReasonHandedIn, ReasonAnsweredMeanwhile:
		return Consequences{Guess: GuessReply}
	default:
		return Consequences{}
	}
}
