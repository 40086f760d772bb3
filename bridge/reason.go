package bridge

import (
	"regexp"

	"parley/channels"
	"parley/store"
)

// Reason is a code that says why a message has its fate, or why what somebody asked for was refused. Its words are in bot/view. A
// refusal whose code nothing compares has it where it is refused; all others are listed here.
type Reason = store.Reason

// Reasons that Speak gives for what it decides about a text. The first ones keep it inside.
const (
	ReasonNote              Reason = "note"          // it is marked as a note
	ReasonForeignAgent      Reason = "foreign_agent" // the chat says that the agent belongs to another organisation
	ReasonGuest             Reason = "guest"
	ReasonNotAPerson        Reason = "not_a_person" // it was written by another app, by a workflow or by our own app
	ReasonNotAnAgent        Reason = "not_an_agent"
	ReasonMentionsUs        Reason = "mentions_us"
	ReasonMentionsColleague Reason = "mentions_colleague"
	ReasonEmpty             Reason = "empty"
	ReasonMayNotReply       Reason = "may_not_reply"
	ReasonMoved             Reason = "moved"     // the conversation goes on in another thread
	ReasonAutomatic         Reason = "automatic" // in the thread, mails are collected that nobody answers
	ReasonNotOpen           Reason = "not_open"
	ReasonWatch             Reason = "watch" // the account only watches
	ReasonExplicitMode      Reason = "explicit_mode"
	ReasonNotAssignee       Reason = "not_assignee"

	ReasonUnknownVerb     Reason = "unknown_verb" // its author is asked from here on
	ReasonReplyMentions   Reason = "reply_mentions"
	ReasonLoneVerb        Reason = "lone_verb"
	ReasonForColleagues   Reason = "for_colleagues"
	ReasonNamesColleague  Reason = "names_colleague"
	ReasonQuotesColleague Reason = "quotes_colleague" // it quotes something other than the customer's words
	ReasonFileAlone       Reason = "file_alone"
	ReasonAfterRemark     Reason = "after_remark"
	ReasonConfirm         Reason = "confirm" // the account wants a click for each reply

	ReasonExplicit Reason = "explicit" // it leaves from here on: it says that it is a reply
	ReasonClaims   Reason = "claims"   // it makes its author the owner
	ReasonAssignee Reason = "assignee"
)

// Reasons why a text or reply waits for a decision, or is kept.
const (
	ReasonUnclaimed         Reason = "unclaimed"          // it waits until somebody takes the conversation
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
	ReasonTemplateOutdated  Reason = "template_outdated"  // its template was changed or deleted since its words were read: it can't be sent any more
)

// Reasons why a text is what it has become.
const (
	ReasonCommand     Reason = "command"      // it is a command, whether applied or refused: not for the customer
	ReasonClicked     Reason = "clicked"      // somebody has sent it by a click, whoever wrote it
	ReasonRevived     Reason = "revived"      // an agent sends it whatever its chat says of it, so that it leaves without being read there again
	ReasonDeleted     Reason = "deleted"      // its author deleted it before the customer had it
	ReasonDeletedLate Reason = "deleted_late" // its author deleted it while an attempt was under way, or when a part had left: a click can still send it
	ReasonUndone      Reason = "undone"       // somebody kept it inside while it waited to be sent
	ReasonCameEdited  Reason = "came_edited"  // only the edited form of this message of a customer's came
)

// Reasons why what Parley did by itself was done, in a conversation's log.
const (
	ReasonCustomer   Reason = "customer" // the customer wrote
	ReasonAnswered   Reason = "answered"
	ReasonUnanswered Reason = "unanswered"
	ReasonTime       Reason = "time" // the time had come
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

// Why says why something happened: by a code, or in the words of whoever refused it. At most one of them is set. It is stored as one
// string, as versions before it knew it: only a code consists of small letters and underscores alone.
type Why struct {
	Reason Reason
	Words  string // for people
}

// Because returns a Why that is a code.
func Because(r Reason) Why { return Why{Reason: r} }

// InWords returns a Why in words for people.
func InWords(words string) Why { return Why{Words: words} }

var looksLikeCode = regexp.MustCompile(`^[a-z_]+$`)

// ParseWhy returns the Why that String has written.
func ParseWhy(stored string) Why {
	if looksLikeCode.MatchString(stored) {
		return Because(Reason(stored))
	}
	return InWords(stored)
}

// String returns w in one string, from which ParseWhy reads it again. A single word for people gets a full stop, so that it isn't
// read as a code.
func (w Why) String() string {
	if looksLikeCode.MatchString(w.Words) {
		return w.Words + "."
	}
	return string(w.Reason) + w.Words
}

// MarshalText implements encoding.TextMarshaler.
func (w Why) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *Why) UnmarshalText(text []byte) error {
	*w = ParseWhy(string(text))
	return nil
}
