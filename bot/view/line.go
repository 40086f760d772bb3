package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Line gives words to a remark of Parley's. Post does so for LineHelp, which differs from chat to
// chat. f are the facts of the post that has the line; zero where there is no conversation. A remark
// that a customer did not get something mentions the author and repeats the text.
func Line(l bridge.Line, f bridge.Facts) Card {
	if card, whole := wholeCard(l, f); whole {
		return card
	}
	l, cut := brief(l)
	blocks := words(l, f)
	if l.Outcome != nil {
		blocks = outcomeLine(l, f)
	}
	blocks = append(blocks, richBlocks(l.Rich)...)
	if l.SourceRef.Message != "" && l.SourceRef.Channel != "" && (l.Text == "" || cut) {
		blocks = append(blocks, shape.SmallPrint(shape.Thread("To the message", l.SourceRef)))
	}
	if l.Kind() == bridge.LineRefused && len(l.Verbs) == 0 && f.Status.Open() && needsArguments(l.Verb) {
		l.Verbs = []bridge.Verb{l.Verb} // its form asks for what was missing
	}
	return Card{Blocks: blocks, Buttons: buttons(l, f)}
}

// wholeCard makes the card of a line that shows what a window would show, such as a list; false for all other lines.
func wholeCard(l bridge.Line, f bridge.Facts) (Card, bool) {
	switch c := l.Content.(type) {
	case *bridge.HistoryLine:
		card := headed(History(askedFor(l, f), bridge.History{Rows: c.Log, Page: l.Args.Page, More: c.More}))
		card.Blocks = append(card.Blocks, toConversation(l)...)
		return card, true
	case *bridge.ListLine:
		return headed(List(listing(l, c), f.Zone)), true
	case *bridge.TemplatesLine:
		return headed(TemplateList(c.Templates, len(l.Verbs) > 0)), true
	case *bridge.EveningLine:
		return Evening(c), true
	case *bridge.WeekLine:
		return Week(c), true
	case *bridge.StatsLine:
		return headed(Stats(c)), true
	}
	if l.Kind() == bridge.LineDetails {
		return headed(Details(askedFor(l, f))), true
	}
	return Card{}, false
}

// askedFor gives the facts of the conversation that an answer is about: l.Other where somebody asked
// outside that conversation's thread, else f.
func askedFor(l bridge.Line, f bridge.Facts) bridge.Facts {
	if l.Other.ID != 0 {
		return l.Other
	}
	return f
}

// renderer gives words to lines of one kind.
type renderer func(bridge.Line, bridge.Facts) []Block

// of is the renderer of a kind whose content has fields of its own.
func of[C bridge.LineContent](render func(bridge.Line, C, bridge.Facts) []Block) renderer {
	return func(l bridge.Line, f bridge.Facts) []Block {
		return render(l, l.Content.(C), f)
	}
}

// renderers has one renderer for each kind of line that is not a card of its own (wholeCard).
var renderers = map[bridge.LineKind]renderer{ //nolint:gochecknoglobals // a table
	bridge.LineAssigned:    assignedLine,
	bridge.LineUnassigned:  of(unassignedLine),
	bridge.LineHandedOver:  handedOverLine,
	bridge.LineWoke:        of(wokeLine),
	bridge.LineReopened:    reopenedLine,
	bridge.LineContinued:   continuedLine,
	bridge.LineResolved:    resolvedLine,
	bridge.LineSnoozed:     of(snoozedLine),
	bridge.LineAsk:         of(askLine),
	bridge.LineInside:      of(insideLine),
	bridge.LineSendAs:      sendAsLine,
	bridge.LineParked:      of(parkedLine),
	bridge.LineOffered:     of(offeredLine),
	bridge.LineFailed:      of(failedLine),
	bridge.LineRetrying:    of(retryingLine),
	bridge.LineDelayed:     of(delayedLine),
	bridge.LineUnclear:     of(unclearLine),
	bridge.LineEditLate:    editLateLine,
	bridge.LineDeleteLate:  deleteLateLine,
	bridge.LineUndone:      of(undoneLine),
	bridge.LineTopLevel:    of(topLevelLine),
	bridge.LineNotMapped:   notMappedLine,
	bridge.LineParticipant: participantLine,
	bridge.LineRecipients:  of(recipientsLine),
	bridge.LineAutomatic:   of(automaticLine),
	bridge.LineCollected:   of(collectedLine),
	bridge.LineBounceOther: of(bounceOtherLine),
	bridge.LineQuarantine:  of(quarantineLine),
	bridge.LineRefused:     of(refusedLine),
	bridge.LineUnchanged:   unchangedLine,
	bridge.LineDone:        done,
	bridge.LineWhy:         of(whyLine),
	bridge.LineTimeline:    of(timelineLine),
	bridge.LineTexts:       of(textsLine),
	bridge.LineAccount:     of(accountLine),
	bridge.LineTemplate:    templateLine,
	bridge.LineExists:      existsLine,
	bridge.LineReacted:     of(reactedLine),
	bridge.LineChanged:     of(changedLine),
	bridge.LineDeleted:     of(deletedLine),
	bridge.LineIdentity:    of(identityLine),
	bridge.LineSamePerson:  samePersonLine,
	bridge.LineOptedOut:    of(optedOutLine),
	bridge.LineOptedIn:     optedInLine,
	bridge.LineParts:       of(partsLine),
	bridge.LineAnalysis:    of(analysisLine),
	bridge.LineWritten:     of(writtenLine),
}

// toConversation links the conversation that an answer is about, if the answer isn't in its thread.
func toConversation(l bridge.Line) []Block {
	if l.Other.ID == 0 {
		return nil
	}
	return []Block{shape.SmallPrint(shape.Whereabouts("Open "+shape.Number(l.Other.ID), l.Other)...)}
}

// words gives what a line says, without the outcome of what it is about.
func words(l bridge.Line, f bridge.Facts) []Block {
	if render := renderers[l.Kind()]; render != nil {
		return render(l, f)
	}
	why := &bridge.UnknownLine{} // a kind of a later version: its own words are better than none
	if c, ok := l.Content.(*bridge.UnknownLine); ok {
		why = c
	}
	return append([]Block{shape.Sentence(shape.Mentioned(l), shape.AsSentence(why.Reason), shape.Then(why.Hint))}, shape.Quote(l.Text)...)
}

// needsArguments says that a verb can do nothing without arguments, which its form asks for.
func needsArguments(name bridge.Verb) bool {
	v := verb.Of(name)
	return v.Needs(bridge.Args{}) && !v.Form.AtOnce && !v.Sends
}

// headed puts a card's title into its first block: a window shows the title itself, a post doesn't.
func headed(c Card) Card {
	c.Blocks = append([]Block{shape.Line(shape.Bold(c.Title))}, c.Blocks...)
	return c
}

func sameAgent(a, b bridge.AgentRef) bool {
	return !shape.Nobody(a) && a.ID == b.ID && a.User == b.User && a.Email == b.Email
}

// headline is the first sentence of a line: an icon, mentions of those who are to notice it, then its words.
func headline(l bridge.Line, icon string, words ...any) Block {
	return shape.Sentence(append([]any{shape.Icon(icon), " ", shape.Mentioned(l)}, words...)...)
}

// numbered names another conversation that a line leads to: "#13 Broken lamp".
func numbered(other bridge.Facts) []Piece {
	label := shape.Number(other.ID)
	if s := shape.OneLine(other.Subject, shape.MaxSubjectRunes); s != "" {
		label += " " + s
	}
	return shape.Whereabouts(label, other)
}
