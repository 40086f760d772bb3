package engine

import (
	"parley/bridge"
	"parley/store"
)

// Agents use the thread of a conversation both to answer the customer and to talk to each other. Speak decides
// for each text whether it leaves (Out), stays among colleagues (Inside), or needs a question to its author
// (Ask), and gives a reason. A text that didn't leave has a button that sends it after all.
//
// Between the button and the click, the author may edit the text: "It left today" becomes "@Ben, did it leave today?".
// The button of the old text is still shown. This file makes sure that it doesn't send the new text to the customer.

// wordingOf returns whether a reason comes from the wording of a text, and whether the text is then surely or
// perhaps for colleagues.
func wordingOf(reason bridge.Reason) bridge.Wording { return bridge.ConsequencesOf(reason).Wording }

// keepEdited stops an unsent text from reaching the customer if an edit has made it one that is or may be for
// colleagues. decision and reason are what Speak says about the edited text. It reports whether it has handled the edit:
//
//	before the edit    after it                               what happens
//	any                for the customer (decision is Out)     false, nothing is done
//	inside             anything else                          true, see changeReason
//	asked about        doubtful for the same reason           true, the question stays open
//	any other          surely for colleagues                  true, it is kept inside
//	any other          doubtful                               true, the author is asked again
//	any other          nothing in its words                   false, nothing is done
func (w *work) keepEdited(r Request, m *Message, decision Decision, reason bridge.Reason) (handled bool) {
	if decision == Out {
		return false
	}

	// Speak may have stopped at another reason before it looked at the words, for example because the conversation
	// is closed. The words still count, because the buttons work again once the conversation is reopened.
	if wordingOf(reason) == bridge.NothingInWords {
		if reasonOfWords := w.speechOf(r).reasonOfWords(); wordingOf(reasonOfWords) != bridge.NothingInWords {
			decision, reason = SpeechAsk, reasonOfWords
		}
	}

	if m.Fate == store.FateInside {
		w.changeReason(r, m, decision, reason)
		return true
	}
	if wordingOf(reason) == bridge.NothingInWords {
		return false
	}

	isSameQuestion := decision == SpeechAsk && m.Fate == store.FateAsk && m.Reason == reason
	if !isSameQuestion {
		w.keepInside(r.Conversation, m, r.Action, decision, reason)
	}
	return true
}

// changeReason applies an edit to a text that was kept inside before the edit. decision is Ask or Inside.
func (w *work) changeReason(r Request, m *Message, decision Decision, reason bridge.Reason) {
	if decision != SpeechAsk {
		isOrWasSure := wordingOf(reason) == bridge.SurelyForColleagues || wordingOf(m.Reason) == bridge.SurelyForColleagues
		if isOrWasSure {
			m.Reason = reason
		}
		return
	}

	// A command was typed for Parley. If an edit turns it into an ordinary text, its author may expect that it leaves.
	isStillCommand := reason == bridge.ReasonUnknownVerb // perhaps a command for another program
	if m.Reason == bridge.ReasonCommand && !isStillCommand {
		w.askEdited(r.Conversation, m)
		return
	}

	// An earlier line in the thread has a button that would send the new words, too.
	lineHasButton := bridge.ConsequencesOf(m.Reason).MustTellAuthor && wordingOf(m.Reason) == bridge.NothingInWords
	if lineHasButton && wordingOf(reason) != bridge.NothingInWords {
		w.keepInside(r.Conversation, m, r.Action, decision, reason)
	}
}

// askEdited asks the author of an edited text whether it is for the customer now.
func (w *work) askEdited(c *Conversation, m *Message) {
	m.Fate, m.Reason = store.FateAsk, bridge.ReasonEdited
	w.TellAuthor(c, m, &bridge.AskLine{Why: bridge.Because(bridge.ReasonEdited)}, bridge.VerbSend, bridge.VerbKeep)
}

// refuseColleagueText refuses to send a text that is surely for colleagues, and reports whether it did. It
// always refuses a note. It refuses other texts only if a button sends them, because the button was made for an
// earlier wording. A person who chooses the message itself, or confirms a form that shows it (Args.Sure), has seen
// the current wording.
func (w *work) refuseColleagueText(r Request, m *Message) (refused bool) {
	if m.Fate != store.FateInside || wordingOf(m.Reason) != bridge.SurelyForColleagues {
		return false
	}

	isByButton := r.Args.Message != 0 && !r.Args.Sure
	switch {
	case isByButton:
		w.RefuseDecided(r, m)
		return true
	case m.Reason == bridge.ReasonNote:
		w.Refuse(r, bridge.ReasonNote, "It is a note: notes stay inside.",
			"Edit it so that it isn't a note, or type what the customer is to get.")
		return true
	default:
		return false
	}
}

// refuseOtherWords refuses to send a text that was edited after the button was shown, because the person who clicked
// has read an earlier wording. It shows the current one with a new button, and reports whether it has refused.
func (w *work) refuseOtherWords(r Request, m *Message) (refused bool) {
	isAsShown := r.Args.Shown == "" || r.Args.Shown == WordsMarkOf(&m.Message)
	if isAsShown {
		return false
	}
	if r.Surface == store.SystemAccount { // a page of Parley's own
		w.Refuse(r, bridge.ReasonOtherWords, "It was edited since you opened the page.", "Read it again, and send it then.")
		return true
	}
	if m.Fate == store.FateInside && wordingOf(m.Reason) == bridge.SurelyForColleagues {
		w.RefuseDecided(r, m)
		return true
	}

	isChecked := r.Verb == bridge.VerbSendAgain // the caller has checked that it can be sent
	isKept := isSendable(m.Fate) && m.Reason != bridge.ReasonDeleted
	canBeSent := isChecked || isKept
	if !canBeSent || m.AgentID == nil {
		return false // the caller refuses it anyway, with a better reason
	}
	if *m.AgentID != r.Agent.ID {
		w.askSendAs(r, m)
		return true
	}

	w.Whisper(r, bridge.Line{
		Content: &bridge.AskLine{Why: bridge.Because(bridge.ReasonOtherWords)},
		Text:    m.Text,
		Files:   UploadedNames(&m.Message),
		Verbs:   []bridge.Verb{r.Verb},
		Args:    bridge.Args{Conversation: r.Conversation.ID, Message: m.ID, Delivery: r.Args.Delivery},
	})
	w.Log.RecordRefusal(r, bridge.ReasonOtherWords, "")
	return true
}

// isSendable reports whether a click may send a text with this fate.
func isSendable(fate store.Fate) bool {
	switch fate {
	case store.FateInside, store.FateAsk, store.FateParked, store.FateUndone, store.FateFailed:
		return true
	default:
		return false
	}
}

// isForColleagues reports whether a text in a team's channel is marked as a note or mentions a colleague.
func isForColleagues(a bridge.Action) bool {
	if a.Marker == bridge.MarkNote || a.Marker.IsForColleagues() && !a.Explicit {
		return true
	}
	return a.Verb == bridge.VerbNote || len(a.Mentions) > 0
}
