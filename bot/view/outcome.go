package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// A line is a remark of Parley's own in a conversation's thread. Some lines ask about a message: "Send it, or keep it
// inside?" Once somebody has decided, the line is edited and shows the outcome: "Sent today 09:14 by Ben." This file
// renders outcomes.

// outcomeLine renders a line whose question is settled. If the thread shows the message nowhere else, the line keeps its
// text and adds the outcome below. Otherwise the outcome comes first, followed by the beginning of the message.
func outcomeLine(l bridge.Line, f bridge.Facts) []Block {
	pieces := outcomePieces(l, f)
	failed, isFailed := l.Content.(*bridge.FailedLine)
	if isFailed && failed.Recipient != "" { // the failure for one of several recipients stays true
		return append(lineBlocks(l, f), shape.SmallPrint(pieces...))
	}

	switch l.Kind() {
	case bridge.LineDone, bridge.LineAutoReplied, bridge.LineAutomatic, bridge.LineCollected:
		return append(lineBlocks(l, f), shape.SmallPrint(pieces...))
	case bridge.LineDecided:
		return []Block{shape.Line(pieces...)}
	case bridge.LineParticipant:
		joined := shape.Sentence(shape.Icon("bust_in_silhouette"), " ", newcomerNames(l)+" joined this mail.")
		return []Block{joined, shape.SmallPrint(pieces...)}
	default:
		l.Text = shape.OneLine(l.Text, shape.MaxPreviewRunes)
		blocks := append([]Block{shape.Line(pieces...)}, shape.MessageBlocks(l)...)
		if late, ok := l.Content.(*bridge.EditLateLine); ok && late.Earlier != "" {
			blocks = append(blocks, correctedText(late, shape.Customer(l, f))...)
		}
		return blocks
	}
}

// correctedText quotes the earlier text of a corrected message, which the customer got before the correction or, if the
// correction was not sent, instead of it.
func correctedText(late *bridge.EditLateLine, customer string) []Block {
	has := customer + " has the earlier text:"
	if late.Unclear {
		has = "Perhaps " + has
	}
	return append([]Block{shape.SmallPrint(shape.Text(has))}, shape.Quote(shape.OneLine(late.Earlier, shape.MaxPreviewRunes))...)
}

// outcomePieces renders an outcome with its time and author: "Sent today 09:14 by Ben." It leaves out the author if the
// line already names that agent.
func outcomePieces(l bridge.Line, f bridge.Facts) []Piece {
	o := *l.Outcome
	words := outcomeWordsOf(o.State, shape.Customer(l, f))
	what, after := words.what, words.after
	isTooLate := l.Kind() == bridge.LineDecided // the line answers an agent who pressed a button after the decision
	if isTooLate {
		what, after = words.already, ""
	}

	pieces := []Piece{shape.Icon(words.icon), shape.Text(" " + what)}
	if words.namesOther && l.Other.ID != 0 {
		pieces = append(append(pieces, shape.Text(" ")), shape.ThreadLink(shape.Number(l.Other.ID), l.Other)...)
	}
	if !words.hidesTime && !o.At.IsZero() {
		pieces = append(pieces, shape.Text(" "), shape.At(o.At, f.Zone))
	}

	hasAuthor := !words.hidesAuthor && !shape.IsNobody(o.By)
	isByOther := isTooLate || !isSameAgent(o.By, l.By)
	if hasAuthor && isByOther {
		pieces = append(pieces, shape.Text(" by "+shape.AgentName(o.By)))
	}
	if after != "" {
		after = " " + after
	}

	return append(pieces, shape.Text("."+after))
}

// outcomeWords says how to render an outcome. The fields are in the order in which they appear.
type outcomeWords struct {
	icon        string // for a reply, the emoji that Parley would put on a typed reply with this outcome
	what        string
	already     string // replaces what for an agent who pressed a button too late
	namesOther  bool   // name the conversation Line.Other
	hidesTime   bool   // leave out the time, because it is in the future or shown elsewhere
	hidesAuthor bool   // leave out "by Ben"
	after       string // a further sentence, not shown to an agent who was too late; may be ""
}

// outcomeWordsOf returns the words for an outcome. An outcome of a newer version of Parley is "Settled".
func outcomeWordsOf(s bridge.OutcomeState, customer string) outcomeWords {
	unheard := customer + " did not get this."
	offeredLater := customer + " does not have this yet. I offer it again when " + customer + " writes."
	switch s {
	case bridge.OutcomeWaiting:
		return outcomeWords{icon: MarkIcon(bridge.MarkWaiting), what: "Waiting to be sent", already: "Already waiting to be sent",
			hidesTime: true, after: "It can still be taken back."}
	case bridge.OutcomeSent:
		return outcomeWords{icon: MarkIcon(bridge.MarkSent), what: "Sent", already: "Already sent"}
	case bridge.OutcomeDelivered:
		return outcomeWords{icon: MarkIcon(bridge.MarkDelivered), what: "Sent", already: "Already sent", after: "Delivered."}
	case bridge.OutcomeRead:
		return outcomeWords{icon: MarkIcon(bridge.MarkRead), what: "Sent", already: "Already sent", after: "Read."}
	case bridge.OutcomeFailed:
		return outcomeWords{icon: MarkIcon(bridge.MarkWarning), what: "Not delivered", already: "Already sent, and not delivered", after: unheard}
	case bridge.OutcomeUnclear:
		return outcomeWords{icon: "grey_question", what: "Nobody can tell whether this was sent",
			already: "Already sent, but nobody can tell whether it arrived"}
	case bridge.OutcomeInside:
		return outcomeWords{icon: MarkIcon(bridge.MarkInside), what: "Kept inside", already: "Already kept inside", after: unheard}
	case bridge.OutcomeDropped:
		return outcomeWords{icon: "wastebasket", what: "Dropped", already: "Already dropped", after: unheard}
	case bridge.OutcomeUndone:
		return outcomeWords{icon: "leftwards_arrow_with_hook", what: "Taken back", already: "Already taken back", after: unheard}
	case bridge.OutcomeKept:
		return outcomeWords{
			icon:    "hourglass",
			what:    "Kept for later",
			already: "Already kept for later",
			after:   offeredLater,
		}
	case bridge.OutcomeTemplate:
		return outcomeWords{
			icon:    "hourglass",
			what:    "A template was chosen",
			already: "A template was chosen already",
			after:   offeredLater,
		}
	case bridge.OutcomeAsked:
		return outcomeWords{icon: "arrow_down", what: "Not sent: it is asked further down", already: "It is asked further down in the thread",
			hidesTime: true, hidesAuthor: true}
	case bridge.OutcomePromoted:
		return outcomeWords{icon: "ok", what: "This is conversation", already: "This is already conversation", namesOther: true}
	case bridge.OutcomeChosen:
		return outcomeWords{icon: "outbox_tray", what: "This is for " + customer + ", in", already: "A customer was chosen already",
			namesOther: true, after: "What becomes of it is shown there."}
	case bridge.OutcomeSilenced:
		return outcomeWords{icon: "ok", what: "No more posts about this sender", already: "Already silenced"}
	case bridge.OutcomeAllowed:
		return outcomeWords{icon: "ok", what: "Allowed", already: "Already allowed", after: "Replies go there, too."}
	case bridge.OutcomeUnsilenced:
		return outcomeWords{icon: "ok", what: "This sender's mail comes again", already: "It comes again already"}
	}

	return outcomeWords{icon: "ok", what: "Settled", already: "Already settled"}
}
