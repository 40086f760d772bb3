package view

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// Parley decides about each message that an agent types in a thread whether it goes to the customer, and records a reason
// code for that. This file has the words for these reasons, and for the reasons why a command is refused. Most reasons
// are explained in two places:
//
//	in a line (a remark below the message)      "🏠 @Ann This stayed inside: … You may not reply in this conversation."
//	alone, such as in the answer to !why        "09:12 Ann: “Hello” stayed inside. Its author may not reply in this …"

// reasonWords are the sentences that explain a reason.
type reasonWords struct {
	reason bridge.Reason
	inLine string // addressed to the author as "you"; "" if the rest of the line already implies it
	alone  string // addressed to anybody, so that the author is not "you"; "" if it needs no explanation
}

// ReasonWords explains a reason in a sentence that can be read alone. It returns "" for a reason without words.
func ReasonWords(reason bridge.Reason, f bridge.Facts) string {
	words, _ := wordsOf(reason, f)
	return words.alone
}

// whyInLine explains why something happened, as a sentence of a line. It returns "" if the line needs no explanation.
func whyInLine(why bridge.Why, f bridge.Facts) string {
	if words, isKnown := wordsOf(why.Reason, f); isKnown {
		return words.inLine
	}
	return shape.AsSentence(why.String())
}

// wordsOf returns the words for a reason. isKnown is false if there are none, such as for a reason that only a newer
// version of Parley knows.
func wordsOf(reason bridge.Reason, f bridge.Facts) (words reasonWords, isKnown bool) {
	switch reason {
	case bridge.ReasonAutomatic:
		return sameEverywhere(reason, collectedWords(f)), true
	case bridge.ReasonNotOpen:
		return sameEverywhere(reason, endedWords(f)), true
	case bridge.ReasonNotAssignee:
		return sameEverywhere(reason, ownerWords(f)), true
	default: // the words are in the tables below
	}

	for _, words := range slices.Concat(impliedReasons(), explainedReasons()) {
		if words.reason == reason {
			return words, true
		}
	}
	return reasonWords{}, false
}

// sameEverywhere makes the words of a reason that is explained in the same way in a line and alone.
func sameEverywhere(reason bridge.Reason, words string) reasonWords {
	return reasonWords{reason, words, words}
}

// impliedReasons returns the reasons that need no words in a line, because the rest of the line implies them.
func impliedReasons() []reasonWords {
	return []reasonWords{
		{bridge.ReasonAssignee, "", "Its author has this conversation."},
		{bridge.ReasonClaims, "", "It was the first answer and made its author the owner."},
		{bridge.ReasonExplicit, "", "It was said to be a reply."},
		{bridge.ReasonClicked, "", "Somebody pressed Send to customer."},
		{bridge.ReasonRevived, "", "Somebody pressed Send to customer."},
		{bridge.ReasonNote, "", "It was marked as a note."},
		{bridge.ReasonNotAPerson, "", "No person wrote it."},
		{bridge.ReasonGuest, "", "By what this chat says, its author is a guest, or belongs to another organisation."},
		{bridge.ReasonLate, "", "It was found late, when the conversation had moved on."},
		{bridge.ReasonWindow, "", "The reply window was closed."},
		{bridge.ReasonOffered, "", "The reply window was closed."},
		{bridge.ReasonDeleted, "", "Its author deleted it."},
		{bridge.ReasonRestored, "", "It is older than my last restore from a backup."},
		{bridge.ReasonCorrection, "", "It is the new text of a reply that was edited after it was sent."},
		{bridge.ReasonCommand, "", "It is a command."},
		{bridge.ReasonUndone, "", ""},
		{bridge.ReasonTime, "", ""},
		{bridge.ReasonDeletedLate, "", ""},
		{bridge.ReasonEmpty, "", ""},
		{bridge.ReasonTemplate, "", ""},
		{bridge.ReasonCameEdited, "", ""},
	}
}

// explainedReasons returns the reasons that are explained both in lines and alone.
func explainedReasons() []reasonWords {
	return []reasonWords{
		sameEverywhere(bridge.ReasonCustomer, "The customer wrote."),
		{bridge.ReasonNotAnAgent, "You are not one of Parley's agents.", "Its author is not one of Parley's agents."},
		{bridge.ReasonMayNotReply, "You may not reply in this conversation.", "Its author may not reply in this conversation."},
		sameEverywhere(bridge.ReasonMoved, "This conversation goes on in another thread."),
		sameEverywhere(bridge.ReasonWatch, "This account only watches: nothing is sent from here."),
		sameEverywhere(bridge.ReasonUnknownVerb, "It begins like a command, but I know no such command (!help lists them)."),
		sameEverywhere(bridge.ReasonLoneVerb, "It is nothing but a command's word. To do it, type it with a ! before it."),
		sameEverywhere(bridge.ReasonForColleagues, "It begins like a remark for colleagues."),
		sameEverywhere(bridge.ReasonNoteBelow, "One of its lines begins like a note."),
		sameEverywhere(bridge.ReasonCommandBelow, "One of its lines begins like a command."),
		sameEverywhere(bridge.ReasonNamesColleague, "It begins with a colleague's name."),
		sameEverywhere(bridge.ReasonNameAfterAt, "It calls colleagues with an @."),
		sameEverywhere(bridge.ReasonFileOfOther, "A file in it came from another customer."),
		sameEverywhere(bridge.ReasonNamesOther, "It names an address or an order of another customer."),
		sameEverywhere(bridge.ReasonGreetsOther, "It begins with another customer's name."),
		sameEverywhere(bridge.ReasonAfterGreeting, "It comes right after a text that begins with another customer's name."),
		sameEverywhere(bridge.ReasonQuotesColleague, "It quotes something other than the customer's words, so it may be meant for colleagues."),
		sameEverywhere(bridge.ReasonFileAlone, "It is a file without a word."),
		sameEverywhere(bridge.ReasonAfterRemark, "It comes right after a colleague's remark, so it may be meant for them."),
		sameEverywhere(bridge.ReasonConfirm, "Plain text waits for a click in this account."),
		sameEverywhere(bridge.ReasonUnclaimed, "Nobody has this conversation, and a reply doesn't take it here."),
		sameEverywhere(bridge.ReasonExplicitMode, "This account sends only what is said with !reply or the Reply button."),
		sameEverywhere(bridge.ReasonMentionsUs, "It mentions me."),
		sameEverywhere(bridge.ReasonMentionsColleague, "It mentions a colleague."),
		sameEverywhere(bridge.ReasonReplyMentions, "It says reply and mentions a colleague: the customer would read the mention too."),
		sameEverywhere(bridge.ReasonAnswered, "It was answered."),
		sameEverywhere(bridge.ReasonUnanswered, "It was not answered after all."),
		sameEverywhere(bridge.ReasonPaused, "The account is paused."),
		{bridge.ReasonHandedIn, "You handed its form in twice, with other words.", "Its form was handed in twice, with other words."},
		{
			bridge.ReasonAnsweredMeanwhile, "A colleague answered while you had the form open.",
			"A colleague answered while its author had the form open.",
		},
		{
			bridge.ReasonForeignAgent, "By what this chat says, you may belong to another organisation.",
			"By what this chat says, its author may belong to another organisation.",
		},
		sameEverywhere(bridge.ReasonEditedElsewhere, "It was typed outside of this thread, and edited there."),
		sameEverywhere(bridge.ReasonOtherWords, "It was edited since the button was shown, and says this now."),
		{
			bridge.ReasonEditedCommand, "You changed it into a command, and a changed message does none. Type the command as a new message.",
			"Its author changed it into a command, and a changed message does none.",
		},
		sameEverywhere(bridge.ReasonFoundEdited, "It was edited while I heard nothing: before, it may have been for colleagues."),
		{bridge.ReasonEdited, "It was inside before you changed it.", "It was inside before its author changed it."},
		sameEverywhere(bridge.ReasonConfidential, "A rule of your organisation blocks it in the chat, so its words aren't shown here."),
		sameEverywhere(bridge.ReasonTemplateOutdated, "Its template was changed or deleted since."),
		sameEverywhere(bridge.ReasonOptedOut, "The customer wants no messages."),
		sameEverywhere(bridge.ReasonTrial, "The account is on trial, and somebody who would get it is not on its list."),
		sameEverywhere(bridge.ReasonTextTooLong, "The channel does not take it as it is."),
		sameEverywhere(bridge.ReasonFileTooLarge, "The channel does not take it as it is."),
		sameEverywhere(bridge.ReasonFilesTooLarge, "The channel does not take it as it is."),
		sameEverywhere(bridge.ReasonFileKind, "The channel does not take it as it is."),
		sameEverywhere(bridge.ReasonNoFiles, "The channel does not take it as it is."),
	}
}

// collectedWords explains why a text is not sent from a thread that collects the mails of many senders.
func collectedWords(f bridge.Facts) string {
	collects := "automatic mail"
	if f.Collects {
		collects = "mails of people who opened very many conversations"
	}
	return "This thread collects " + collects + ": nobody reads answers to it. Make a conversation of a mail first."
}

// endedWords explains why a text that was typed after the conversation's end stayed inside. The conversation may have been
// reopened since then.
func endedWords(f bridge.Facts) string {
	if f.Status.Open() {
		return "This conversation was not open then."
	}
	return "This conversation is " + strings.ToLower(shape.StatusWords(f)) + "."
}

// ownerWords says who has the conversation.
func ownerWords(f bridge.Facts) string {
	if len(f.Assignees) == 0 {
		return "Somebody else has this conversation."
	}
	return shape.Assignees(f.Assignees) + " " + shape.Plural(len(f.Assignees), "has", "have") + " this conversation."
}
