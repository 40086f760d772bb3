package view

import (
	"parley/bridge"
)

// Line gives words to a remark of Parley's, but for LineHelp, which differs from chat to chat
// (Post). f are the facts of the post it comes with; zero where there is no conversation. A
// remark that a customer did not get something mentions the author and keeps the text.
func Line(l bridge.Line, f bridge.Facts) Card {
	if l.Other.ID != 0 && (l.Kind == bridge.LineHistory || l.Kind == bridge.LineWhy || l.Kind == bridge.LineDetails) {
		f = l.Other // it was asked from elsewhere
	}
	switch l.Kind {
	case bridge.LineHistory:
		c := headed(History(f, bridge.History{Rows: l.Log, Page: l.Args.Page, More: l.More}))
		c.Blocks = append(c.Blocks, toConversation(l)...)
		return c
	case bridge.LineList:
		return headed(List(listing(l), f.Zone))
	case bridge.LineTemplates:
		return headed(TemplateList(l.Templates, len(l.Verbs) > 0))
	case bridge.LineEvening:
		return Evening(l)
	case bridge.LineDetails:
		return headed(Details(f))
	}
	l, cut := brief(l)
	blocks := words(l, f)
	if l.Outcome != nil {
		blocks = outcomeLine(l, f)
	}
	if blocks == nil { // a kind of a later version: its own words are better than none
		blocks = append([]Block{sentence(mentioned(l), said(l.Reason), then(l.Hint))}, quote(l.Text)...)
	}
	blocks = append(blocks, richBlocks(l.Rich)...)
	if l.SourceRef.Message != "" && l.SourceRef.Channel != "" && (l.Text == "" || cut) {
		blocks = append(blocks, small(thread("To the message", l.SourceRef)))
	}
	if l.Kind == bridge.LineRefused && len(l.Verbs) == 0 && f.Status.Open() && needsArguments(l.Verb) {
		l.Verbs = []bridge.Verb{l.Verb} // its form asks for what was missing
	}
	return Card{Blocks: blocks, Buttons: buttons(l, f)}
}

// toConversation leads from an answer that is shown elsewhere to the conversation that it is about.
func toConversation(l bridge.Line) []Block {
	if l.Other.ID == 0 {
		return nil
	}
	return []Block{small(whereabouts("Open "+number(l.Other.ID), l.Other)...)}
}

// words are what a line says that asks or tells something, without its outcome.
func words(l bridge.Line, f bridge.Facts) []Block {
	blocks := templateLine(l)
	for _, words := range [...]func(bridge.Line, bridge.Facts) []Block{startLine, stateLine, fateLine, mailLine, chatLine, answerLine} {
		if blocks != nil {
			break
		}
		blocks = words(l, f)
	}
	return blocks
}

// needsArguments says that a verb can do nothing without arguments, which its form asks for.
func needsArguments(verb bridge.Verb) bool {
	switch verb {
	case bridge.VerbReply, bridge.VerbNew, bridge.VerbResolve, bridge.VerbClose:
		return false
	}
	return Asks(verb, bridge.Args{})
}

// headed shows in a post the title that a window has around it.
func headed(c Card) Card {
	c.Blocks = append([]Block{line(bold(c.Title))}, c.Blocks...)
	return c
}

// stateLine is about who has the conversation and in which state it is.
func stateLine(l bridge.Line, f bridge.Facts) []Block {
	switch l.Kind {
	case bridge.LineAssigned:
		return append([]Block{assignedLine(l, f)}, quote(l.Text)...)
	case bridge.LineUnassigned:
		return append(append([]Block{unassignedLine(l, f)}, quote(l.Text)...), cameFrom(l, f)...)
	case bridge.LineHandedOver:
		return []Block{sentence(icon("arrow_right"), " ", mentioned(l), actor(l)+" handed this to "+or(oneLine(l.Args.Team, maxNameRunes), "another team")+". It goes on in ",
			whereabouts(number(f.ID), f), ".")}
	case bridge.LineWoke:
		if !nobody(l.By) {
			return []Block{sentence(icon("alarm_clock"), " ", mentioned(l), agentName(l.By)+" ended the snooze.", then(reasonWords(l.Reason, f)))}
		}
		return []Block{sentence(icon("alarm_clock"), " ", mentioned(l), wokenWords(l, f), then(reasonWords(l.Reason, f)))}
	case bridge.LineReopened:
		if nobody(l.By) {
			return []Block{sentence(icon("large_green_circle"), " ", mentioned(l), customer(l, f)+" wrote again; this is reopened.", then(reasonWords(l.Reason, f)))}
		}
		return []Block{sentence(icon("large_green_circle"), " ", mentioned(l), agentName(l.By)+" reopened this.", then(reasonWords(l.Reason, f)))}
	case bridge.LineContinued:
		label := number(l.Other.ID)
		if s := oneLine(l.Other.Subject, maxSubjectRunes); s != "" {
			label += " " + s
		}
		return []Block{sentence(icon("arrow_right"), " ", mentioned(l), customer(l, f)+" wrote again. It goes on in ", whereabouts(label, l.Other), ".", then(l.Hint))}
	case bridge.LineResolved:
		return append([]Block{sentence(icon("white_check_mark"), " ", mentioned(l), resolvedWords(l), then(reasonWords(l.Reason, f)), then(l.Hint))}, quote(l.Text)...)
	case bridge.LineSnoozed:
		return append([]Block{sentence(icon("zzz"), " ", mentioned(l), actor(l)+" snoozed this until ", at(l.Until, f.Zone), ".", then(reasonWords(l.Reason, f)), then(l.Hint))}, quote(l.Text)...)
	case bridge.LineRerooted:
		return []Block{sentence(icon("arrows_counterclockwise"), " ", mentioned(l), "The first message of this conversation was deleted. It goes on in this thread.", then(reasonWords(l.Reason, f)), then(l.Hint))}
	}
	return nil
}

// wokenWords tell that a snooze is over; where only its time ended it, the customer wrote nothing since.
func wokenWords(l bridge.Line, f bridge.Facts) string {
	if l.Reason == "time" {
		return "The snooze is over. " + customer(l, f) + " has not written since."
	}
	return "The snooze is over."
}

// assignedLine tells the owner: by mention, or by team name when nobody is meant yet.
func assignedLine(l bridge.Line, f bridge.Facts) Block {
	parts := []any{icon("bust_in_silhouette"), " "}
	switch {
	case len(l.Mentions) == 0:
		parts = append(parts, actor(l)+" assigned this.")
	case len(l.Mentions) == 1 && sameAgent(l.Mentions[0], l.By):
		parts = append(parts, mention(l.By), " took this.")
	case nobody(l.By):
		parts = append(parts, mentions(l.Mentions), ": this is yours now.")
	default:
		parts = append(parts, mentions(l.Mentions), ": "+agentName(l.By)+" assigned this to you.")
	}
	return sentence(append(parts, then(reasonWords(l.Reason, f)), then(l.Hint))...)
}

// cameFrom leads to the thread that a conversation was handed over from, and says the last words
// in it.
func cameFrom(l bridge.Line, f bridge.Facts) []Block {
	var parts [][]Piece
	switch {
	case l.Left.Message != "":
		parts = append(parts, []Piece{thread("What was said before", l.Left)})
	case l.LeftIn != "":
		parts = append(parts, []Piece{text("What was said before is in " + oneLine(l.LeftIn, maxNameRunes))})
	default:
		return nil
	}
	if last := oneLine(f.LastPreview, maxPreviewRunes); last != "" {
		parts = append(parts, []Piece{text("Last: “" + last + "”")})
	}
	return []Block{small(joined(between, parts...)...)}
}

func unassignedLine(l bridge.Line, f bridge.Facts) Block {
	words := agentName(l.By) + " put this back to Unassigned."
	if team := oneLine(l.Args.Team, maxNameRunes); team != "" {
		words = actor(l) + " handed this to " + team + ". Nobody has it yet."
	} else if nobody(l.By) {
		words = "This is unassigned again."
	}
	return sentence(icon("large_blue_circle"), " ", mentioned(l), words, then(reasonWords(l.Reason, f)), then(l.Hint))
}

func resolvedWords(l bridge.Line) string {
	what := "resolved"
	if l.Verb == bridge.VerbClose {
		what = "closed"
	}
	if nobody(l.By) {
		return "This is " + what + "."
	}
	return agentName(l.By) + " " + what + " this."
}

// actor names who caused a line; Parley if no agent did.
func actor(l bridge.Line) string {
	if nobody(l.By) {
		return "Parley"
	}
	return agentName(l.By)
}

// customer names the customer of a line or of its conversation.
func customer(l bridge.Line, f bridge.Facts) string {
	if l.Customer != (bridge.PartyRef{}) {
		return partyName(l.Customer)
	}
	return partyName(f.Contact)
}

// mentioned opens a line with those who are to notice it.
func mentioned(l bridge.Line) []Piece {
	if len(l.Mentions) == 0 {
		return nil
	}
	return append(mentions(l.Mentions), text(" "))
}

func mentions(agents []bridge.AgentRef) []Piece {
	groups := make([][]Piece, len(agents))
	for i, a := range agents {
		groups[i] = []Piece{mention(a)}
	}
	return joined(", ", groups...)
}

func sameAgent(a, b bridge.AgentRef) bool {
	return !nobody(a) && a.ID == b.ID && a.User == b.User && a.Email == b.Email
}
