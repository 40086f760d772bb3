package view

import (
	"parley/bridge"
)

// outcomeLine is a line that tells what became of its message. What people have of the message
// nowhere else stays above.
func outcomeLine(l bridge.Line, f bridge.Facts) []Block {
	said := outcome(l, f)
	switch l.Kind {
	case bridge.LineDone, bridge.LineAutomatic, bridge.LineCollected:
		return append(words(l, f), small(said...))
	case bridge.LineDecided:
		return []Block{line(said...)}
	case bridge.LineParticipant:
		return []Block{sentence(icon("bust_in_silhouette"), " ", newcomers(l)+" joined this mail."), small(said...)}
	}
	l.Text = oneLine(l.Text, maxPreviewRunes)
	return append([]Block{line(said...)}, kept(l)...)
}

// outcomeIcon marks an outcome; a reply's are the marks that a typed one gets.
func outcomeIcon(s bridge.OutcomeState) string {
	switch s {
	case bridge.OutcomeWaiting:
		return MarkIcon(bridge.MarkWaiting)
	case bridge.OutcomeSent:
		return MarkIcon(bridge.MarkSent)
	case bridge.OutcomeDelivered:
		return MarkIcon(bridge.MarkDelivered)
	case bridge.OutcomeRead:
		return MarkIcon(bridge.MarkRead)
	case bridge.OutcomeFailed:
		return MarkIcon(bridge.MarkWarning)
	case bridge.OutcomeInside:
		return MarkIcon(bridge.MarkInside)
	case bridge.OutcomeUnclear:
		return "grey_question"
	case bridge.OutcomeDropped:
		return "wastebasket"
	case bridge.OutcomeUndone:
		return "leftwards_arrow_with_hook"
	case bridge.OutcomeKept, bridge.OutcomeTemplate:
		return "hourglass"
	case bridge.OutcomeAsked:
		return "arrow_down"
	case bridge.OutcomePromoted, bridge.OutcomeSilenced, bridge.OutcomeAllowed:
	}
	return "ok"
}

// outcome says what became of a message, when, and by whom: "Sent today 09:14 by Ben."
func outcome(l bridge.Line, f bridge.Facts) []Piece {
	o, who := *l.Outcome, customer(l, f)
	what, after := outcomeWords(o.State, who)
	if l.Kind == bridge.LineDecided {
		what, after = decidedWords(o.State), ""
	}
	pieces := []Piece{icon(outcomeIcon(o.State)), text(" " + what)}
	if o.State == bridge.OutcomePromoted && l.Other.ID != 0 {
		pieces = append(append(pieces, text(" ")), whereabouts(number(l.Other.ID), l.Other)...)
	}
	if !o.At.IsZero() && o.State != bridge.OutcomeWaiting && o.State != bridge.OutcomeAsked {
		pieces = append(pieces, text(" "), at(o.At, f.Zone))
	}
	if !nobody(o.By) && o.State != bridge.OutcomeAsked && (l.Kind == bridge.LineDecided || !sameAgent(o.By, l.By)) {
		pieces = append(pieces, text(" by "+agentName(o.By)))
	}
	return append(pieces, text("."+after))
}

// outcomeWords are the words of an outcome, and what follows it in a sentence of its own.
func outcomeWords(s bridge.OutcomeState, who string) (what, after string) {
	switch s {
	case bridge.OutcomeWaiting:
		return "Waiting to be sent", " It can still be taken back."
	case bridge.OutcomeSent:
		return "Sent", ""
	case bridge.OutcomeDelivered:
		return "Sent", " Delivered."
	case bridge.OutcomeRead:
		return "Sent", " Read."
	case bridge.OutcomeFailed:
		return "Not delivered", " " + who + " did not get this."
	case bridge.OutcomeUnclear:
		return "Nobody can tell whether this was sent", ""
	case bridge.OutcomeInside:
		return "Kept inside", " " + who + " did not get this."
	case bridge.OutcomeDropped:
		return "Dropped", " " + who + " did not get this."
	case bridge.OutcomeUndone:
		return "Taken back", " " + who + " did not get this."
	case bridge.OutcomeKept:
		return "Kept for later", " I offer it again when " + who + " writes."
	case bridge.OutcomeTemplate:
		return "A template was sent", " I offer this again when " + who + " writes."
	case bridge.OutcomeAsked:
		return "Not sent: it is asked further down", ""
	case bridge.OutcomePromoted:
		return "This is conversation", ""
	case bridge.OutcomeSilenced:
		return "No more posts about this sender", ""
	case bridge.OutcomeAllowed:
		return "Allowed", " Replies go there, too."
	}
	return "Settled", ""
}

// decidedWords answer who presses a button for what was decided before.
func decidedWords(s bridge.OutcomeState) string {
	switch s {
	case bridge.OutcomeWaiting:
		return "Already waiting to be sent"
	case bridge.OutcomeSent, bridge.OutcomeDelivered, bridge.OutcomeRead:
		return "Already sent"
	case bridge.OutcomeFailed:
		return "Already sent, and not delivered"
	case bridge.OutcomeUnclear:
		return "Already sent, but nobody can tell whether it arrived"
	case bridge.OutcomeInside:
		return "Already kept inside"
	case bridge.OutcomeDropped:
		return "Already dropped"
	case bridge.OutcomeUndone:
		return "Already taken back"
	case bridge.OutcomeKept:
		return "Already kept for later"
	case bridge.OutcomeTemplate:
		return "A template was sent already"
	case bridge.OutcomeAsked:
		return "It is asked further down in the thread"
	case bridge.OutcomePromoted:
		return "This is already conversation"
	case bridge.OutcomeSilenced:
		return "Already silenced"
	case bridge.OutcomeAllowed:
		return "Already allowed"
	}
	return "Already settled"
}
