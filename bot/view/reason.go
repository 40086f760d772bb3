package view

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// reasonWords are the words of a reason why a message has its fate, or why what somebody asked for was refused.
type reasonWords struct {
	reason bridge.Reason
	inLine string // in the thread's line about what happened; "" if the rest of that line says it
	alone  string // where that line isn't shown, such as in the answer to !why, to anybody: the author is no "you"
}

// ReasonWords says in a sentence why a message has its fate, where nothing else tells it. It is "" if there is nothing to say.
func ReasonWords(reason bridge.Reason, f bridge.Facts) string {
	words, _ := wordsOf(reason, f)
	return words.alone
}

// whyInLine says why something happened, in a sentence of the line that tells it. It is "" if the line needs no such sentence.
func whyInLine(why bridge.Why, f bridge.Facts) string {
	if words, isKnown := wordsOf(why.Reason, f); isKnown {
		return words.inLine
	}
	return shape.AsSentence(why.String())
}

// wordsOf returns the words of a reason; false if it has none, such as one that only a later version of Parley knows.
func wordsOf(reason bridge.Reason, f bridge.Facts) (words reasonWords, isKnown bool) {
	computed := ""
	switch reason {
	case bridge.ReasonAutomatic:
		computed = collectedWords(f)
	case bridge.ReasonNotOpen:
		computed = endedWords(f)
	case bridge.ReasonNotAssignee:
		computed = ownerWords(f)
	default: // its words depend on nothing
	}
	if computed != "" {
		return reasonWords{reason, computed, computed}, true
	}

	for _, words := range slices.Concat(impliedReasons(), toldReasons()) {
		if words.reason == reason {
			return words, true
		}
	}
	return reasonWords{}, false
}

// sameEverywhere are the words of a reason that is told in the same way everywhere.
func sameEverywhere(reason bridge.Reason, words string) reasonWords {
	return reasonWords{reason, words, words}
}

// impliedReasons are those that need no words in a line, because the rest of the line says them.
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

// toldReasons are those that are told everywhere, most of them in the same words. Lines speak to the author, who is "you" there.
func toldReasons() []reasonWords {
	return []reasonWords{
		sameEverywhere(bridge.ReasonCustomer, "The customer wrote."),
		{bridge.ReasonNotAnAgent, "You are not one of Parley's agents.", "Its author is not one of Parley's agents."},
		{bridge.ReasonMayNotReply, "You may not reply in this conversation.", "Its author may not reply in this conversation."},
		sameEverywhere(bridge.ReasonMoved, "This conversation goes on in another thread."),
		sameEverywhere(bridge.ReasonWatch, "This account only watches: nothing is sent from here."),
		sameEverywhere(bridge.ReasonUnknownVerb, "It begins like a command, but I know no such command (!help lists them)."),
		sameEverywhere(bridge.ReasonLoneVerb, "It is nothing but a command's word. To do it, type it with a ! before it."),
		sameEverywhere(bridge.ReasonForColleagues, "It begins like a remark for colleagues, or one of its lines does."),
		sameEverywhere(bridge.ReasonNamesColleague, "It begins with a colleague's name, or has a name behind an @."),
		sameEverywhere(bridge.ReasonGreetsOther, "It begins with another customer's name, or comes right after a text that does."),
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

// collectedWords says why an answer in a thread that collects mails stays inside.
func collectedWords(f bridge.Facts) string {
	collects := "automatic mail"
	if f.Collects {
		collects = "mails of people who opened very many conversations"
	}
	return "This thread collects " + collects + ": nobody reads answers to it. Make a conversation of a mail first."
}

// endedWords says why a text stayed inside that was typed after the conversation's end. It may have been reopened since.
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
