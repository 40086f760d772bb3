package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// Lists, figures and the history of a conversation are shown in a dialog or, where a chat has none at that moment, as a
// message. This file makes the cards of such messages. The dialogs are made of the same parts.

// dialogCard makes the card of a line that shows what a dialog would show, such as a list. ok is false for all other
// lines.
func dialogCard(l bridge.Line, f bridge.Facts) (c Card, ok bool) {
	switch content := l.Content.(type) {
	case *bridge.HistoryLine:
		history := bridge.History{Rows: content.Log, Page: l.Args.Page, More: content.More, OnlyNotes: content.OnlyNotes}
		card := withTitle(History(askedFor(l, f), history))
		card.Blocks = append(card.Blocks, conversationLink(l)...)
		return card, true
	case *bridge.ProfileLine:
		card := withTitle(Profile(askedFor(l, f), content.Profile))
		card.Blocks = append(card.Blocks, conversationLink(l)...)
		return card, true
	case *bridge.RecordsLine:
		return recordsCard(l, content, askedFor(l, f)), true
	case *bridge.ListLine:
		return withTitle(List(listingOf(l, content), f.Zone)), true
	case *bridge.TemplatesLine:
		return withTitle(TemplateList(content.Templates, len(l.Verbs) > 0)), true
	case *bridge.CannedLine:
		return withTitle(CannedList(content)), true
	case *bridge.EveningLine:
		return Evening(content), true
	case *bridge.BoardLine:
		return Board(content), true
	case *bridge.StatsLine:
		return withTitle(Stats(content)), true
	case *bridge.PresenceLine:
		return presenceCard(content, f.Zone), true
	}

	if l.Kind() == bridge.LineDetails {
		return withTitle(Details(askedFor(l, f))), true
	}

	return Card{}, false
}

// withTitle puts a card's title into its first block. Dialogs show titles of cards; messages don't.
func withTitle(c Card) Card {
	c.Blocks = append([]Block{shape.Line(shape.Bold(c.Title))}, c.Blocks...)
	return c
}
