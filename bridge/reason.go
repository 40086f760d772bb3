package bridge

import (
	"parley/channels"
	"parley/store"
)

// Reason is a code that says why a message an agent typed was sent, kept or refused, or why a command was refused. Package
// bot/view has the words for it. For example, a text that mentions a colleague is kept inside (not sent to the customer)
// with ReasonMentionsColleague, which agents read as "It mentions a colleague."
//
// This file has all reasons that code compares. Other codes of refusals are written where the refusal is made.
type Reason = store.Reason

// Reasons why a text that was typed in a thread is kept inside.
const (
	ReasonNote              Reason = "note"          // it is marked as a note
	ReasonForeignAgent      Reason = "foreign_agent" // according to the chat, its author (an agent) belongs to another organisation
	ReasonGuest             Reason = "guest"         // according to the chat, its author belongs to another organisation
	ReasonNotAPerson        Reason = "not_a_person"  // another app, a workflow or our own app wrote it
	ReasonNotAnAgent        Reason = "not_an_agent"
	ReasonMentionsUs        Reason = "mentions_us" // it is addressed to Parley
	ReasonMentionsColleague Reason = "mentions_colleague"
	ReasonEmpty             Reason = "empty"
	ReasonMayNotReply       Reason = "may_not_reply" // its author has no right to reply in this conversation
	ReasonMoved             Reason = "moved"         // the conversation continues in another thread
	ReasonAutomatic         Reason = "automatic"     // the thread collects mails that nobody answers
	ReasonNotOpen           Reason = "not_open"      // the conversation is resolved or closed
	ReasonWatch             Reason = "watch"         // the account never sends
	ReasonExplicitMode      Reason = "explicit_mode" // the account sends only texts that are marked as replies
	ReasonNotAssignee       Reason = "not_assignee"  // colleagues own the conversation
)

// Reasons why the author of a text is asked whether it is meant for the customer.
const (
	ReasonUnknownVerb     Reason = "unknown_verb"   // it looks like a command, but is none
	ReasonReplyMentions   Reason = "reply_mentions" // it is marked as a reply, and mentions a colleague
	ReasonLoneVerb        Reason = "lone_verb"      // it may be a command without its prefix; see MarkLone
	ReasonForColleagues   Reason = "for_colleagues" // see MarkColleagues
	ReasonNoteBelow       Reason = "note_below"     // a later line begins like a note
	ReasonCommandBelow    Reason = "command_below"  // a later line begins with a command
	ReasonNamesColleague  Reason = "names_colleague"
	ReasonNameAfterAt     Reason = "name_after_at"    // it has the name of a colleague, a team or everybody after an @
	ReasonQuotesColleague Reason = "quotes_colleague" // it quotes something other than the customer's words
	ReasonFileAlone       Reason = "file_alone"       // it consists of files only
	ReasonAfterRemark     Reason = "after_remark"     // it follows a colleague's remark, which it may answer
	ReasonConfirm         Reason = "confirm"          // the account requires a click for each reply
)

// Reasons why a text that was typed in a thread is sent to the customer.
const (
	ReasonExplicit Reason = "explicit" // it is marked as a reply
	ReasonClaims   Reason = "claims"   // nobody owned the conversation, so it made its author the owner
	ReasonAssignee Reason = "assignee" // its author is an owner
)

// Reasons why a text waits for a decision, or is kept.
const (
	ReasonUnclaimed         Reason = "unclaimed"          // it waits until somebody takes the conversation
	ReasonFileOfOther       Reason = "file_of_other"      // a file in it came from another customer
	ReasonNamesOther        Reason = "names_other"        // it names an address or an order of another customer
	ReasonGreetsOther       Reason = "greets_other"       // it begins with the name of another customer
	ReasonAfterGreeting     Reason = "after_greeting"     // the text before it does, and its author is still asked about that
	ReasonLate              Reason = "late"               // it arrived so late that it may no longer fit the conversation
	ReasonFoundEdited       Reason = "found_edited"       // only its edited version is known; the original may have been a note
	ReasonEditedElsewhere   Reason = "edited_elsewhere"   // it was typed and edited outside its conversation's thread
	ReasonEdited            Reason = "edited"             // it was kept inside or restored, and became a reply by an edit
	ReasonEditedCommand     Reason = "edited_command"     // an edit turned it into a command, which is not executed
	ReasonOtherWords        Reason = "other_words"        // it was edited after the button was shown
	ReasonHandedIn          Reason = "handed_in"          // the same form was submitted before
	ReasonAnsweredMeanwhile Reason = "answered_meanwhile" // a colleague answered after its form was opened
	ReasonCorrection        Reason = "correction"         // it is the new text of a reply that was edited after it was sent
	ReasonPaused            Reason = "paused"             // the account is paused
	ReasonWindow            Reason = "window"             // the reply window is closed: the provider allows no free text now
	ReasonOffered           Reason = "offered"            // it was kept for the reply window, and offered when that opened
	ReasonRestored          Reason = "restored"           // it is older than the last restore from a backup
	ReasonTemplate          Reason = "template"           // it is a template
	ReasonTemplateOutdated  Reason = "template_outdated"  // it is a template that was changed or deleted after it was chosen
)

// Reasons why a text has its final state.
const (
	ReasonCommand Reason = "command" // it is a command, executed or refused
	ReasonClicked Reason = "clicked" // an agent, not necessarily its author, sent it by a click
	// ReasonRevived means that an agent sends it whatever happened to it in the chat, so it is not read there again.
	ReasonRevived Reason = "revived"
	ReasonDeleted Reason = "deleted" // its author deleted it before it was sent
	// ReasonDeletedLate means that its author deleted it while it was being sent, or after a part was sent. A click can
	// still send it.
	ReasonDeletedLate Reason = "deleted_late"
	ReasonUndone      Reason = "undone"      // an agent took it back while it waited to be sent
	ReasonCameEdited  Reason = "came_edited" // only the edited version of this customer's message arrived
)

// Reasons for automatic actions, in a conversation's log.
const (
	ReasonCustomer   Reason = "customer"   // the customer wrote
	ReasonAnswered   Reason = "answered"   // the customer was answered
	ReasonUnanswered Reason = "unanswered" // a message that counted as an answer was not one after all
	ReasonTime       Reason = "time"       // a timer expired
)

// Reasons why a reply can't be sent. Refusals of a provider have the classes of channels.SendError.
const (
	ReasonOptedOut      Reason = "opted_out" // the customer refuses messages
	ReasonTrial         Reason = "trial"     // the account is on trial, and a recipient is not on its list
	ReasonTextTooLong   Reason = "text_too_long"
	ReasonFileTooLarge  Reason = "file_too_large"
	ReasonFilesTooLarge Reason = "files_too_large"
	ReasonFileKind      Reason = "file_kind" // the channel does not accept files of this kind
	ReasonNoFiles       Reason = "no_files"

	ReasonConfidential = Reason(channels.Confidential)
)

// Consequences say how to treat a text that is kept inside or waits for a decision.
type Consequences struct {
	// MustTellAuthor means that a line in the thread must tell the author that the customer did not get the text. It is
	// false for texts that the author meant to keep inside.
	MustTellAuthor bool
	Guess          Guess
	Wording        Wording
}

// Guess is what the author of a text most likely intended. It determines which button is offered first.
type Guess int

// Guesses.
const (
	GuessNothing Guess = iota
	GuessInside        // to keep it inside
	GuessReply         // to send it to the customer
)

// Wording is what the text alone reveals about its addressee, regardless of author and thread.
type Wording int

// Wordings.
const (
	NothingInWords      Wording = iota // the reason has nothing to do with the words
	MaybeForColleagues                 // the author is asked
	SurelyForColleagues                // there is no button to send it
)

// ConsequencesOf returns the consequences of a reason. They are zero for all reasons that are not listed here.
func ConsequencesOf(r Reason) Consequences {
	switch r {
	case ReasonNote, ReasonMentionsUs, ReasonMentionsColleague, ReasonEmpty:
		return Consequences{Wording: SurelyForColleagues}
	case ReasonUnknownVerb, ReasonReplyMentions, ReasonLoneVerb, ReasonForColleagues, ReasonNoteBelow, ReasonCommandBelow,
		ReasonNamesColleague, ReasonNameAfterAt, ReasonQuotesColleague:
		return Consequences{MustTellAuthor: true, Guess: GuessInside, Wording: MaybeForColleagues}
	case ReasonAfterRemark, ReasonFileOfOther, ReasonNamesOther, ReasonGreetsOther, ReasonAfterGreeting:
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
