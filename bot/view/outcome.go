package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// outcomeLine lays out a line that says what became of its message. If people can read the message
// nowhere else, its words stay above.
func outcomeLine(l bridge.Line, f bridge.Facts) []Block {
	said := outcomePieces(l, f)
	switch l.Kind() {
	case bridge.LineDone, bridge.LineAutomatic, bridge.LineCollected:
		return append(lineBlocks(l, f), shape.SmallPrint(said...))
	case bridge.LineDecided:
		return []Block{shape.Line(said...)}
	case bridge.LineParticipant:
		return []Block{shape.Sentence(shape.Icon("bust_in_silhouette"), " ", newcomerNames(l)+" joined this mail."), shape.SmallPrint(said...)}
	default:
		l.Text = shape.OneLine(l.Text, shape.MaxPreviewRunes)
		return append([]Block{shape.Line(said...)}, shape.Kept(l)...)
	}
}

// outcomePieces says what became of a message, when, and by whom: "Sent today 09:14 by Ben."
func outcomePieces(l bridge.Line, f bridge.Facts) []Piece {
	o := *l.Outcome
	isAsked := o.State == bridge.OutcomeAsked
	isTooLate := l.Kind() == bridge.LineDecided // the line answers somebody who pressed a button afterwards
	words := outcomeWordsOf(o.State, shape.Customer(l, f))
	if isTooLate {
		words.what = words.already
		words.after = ""
	}
	pieces := []Piece{shape.Icon(words.icon), shape.Text(" " + words.what)}
	leadsElsewhere := o.State == bridge.OutcomePromoted || o.State == bridge.OutcomeChosen
	if leadsElsewhere && l.Other.ID != 0 {
		pieces = append(append(pieces, shape.Text(" ")), shape.Whereabouts(shape.Number(l.Other.ID), l.Other)...)
	}
	if !o.At.IsZero() && !isAsked && o.State != bridge.OutcomeWaiting {
		pieces = append(pieces, shape.Text(" "), shape.At(o.At, f.Zone))
	}
	isByOther := isTooLate || !isSameAgent(o.By, l.By)
	if !shape.Nobody(o.By) && !isAsked && isByOther {
		pieces = append(pieces, shape.Text(" by "+shape.AgentName(o.By)))
	}
	if words.after != "" {
		words.after = " " + words.after
	}
	return append(pieces, shape.Text("."+words.after))
}

// outcomeWords are the words for an outcome.
type outcomeWords struct {
	icon    string // of a reply: that of the mark on a typed reply
	what    string // when it happened and who did it follows
	after   string // a sentence of its own, or ""
	already string // stands in place of what, for somebody who presses a button after the matter was decided
}

// outcomeWordsOf returns the words for an outcome. customer is the customer's name.
func outcomeWordsOf(s bridge.OutcomeState, customer string) outcomeWords {
	unheard, later := customer+" did not get this.", "when "+customer+" writes."
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
		return outcomeWords{"outbox_tray", "This is for " + customer + ", in", "What becomes of it is shown there.", "A customer was chosen already"}
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
