package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/store"
)

// What people say to colleagues mustn't leave by a button that was made for other words. A text that waits for a click
// may be edited into a note, or into a word to a colleague, while the button is still there.

// amongColleagues keeps inside what is said to colleagues.
type amongColleagues struct{ *UseCases }

// ofItsWords says, of a reason, that a text has its fate by what it says itself, whoever wrote it and wherever.
func ofItsWords(reason string) bool {
	switch reason {
	case "unknown_verb", "lone_verb", "for_colleagues", "names_colleague", "reply_mentions":
		return true
	}
	return plainlyInside(reason)
}

// plainlyInside says, of a reason, that a text is for colleagues beyond doubt, so that it has no button.
func plainlyInside(reason string) bool {
	return reason == noteReason || reason == "mentions_us" || reason == "mentions_colleague" || reason == "empty"
}

const noteReason = "note"

// keepEdited keeps a text inside that nobody has sent yet, and that was edited into one for colleagues. Where
// that isn't sure, its author is asked anew, with the new words. It says no to texts of which the words don't decide.
func (sp amongColleagues) keepEdited(r book.Request, m *book.Message, decision Decision, reason string) bool {
	if decision != Out && !ofItsWords(reason) {
		if words := sp.speechOf(r).reasonOfWords(); ofItsWords(words) {
			decision, reason = Ask, words // its buttons work again once the conversation may be answered
		}
	}
	switch {
	case decision == Out:
		return false
	case m.Fate == store.FateInside && decision == Ask && ofItsWords(reason) && book.MustTellAuthor(m.Reason) && !ofItsWords(m.Reason):
		sp.keepInside(r.Conversation, m, r.Action, decision, reason) // the line that told it has a button
	case m.Fate == store.FateInside:
		if decision == Inside && (plainlyInside(reason) || plainlyInside(m.Reason)) {
			m.Reason = reason
		}
		return true
	case !ofItsWords(reason):
		return false
	case m.Fate != store.FateAsk || m.Reason != reason || decision == Inside: // else that is asked already
		sp.keepInside(r.Conversation, m, r.Action, decision, reason)
	}
	return true
}

// askEdited asks the author of a text that stayed inside whether it is for the customer, since it was edited.
func (sp amongColleagues) askEdited(c *book.Conversation, m *book.Message) {
	m.Fate, m.Reason = store.FateAsk, editedReason
	sp.TellAuthor(c, m, &bridge.AskLine{Reason: editedReason}, bridge.VerbSend, bridge.VerbKeep)
}

// refuse refuses to send what is for colleagues. A note never leaves; for the others a button of former
// words doesn't count, while whoever chooses the message itself sees what it says.
func (sp amongColleagues) refuse(r book.Request, m *book.Message) bool {
	switch {
	case m.Fate != store.FateInside || !plainlyInside(m.Reason):
		return false
	case r.Args.Message != 0 && !r.Args.Sure:
		sp.RefuseDecided(r, m)
	case m.Reason == noteReason:
		sp.Refuse(r, "note", "It is a note: notes stay inside.", "Edit it so that it is no note, or type what the customer is to get.")
	default:
		return false
	}
	return true
}

// otherWords is the reason of a line that asks whoever clicked to look at a text again.
const otherWords = "other_words"

// refuseOther refuses to send other words than whoever clicked has seen: the author has edited the text since the button was
// shown. It shows what the text says now, with a button for that.
func (sp amongColleagues) refuseOther(r book.Request, m *book.Message) bool {
	switch {
	case r.Args.Shown == "" || r.Args.Shown == book.WordsMarkOf(&m.Message):
		return false
	case r.Surface == store.SystemAccount:
		sp.Refuse(r, otherWords, "It was edited since you opened the page.", "Read it again, and send it then.")
	case m.Fate == store.FateInside && plainlyInside(m.Reason):
		sp.RefuseDecided(r, m)
	case !sendable(m.Fate) || m.Reason == book.DeletedReason || m.AgentID == nil:
		return false // it isn't sent anyway
	case *m.AgentID != r.Agent.ID:
		sp.askSendAs(r, m)
	default:
		sp.Whisper(r.Conversation, r.Surface, r.Action, bridge.Line{Content: &bridge.AskLine{Reason: otherWords}, Text: m.Text,
			Files: files.UploadedNames(&m.Message), Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Conversation: r.Conversation.ID, Message: m.ID}})
		sp.Log.Refused(r, otherWords, "")
	}
	return true
}

// sendable reports whether a text of a fate may be sent by a click.
func sendable(fate store.Fate) bool {
	switch fate {
	case store.FateInside, store.FateAsk, store.FateParked, store.FateUndone, store.FateFailed:
		return true
	default:
		return false
	}
}

// forColleagues reports whether a text in a team's channel is plainly for colleagues.
func forColleagues(a bridge.Action) bool {
	return a.Verb == bridge.VerbNote || a.Marker == bridge.MarkNote || a.Marker == bridge.MarkColleagues || len(a.Mentions) > 0
}
