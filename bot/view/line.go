package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// A line (bridge.Line) is a remark of Parley's own in the thread in which agents see a conversation. The engine describes
// it as data: a kind with its fields, who acted, the text that it is about, and the verbs (commands of agents) to offer as
// buttons. This file turns it into a Card, which the renderer of each chat then draws. For example:
//
//	LineAssigned, by Ann        "👤 @Ann took this."
//	LineFailed, {Send again}    "⚠️ @Ann Not delivered: Carla Diaz did not get this. The mailbox is full." with the
//	                            text below, and the button "Send again"
//
// The table renderers has a function for each kind. Once the question that a line asks is settled, for example by "Send
// again", the line has an Outcome, which outcome.go renders.

// Line makes the card of a line. f describes the conversation; it is zero if the line is not about one. A line which says
// that a customer did not get a message mentions its author and repeats its text. Line does not render the help, because
// its words differ from chat to chat: see Post.
func Line(l bridge.Line, f bridge.Facts) Card {
	if card, ok := dialogCard(l, f); ok {
		return card
	}

	l, isShortened := shortenRepeated(l)
	blocks := append(lineOrOutcome(l, f), richBlocks(l.Rich)...)
	if isAnswer(l) {
		blocks = append(blocks, conversationLink(l)...)
	}
	isWhole := l.Text != "" && !isShortened
	if canLinkTo(l.SourceRef) && !isWhole {
		blocks = append(blocks, shape.SmallPrint(shape.Thread("To the message", l.SourceRef)))
	}
	return Card{Blocks: blocks, Buttons: lineButtons(l, f)}
}

// isAnswer reports whether a line only tells somebody what became of a request, without naming the conversation.
func isAnswer(l bridge.Line) bool {
	switch l.Kind() {
	case bridge.LineResolved, bridge.LineSnoozed, bridge.LineRefused, bridge.LineUnchanged:
		return true
	default:
		return false
	}
}

func lineOrOutcome(l bridge.Line, f bridge.Facts) []Block {
	if l.Outcome != nil {
		return outcomeLine(l, f)
	}
	return lineBlocks(l, f)
}

// lineBlocks renders a line without its outcome.
func lineBlocks(l bridge.Line, f bridge.Facts) []Block {
	if render := renderers[l.Kind()]; render != nil {
		return render(l, f)
	}

	// The kind is unknown, so a newer version of Parley stored this line. Show the words that came with it.
	why, hint := bridge.Why{}, ""
	if unknown, ok := l.Content.(*bridge.UnknownLine); ok {
		why, hint = unknown.Why, unknown.Hint
	}
	sentence := shape.Sentence(shape.LeadingMentions(l), whyInLine(why, f), shape.NextSentence(hint))
	return append([]Block{sentence}, shape.Quote(l.Text)...)
}

// renderer renders lines of one kind.
type renderer func(bridge.Line, bridge.Facts) []Block

// withContent makes a renderer of a function that also takes the fields of its kind of line. The type assertion cannot
// fail, because renderers are looked up by the kind that the content itself reports (LineContent.Kind).
func withContent[C bridge.LineContent](render func(bridge.Line, C, bridge.Facts) []Block) renderer {
	return func(l bridge.Line, f bridge.Facts) []Block {
		return render(l, l.Content.(C), f)
	}
}

// renderers has an entry for each kind of line except those that dialogCard renders.
var renderers = map[bridge.LineKind]renderer{ //nolint:gochecknoglobals // a table
	bridge.LineAssigned:    assignedLine,
	bridge.LineRouted:      withContent(routedLine),
	bridge.LineUnassigned:  withContent(unassignedLine),
	bridge.LineHandedOver:  handedOverLine,
	bridge.LineOops:        withContent(oopsLine),
	bridge.LineVisible:     withContent(visibleLine),
	bridge.LineLate:        withContent(lateLine),
	bridge.LineWoke:        withContent(wokeLine),
	bridge.LineReopened:    reopenedLine,
	bridge.LineContinued:   continuedLine,
	bridge.LineResolved:    resolvedLine,
	bridge.LineSnoozed:     withContent(snoozedLine),
	bridge.LineAsk:         withContent(askLine),
	bridge.LineInside:      withContent(insideLine),
	bridge.LineSendAs:      sendAsLine,
	bridge.LineParked:      withContent(parkedLine),
	bridge.LineOffered:     withContent(offeredLine),
	bridge.LineFailed:      withContent(failedLine),
	bridge.LineRetrying:    withContent(retryingLine),
	bridge.LineDelayed:     withContent(delayedLine),
	bridge.LineUnclear:     withContent(unclearLine),
	bridge.LineEditLate:    withContent(editLateLine),
	bridge.LineDeleteLate:  withContent(deleteLateLine),
	bridge.LineUndone:      withContent(undoneLine),
	bridge.LineTopLevel:    withContent(topLevelLine),
	bridge.LineNotMapped:   notMappedLine,
	bridge.LineParticipant: participantLine,
	bridge.LineRecipients:  withContent(recipientsLine),
	bridge.LineAutomatic:   withContent(automaticLine),
	bridge.LineCollected:   withContent(collectedLine),
	bridge.LineBounceOther: withContent(bounceOtherLine),
	bridge.LineQuarantine:  withContent(quarantineLine),
	bridge.LineRefused:     withContent(refusedLine),
	bridge.LineUnchanged:   unchangedLine,
	bridge.LineDone:        doneLine,
	bridge.LineWhy:         withContent(whyLine),
	bridge.LineTimeline:    withContent(timelineLine),
	bridge.LineChat:        withContent(chatLine),
	bridge.LineAside:       withContent(verb.Aside),
	bridge.LineTexts:       withContent(textsLine),
	bridge.LineAutomated:   withContent(automatedLine),
	bridge.LineAccount:     withContent(accountLine),
	bridge.LineTemplate:    templateLine,
	bridge.LineExists:      existsLine,
	bridge.LineReacted:     withContent(reactedLine),
	bridge.LineChanged:     withContent(changedLine),
	bridge.LineDeleted:     withContent(deletedLine),
	bridge.LineIdentity:    withContent(identityLine),
	bridge.LineSamePerson:  samePersonLine,
	bridge.LineOptedOut:    withContent(optedOutLine),
	bridge.LineOptedIn:     optedInLine,
	bridge.LineParts:       withContent(partsLine),
	bridge.LineAnalysis:    withContent(analysisLine),
	bridge.LineWritten:     withContent(writtenLine),
	bridge.LineAutoReplied: withContent(autoRepliedLine),
	bridge.LineForwarded:   forwardedLine,
	bridge.LineEnded:       withContent(endedLine),
}
