package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// outcomeLine is a line that tells what became of its message. Where people can read the message
// nowhere else, its words stay above.
func outcomeLine(l bridge.Line, f bridge.Facts) []Block {
	said := outcome(l, f)
	switch l.Kind() {
	case bridge.LineDone, bridge.LineAutomatic, bridge.LineCollected:
		return append(words(l, f), shape.SmallPrint(said...))
	case bridge.LineDecided:
		return []Block{shape.Line(said...)}
	case bridge.LineParticipant:
		return []Block{shape.Sentence(shape.Icon("bust_in_silhouette"), " ", newcomers(l)+" joined this mail."), shape.SmallPrint(said...)}
	default:
		l.Text = shape.OneLine(l.Text, shape.MaxPreviewRunes)
		return append([]Block{shape.Line(said...)}, shape.Kept(l)...)
	}
}

// outcome says what became of a message, when, and by whom: "Sent today 09:14 by Ben."
func outcome(l bridge.Line, f bridge.Facts) []Piece {
	o := *l.Outcome
	t := wordsOf(o.State, shape.Customer(l, f))
	if l.Kind() == bridge.LineDecided {
		t.what, t.after = t.already, ""
	}
	pieces := []Piece{shape.Icon(t.icon), shape.Text(" " + t.what)}
	if (o.State == bridge.OutcomePromoted || o.State == bridge.OutcomeChosen) && l.Other.ID != 0 {
		pieces = append(append(pieces, shape.Text(" ")), shape.Whereabouts(shape.Number(l.Other.ID), l.Other)...)
	}
	if !o.At.IsZero() && o.State != bridge.OutcomeWaiting && o.State != bridge.OutcomeAsked {
		pieces = append(pieces, shape.Text(" "), shape.At(o.At, f.Zone))
	}
	if !shape.Nobody(o.By) && o.State != bridge.OutcomeAsked && (l.Kind() == bridge.LineDecided || !sameAgent(o.By, l.By)) {
		pieces = append(pieces, shape.Text(" by "+shape.AgentName(o.By)))
	}
	if t.after != "" {
		t.after = " " + t.after
	}
	return append(pieces, shape.Text("."+t.after))
}

// outcomeWords are how an outcome is told.
type outcomeWords struct {
	icon    string // for replies: the same as the mark on a typed reply
	what    string // is followed by when it happened and who did it
	after   string // a sentence of its own
	already string // replaces "what" for somebody who presses a button after the matter was decided
}

// wordsOf gives the words of an outcome; who is the customer.
func wordsOf(s bridge.OutcomeState, who string) outcomeWords {
	unheard, later := who+" did not get this.", "when "+who+" writes."
	switch s {
	case bridge.OutcomeWaiting:
		return outcomeWords{MarkIcon(bridge.MarkWaiting), "Waiting to be sent", "It can still be taken back.", "Already waiting to be sent"}
	case bridge.OutcomeSent:
		return outcomeWords{MarkIcon(bridge.MarkSent), "Sent", "", "Already sent"}
	case bridge.OutcomeDelivered:
		return outcomeWords{MarkIcon(bridge.MarkDelivered), "Sent", "Delivered.", "Already sent"}
	case bridge.OutcomeRead:
		return outcomeWords{MarkIcon(bridge.MarkRead), "Sent", "Read.", "Already sent"}
	case bridge.OutcomeFailed:
		return outcomeWords{MarkIcon(bridge.MarkWarning), "Not delivered", unheard, "Already sent, and not delivered"}
	case bridge.OutcomeUnclear:
		return outcomeWords{"grey_question", "Nobody can tell whether this was sent", "", "Already sent, but nobody can tell whether it arrived"}
	case bridge.OutcomeInside:
		return outcomeWords{MarkIcon(bridge.MarkInside), "Kept inside", unheard, "Already kept inside"}
	case bridge.OutcomeDropped:
		return outcomeWords{"wastebasket", "Dropped", unheard, "Already dropped"}
	case bridge.OutcomeUndone:
		return outcomeWords{"leftwards_arrow_with_hook", "Taken back", unheard, "Already taken back"}
	case bridge.OutcomeKept:
		return outcomeWords{"hourglass", "Kept for later", "I offer it again " + later, "Already kept for later"}
	case bridge.OutcomeTemplate:
		return outcomeWords{"hourglass", "A template was sent", "I offer this again " + later, "A template was sent already"}
	case bridge.OutcomeAsked:
		return outcomeWords{"arrow_down", "Not sent: it is asked further down", "", "It is asked further down in the thread"}
	case bridge.OutcomePromoted:
		return outcomeWords{"ok", "This is conversation", "", "This is already conversation"}
	case bridge.OutcomeChosen:
		return outcomeWords{"outbox_tray", "This is for " + who + ", in", "What becomes of it is shown there.", "A customer was chosen already"}
	case bridge.OutcomeSilenced:
		return outcomeWords{"ok", "No more posts about this sender", "", "Already silenced"}
	case bridge.OutcomeAllowed:
		return outcomeWords{"ok", "Allowed", "Replies go there, too.", "Already allowed"}
	case bridge.OutcomeBlocked:
		return outcomeWords{"no_entry", "This sender's automatic mail is blocked", "Later ones are neither shown nor kept here; what a person writes from there still comes.", "Already blocked"}
	case bridge.OutcomeUnblocked:
		return outcomeWords{"ok", "This sender is no longer blocked", "", "No longer blocked"}
	}
	return outcomeWords{"ok", "Settled", "", "Already settled"}
}
