package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/store"
)

// What people say to colleagues mustn't leave by a button that was made for other words. A text that waits for a click may be
// edited into a note, or into words to a colleague, while its button is still there.

// amongColleagues keeps inside what is said to colleagues.
type amongColleagues struct{ *UseCases }

// isFromWords reports whether a reason (a code of Speak) comes from what the text itself says, whoever wrote it and
// wherever.
func isFromWords(reason string) bool {
	switch reason {
	case "unknown_verb", "lone_verb", "for_colleagues", "names_colleague", "quotes_colleague", "reply_mentions":
		return true
	}
	return isPlainlyInside(reason)
}

// isPlainlyInside reports whether a reason means that a text is for colleagues beyond doubt, so that it has no button.
func isPlainlyInside(reason string) bool {
	switch reason {
	case noteReason, "mentions_us", "mentions_colleague", "empty":
		return true
	}
	return false
}

const noteReason = "note"

// foreignAgentReason is why a text of an agent stays inside whom the chat takes for somebody of another organisation.
const foreignAgentReason = "foreign_agent"

// machineReason is why a text of another app, of a workflow or of our own app stays inside.
const machineReason = "not_a_person"

// keepEdited keeps a text inside that nobody has sent yet, if an edit made it one for colleagues. If the words only may be for
// colleagues, the author is asked anew. decision and reason are what Speak says of the edited text. It returns false, and changes
// nothing, if the words are for the customer, or if what Speak says doesn't come from the words.
func (sp amongColleagues) keepEdited(r book.Request, m *book.Message, decision Decision, reason string) bool {
	if decision == Out {
		return false
	}

	// Where nobody may reply now, the words count all the same: the buttons work again once the conversation may be answered.
	if !isFromWords(reason) {
		if words := sp.speechOf(r).reasonOfWords(); isFromWords(words) {
			decision, reason = Ask, words
		}
	}

	if m.Fate == store.FateInside {
		sp.changeReason(r, m, decision, reason)
		return true
	}
	if !isFromWords(reason) {
		return false
	}

	isSameQuestion := m.Fate == store.FateAsk && m.Reason == reason
	if !isSameQuestion || decision == Inside {
		sp.keepInside(r.Conversation, m, r.Action, decision, reason)
	}

	return true
}

// changeReason applies an edit of a text that is inside already, and stays there: decision is Inside or Ask. In two cases the author
// is asked anew, if decision is Ask:
//   - The text was a command, so that its author doesn't expect that it stays inside.
//   - A line has a button that sends the text, and the new words may be for colleagues.
func (sp amongColleagues) changeReason(r book.Request, m *book.Message, decision Decision, reason string) {
	if decision == Ask {
		lineHasButton := book.MustTellAuthor(m.Reason) && !isFromWords(m.Reason)
		isStillCommand := reason == "unknown_verb" // its words may be for somebody else, as those of !new
		wasCommand := m.Reason == CommandReason && !isStillCommand
		switch {
		case wasCommand:
			sp.askEdited(r.Conversation, m)
		case lineHasButton && isFromWords(reason):
			sp.keepInside(r.Conversation, m, r.Action, decision, reason)
		}
		return
	}
	if isPlainlyInside(reason) || isPlainlyInside(m.Reason) {
		m.Reason = reason
	}
}

// askEdited asks the author of a text that stayed inside whether it is for the customer now, because it was edited.
func (sp amongColleagues) askEdited(c *book.Conversation, m *book.Message) {
	m.Fate, m.Reason = store.FateAsk, editedReason
	sp.TellAuthor(c, m, &bridge.AskLine{Reason: editedReason}, bridge.VerbSend, bridge.VerbKeep)
}

// refuseColleagueText refuses to send what is for colleagues, and reports whether it did. A note never leaves. For other
// texts, a button that was made for former words doesn't count, while whoever chooses the message itself sees what it says.
func (sp amongColleagues) refuseColleagueText(r book.Request, m *book.Message) bool {
	if m.Fate != store.FateInside || !isPlainlyInside(m.Reason) {
		return false
	}
	if r.Args.Message != 0 && !r.Args.Sure {
		sp.RefuseDecided(r, m)
		return true
	}
	if m.Reason == noteReason {
		sp.Refuse(r, "note", "It is a note: notes stay inside.", "Edit it so that it is no note, or type what the customer is to get.")
		return true
	}
	return false
}

// otherWords is the reason of a line that asks whoever clicked to look at a text again.
const otherWords = "other_words"

// refuseOtherWords refuses to send a text that was edited since the button was shown, because whoever clicked has seen
// other words. It shows what the text says now, with a button for that, and reports whether it refused.
func (sp amongColleagues) refuseOtherWords(r book.Request, m *book.Message) bool {
	if r.Args.Shown == "" || r.Args.Shown == book.WordsMarkOf(&m.Message) {
		return false
	}
	if r.Surface == store.SystemAccount {
		sp.Refuse(r, otherWords, "It was edited since you opened the page.", "Read it again, and send it then.")
		return true
	}
	if m.Fate == store.FateInside && isPlainlyInside(m.Reason) {
		sp.RefuseDecided(r, m)
		return true
	}

	isAgain := r.Verb == bridge.VerbSendAgain // the caller has checked the part that it sends
	canBeSent := isAgain || isSendable(m.Fate) && m.Reason != book.DeletedReason
	if !canBeSent || m.AgentID == nil {
		return false // it isn't sent anyway, and the caller says why
	}
	if *m.AgentID != r.Agent.ID {
		sp.askSendAs(r, m)
		return true
	}

	sp.Whisper(r.Conversation, r.Surface, r.Action, bridge.Line{
		Content: &bridge.AskLine{Reason: otherWords},
		Text:    m.Text,
		Files:   files.UploadedNames(&m.Message),
		Verbs:   []bridge.Verb{r.Verb},
		Args:    bridge.Args{Conversation: r.Conversation.ID, Message: m.ID, Delivery: r.Args.Delivery},
	})
	sp.Log.Refused(r, otherWords, "")
	return true
}

// isSendable reports whether a text of a fate may be sent by a click.
func isSendable(fate store.Fate) bool {
	switch fate {
	case store.FateInside, store.FateAsk, store.FateParked, store.FateUndone, store.FateFailed:
		return true
	default:
		return false
	}
}

// isForColleagues reports whether a text in a team's channel is plainly for colleagues.
func isForColleagues(a bridge.Action) bool {
	if a.Marker == bridge.MarkNote || a.Marker == bridge.MarkColleagues {
		return true
	}
	return a.Verb == bridge.VerbNote || len(a.Mentions) > 0
}
