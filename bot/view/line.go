package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// A line (bridge.Line) is a remark that Parley itself makes in a thread: "Ann took this." or "Not delivered: …". The
// engine says what happened, as data. This file finds the words for it; other files of the package have those of each
// kind. The result is a Card, which the renderer of each chat then draws.

// Line makes the card of a line. f describes the conversation; it is zero if the line is about none. If a line says that
// a customer did not get something, it mentions the author and repeats the text. Line doesn't make the card of
// help, whose words differ from chat to chat: see Post.
func Line(l bridge.Line, f bridge.Facts) Card {
	if card, ok := windowCard(l, f); ok {
		return card
	}

	l, isShortened := shortenRepeated(l)
	blocks := lineBlocks(l, f)
	if l.Outcome != nil {
		blocks = outcomeLine(l, f)
	}

	blocks = append(blocks, richBlocks(l.Rich)...)
	isMessageKnown := l.SourceRef.Message != "" && l.SourceRef.Channel != ""
	showsWholeText := l.Text != "" && !isShortened
	if isMessageKnown && !showsWholeText {
		blocks = append(blocks, shape.SmallPrint(shape.Thread("To the message", l.SourceRef)))
	}
	if isRefusedForArguments(l, f) {
		l.Verbs = []bridge.Verb{l.Verb} // a button whose form asks for what was missing
	}

	return Card{Blocks: blocks, Buttons: lineButtons(l, f)}
}

// isRefusedForArguments reports whether a line refuses a verb that needs arguments, and offers nothing else to do.
func isRefusedForArguments(l bridge.Line, f bridge.Facts) bool {
	if l.Kind() != bridge.LineRefused || len(l.Verbs) > 0 {
		return false
	}
	return f.Status.Open() && needsArguments(l.Verb)
}

// windowCard makes the card of a line that shows what a dialog would show, such as a list. ok is false for all other
// lines.
func windowCard(l bridge.Line, f bridge.Facts) (c Card, ok bool) {
	switch content := l.Content.(type) {
	case *bridge.HistoryLine:
		history := bridge.History{Rows: content.Log, Page: l.Args.Page, More: content.More}
		card := withTitle(History(askedFor(l, f), history))
		card.Blocks = append(card.Blocks, conversationLink(l)...)
		return card, true
	case *bridge.ListLine:
		return withTitle(List(listingOf(l, content), f.Zone)), true
	case *bridge.TemplatesLine:
		return withTitle(TemplateList(content.Templates, len(l.Verbs) > 0)), true
	case *bridge.EveningLine:
		return Evening(content), true
	case *bridge.WeekLine:
		return Week(content), true
	case *bridge.StatsLine:
		return withTitle(Stats(content)), true
	}

	if l.Kind() == bridge.LineDetails {
		return withTitle(Details(askedFor(l, f))), true
	}

	return Card{}, false
}

// askedFor returns the facts of the conversation that an answer is about: l.Other if somebody asked
// outside that conversation's thread, and f otherwise.
func askedFor(l bridge.Line, f bridge.Facts) bridge.Facts {
	if l.Other.ID != 0 {
		return l.Other
	}
	return f
}

// renderer gives words to lines of one kind.
type renderer func(bridge.Line, bridge.Facts) []Block

// withContent makes a renderer from a function that takes the fields of its kind of line. The type assertion can't
// fail: the table has the renderer under the kind that the content itself names (LineContent.Kind).
func withContent[C bridge.LineContent](render func(bridge.Line, C, bridge.Facts) []Block) renderer {
	return func(l bridge.Line, f bridge.Facts) []Block {
		return render(l, l.Content.(C), f)
	}
}

// renderers has one renderer for each kind of line that is not a card of its own (windowCard).
var renderers = map[bridge.LineKind]renderer{ //nolint:gochecknoglobals // a table
	bridge.LineAssigned:    assignedLine,
	bridge.LineUnassigned:  withContent(unassignedLine),
	bridge.LineHandedOver:  handedOverLine,
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
	bridge.LineTexts:       withContent(textsLine),
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
}

// conversationLink links the conversation that an answer is about, if the answer isn't in its thread.
func conversationLink(l bridge.Line) []Block {
	if l.Other.ID == 0 {
		return nil
	}
	return []Block{shape.SmallPrint(shape.ThreadLink("Open "+shape.Number(l.Other.ID), l.Other)...)}
}

// lineBlocks lays out what a line says, without the outcome of what it is about.
func lineBlocks(l bridge.Line, f bridge.Facts) []Block {
	if render := renderers[l.Kind()]; render != nil {
		return render(l, f)
	}

	// A later version of Parley wrote the line. Words that came with it are better than none.
	unknown, ok := l.Content.(*bridge.UnknownLine)
	if !ok {
		unknown = &bridge.UnknownLine{}
	}
	sentence := shape.Sentence(shape.LeadingMentions(l), shape.AsSentence(unknown.Reason), shape.NextSentence(unknown.Hint))
	return append([]Block{sentence}, shape.Quote(l.Text)...)
}

// needsArguments reports whether a verb can do nothing before a form has asked for its arguments.
func needsArguments(name bridge.Verb) bool {
	v := verb.Of(name)
	return v.Needs(bridge.Args{}) && !v.Form.AtOnce && !v.Sends
}

// withTitle puts a card's title into its first block. Dialogs show titles of cards; messages don't.
func withTitle(c Card) Card {
	c.Blocks = append([]Block{shape.Line(shape.Bold(c.Title))}, c.Blocks...)
	return c
}

// isSameAgent reports whether two references name the same agent; it is false if a names nobody.
func isSameAgent(a, b bridge.AgentRef) bool {
	if shape.IsNobody(a) {
		return false
	}
	return a.ID == b.ID && a.User == b.User && a.Email == b.Email
}

// makeHeadline makes the first sentence of a line: an icon, mentions of those who are to notice it, then the words.
func makeHeadline(l bridge.Line, icon string, words ...any) Block {
	return shape.Sentence(append([]any{shape.Icon(icon), " ", shape.LeadingMentions(l)}, words...)...)
}

// conversationPieces names another conversation that a line leads to: "#13 Broken lamp".
func conversationPieces(other bridge.Facts) []Piece {
	label := shape.Number(other.ID)
	if s := shape.OneLine(other.Subject, shape.MaxSubjectRunes); s != "" {
		label += " " + s
	}
	return shape.ThreadLink(label, other)
}
