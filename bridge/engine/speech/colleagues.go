package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/store"
)

// Agents type in the thread of a conversation both what its customer is to get and what is for colleagues. Speak
// decides which it is, and gives a reason. A text that stays inside, or about which its author is asked, has a button
// that sends it.
//
// This file is about what happens between the button and the click: somebody may edit the text into a note, or into
// words to a colleague, while the button of the former words still stands there. Such words must not reach the
// customer.

// colleagueTexts has the methods of this file.
type colleagueTexts struct{ *UseCases }

// wordingOf returns what a reason of Speak says about the words of the text.
func wordingOf(reason bridge.Reason) bridge.Wording { return bridge.ConsequencesOf(reason).Wording }

// keepEdited keeps a text from the customer that nobody has sent yet, if an edit has made it one that is or may be
// for colleagues. decision and reason are what Speak says about the edited text. It reports whether it has dealt with
// the edit:
//
//	before the edit    after it                               what happens
//	any                for the customer (decision is Out)     false, nothing is done
//	inside             anything else                          true, see changeReason
//	asked about        doubtful for the same reason           true, the author is still asked
//	any other          surely for colleagues                  true, it is kept inside
//	any other          doubtful                               true, the author is asked anew
//	any other          nothing in its words                   false, nothing is done
func (ct colleagueTexts) keepEdited(r book.Request, m *book.Message, decision Decision, reason bridge.Reason) (handled bool) {
	if decision == Out {
		return false
	}

	// Speak may have stopped at another reason before it came to the words: nobody may reply now. But the words count
	// all the same, because the buttons work again once somebody may.
	if wordingOf(reason) == bridge.NothingInWords {
		if reasonOfWords := ct.speechOf(r).reasonOfWords(); wordingOf(reasonOfWords) != bridge.NothingInWords {
			decision, reason = Ask, reasonOfWords
		}
	}

	if m.Fate == store.FateInside {
		ct.changeReason(r, m, decision, reason)
		return true
	}
	if wordingOf(reason) == bridge.NothingInWords {
		return false
	}

	isSameQuestion := decision == Ask && m.Fate == store.FateAsk && m.Reason == reason
	if !isSameQuestion {
		ct.keepInside(r.Conversation, m, r.Action, decision, reason)
	}
	return true
}

// changeReason applies an edit to a text that was inside before, and stays there. decision is Ask or Inside.
func (ct colleagueTexts) changeReason(r book.Request, m *book.Message, decision Decision, reason bridge.Reason) {
	if decision != Ask {
		isOrWasSure := wordingOf(reason) == bridge.SurelyForColleagues || wordingOf(m.Reason) == bridge.SurelyForColleagues
		if isOrWasSure {
			m.Reason = reason
		}
		return
	}

	// A command was typed for Parley. Its author doesn't expect that the words that take its place stay inside.
	isStillCommand := reason == bridge.ReasonUnknownVerb // perhaps a command for somebody else
	if m.Reason == bridge.ReasonCommand && !isStillCommand {
		ct.askEdited(r.Conversation, m)
		return
	}

	// A line in the thread has a button that sends the text, and the new words may be for colleagues.
	lineHasButton := bridge.ConsequencesOf(m.Reason).MustTellAuthor && wordingOf(m.Reason) == bridge.NothingInWords
	if lineHasButton && wordingOf(reason) != bridge.NothingInWords {
		ct.keepInside(r.Conversation, m, r.Action, decision, reason)
	}
}

// askEdited asks the author of a text that stayed inside whether it is for the customer now, because it was edited.
func (ct colleagueTexts) askEdited(c *book.Conversation, m *book.Message) {
	m.Fate, m.Reason = store.FateAsk, bridge.ReasonEdited
	ct.TellAuthor(c, m, &bridge.AskLine{Why: bridge.Because(bridge.ReasonEdited)}, bridge.VerbSend, bridge.VerbKeep)
}

// refuseColleagueText refuses to send a text that is surely for colleagues, and reports whether it did. It always
// refuses a note. It refuses other texts only if they are sent by a button, which was made for former words. Whoever
// chooses the message itself, or confirms in a form that it is another person's (Args.Sure), sees what it says.
func (ct colleagueTexts) refuseColleagueText(r book.Request, m *book.Message) (refused bool) {
	if m.Fate != store.FateInside || wordingOf(m.Reason) != bridge.SurelyForColleagues {
		return false
	}

	isByButton := r.Args.Message != 0 && !r.Args.Sure
	switch {
	case isByButton:
		ct.RefuseDecided(r, m)
		return true
	case m.Reason == bridge.ReasonNote:
		ct.Refuse(r, bridge.ReasonNote, "It is a note: notes stay inside.",
			"Edit it so that it isn't a note, or type what the customer is to get.")
		return true
	default:
		return false
	}
}

// refuseOtherWords refuses to send a text that was edited since the button was shown, because whoever clicked has
// seen other words. It shows what the text says now, with a button for that. It reports whether it has refused.
func (ct colleagueTexts) refuseOtherWords(r book.Request, m *book.Message) (refused bool) {
	isAsShown := r.Args.Shown == "" || r.Args.Shown == book.WordsMarkOf(&m.Message)
	if isAsShown {
		return false
	}
	if r.Surface == store.SystemAccount { // a page of Parley's own
		ct.Refuse(r, bridge.ReasonOtherWords, "It was edited since you opened the page.", "Read it again, and send it then.")
		return true
	}
	if m.Fate == store.FateInside && wordingOf(m.Reason) == bridge.SurelyForColleagues {
		ct.RefuseDecided(r, m)
		return true
	}

	isAgain := r.Verb == bridge.VerbSendAgain // the caller has checked the part that it sends
	canBeSent := isAgain || isSendable(m.Fate) && m.Reason != bridge.ReasonDeleted
	if !canBeSent || m.AgentID == nil {
		return false // it isn't sent anyway, and the caller says why
	}
	if *m.AgentID != r.Agent.ID {
		ct.askSendAs(r, m)
		return true
	}

	ct.Whisper(r, bridge.Line{
		Content: &bridge.AskLine{Why: bridge.Because(bridge.ReasonOtherWords)},
		Text:    m.Text,
		Files:   files.UploadedNames(&m.Message),
		Verbs:   []bridge.Verb{r.Verb},
		Args:    bridge.Args{Conversation: r.Conversation.ID, Message: m.ID, Delivery: r.Args.Delivery},
	})
	ct.Log.RecordRefusal(r, bridge.ReasonOtherWords, "")
	return true
}

// isSendable reports whether a click may send a text of which this has become.
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
