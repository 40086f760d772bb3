package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
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
		blocks = append([]Block{shape.Sentence(shape.Mentioned(l), shape.AsSentence(l.Reason), shape.Then(l.Hint))}, shape.Quote(l.Text)...)
	}
	blocks = append(blocks, richBlocks(l.Rich)...)
	if l.SourceRef.Message != "" && l.SourceRef.Channel != "" && (l.Text == "" || cut) {
		blocks = append(blocks, shape.SmallPrint(shape.Thread("To the message", l.SourceRef)))
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
	return []Block{shape.SmallPrint(shape.Whereabouts("Open "+shape.Number(l.Other.ID), l.Other)...)}
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
func needsArguments(name bridge.Verb) bool {
	v := verb.Of(name)
	return v.Needs(bridge.Args{}) && !v.AtOnce && !v.Sends
}

// headed shows in a post the title that a window has around it.
func headed(c Card) Card {
	c.Blocks = append([]Block{shape.Line(shape.Bold(c.Title))}, c.Blocks...)
	return c
}

// stateLine is about who has the conversation and in which state it is.
func stateLine(l bridge.Line, f bridge.Facts) []Block {
	switch l.Kind {
	case bridge.LineAssigned:
		return append([]Block{assignedLine(l, f)}, shape.Quote(l.Text)...)
	case bridge.LineUnassigned:
		return append(append([]Block{unassignedLine(l, f)}, shape.Quote(l.Text)...), cameFrom(l, f)...)
	case bridge.LineHandedOver:
		return []Block{shape.Sentence(shape.Icon("arrow_right"), " ", shape.Mentioned(l), shape.Actor(l)+" handed this to "+shape.Or(shape.OneLine(l.Args.Team, shape.MaxNameRunes), "another team")+". It goes on in ",
			shape.Whereabouts(shape.Number(f.ID), f), ".")}
	case bridge.LineWoke:
		if !shape.Nobody(l.By) {
			return []Block{shape.Sentence(shape.Icon("alarm_clock"), " ", shape.Mentioned(l), shape.AgentName(l.By)+" ended the snooze.", shape.Then(reasonWords(l.Reason, f)))}
		}
		return []Block{shape.Sentence(shape.Icon("alarm_clock"), " ", shape.Mentioned(l), wokenWords(l, f), shape.Then(reasonWords(l.Reason, f)))}
	case bridge.LineReopened:
		if shape.Nobody(l.By) {
			return []Block{shape.Sentence(shape.Icon("large_green_circle"), " ", shape.Mentioned(l), shape.Customer(l, f)+" wrote again; this is reopened.", shape.Then(reasonWords(l.Reason, f)))}
		}
		return []Block{shape.Sentence(shape.Icon("large_green_circle"), " ", shape.Mentioned(l), shape.AgentName(l.By)+" reopened this.", shape.Then(reasonWords(l.Reason, f)))}
	case bridge.LineContinued:
		label := shape.Number(l.Other.ID)
		if s := shape.OneLine(l.Other.Subject, shape.MaxSubjectRunes); s != "" {
			label += " " + s
		}
		return []Block{shape.Sentence(shape.Icon("arrow_right"), " ", shape.Mentioned(l), shape.Customer(l, f)+" wrote again. It goes on in ", shape.Whereabouts(label, l.Other), ".", shape.Then(l.Hint))}
	case bridge.LineResolved:
		return append([]Block{shape.Sentence(shape.Icon("white_check_mark"), " ", shape.Mentioned(l), resolvedWords(l), shape.Then(reasonWords(l.Reason, f)), shape.Then(l.Hint))}, shape.Quote(l.Text)...)
	case bridge.LineSnoozed:
		return append([]Block{shape.Sentence(shape.Icon("zzz"), " ", shape.Mentioned(l), shape.Actor(l)+" snoozed this until ", shape.At(l.Until, f.Zone), ".", shape.Then(reasonWords(l.Reason, f)), shape.Then(l.Hint))}, shape.Quote(l.Text)...)
	case bridge.LineRerooted:
		return []Block{shape.Sentence(shape.Icon("arrows_counterclockwise"), " ", shape.Mentioned(l), "The first message of this conversation was deleted. It goes on in this thread.", shape.Then(reasonWords(l.Reason, f)), shape.Then(l.Hint))}
	}
	return nil
}

// wokenWords tell that a snooze is over; where only its time ended it, the customer wrote nothing since.
func wokenWords(l bridge.Line, f bridge.Facts) string {
	if l.Reason == "time" {
		return "The snooze is over. " + shape.Customer(l, f) + " has not written since."
	}
	return "The snooze is over."
}

// assignedLine tells the owner: by mention, or by team name when nobody is meant yet.
func assignedLine(l bridge.Line, f bridge.Facts) Block {
	parts := []any{shape.Icon("bust_in_silhouette"), " "}
	switch {
	case len(l.Mentions) == 0:
		parts = append(parts, shape.Actor(l)+" assigned this.")
	case len(l.Mentions) == 1 && sameAgent(l.Mentions[0], l.By):
		parts = append(parts, shape.Mention(l.By), " took this.")
	case shape.Nobody(l.By):
		parts = append(parts, shape.Mentions(l.Mentions), ": this is yours now.")
	default:
		parts = append(parts, shape.Mentions(l.Mentions), ": "+shape.AgentName(l.By)+" assigned this to you.")
	}
	return shape.Sentence(append(parts, shape.Then(reasonWords(l.Reason, f)), shape.Then(l.Hint))...)
}

// cameFrom leads to the thread that a conversation was handed over from, and says the last words
// in it.
func cameFrom(l bridge.Line, f bridge.Facts) []Block {
	var parts [][]Piece
	switch {
	case l.Left.Message != "":
		parts = append(parts, []Piece{shape.Thread("What was said before", l.Left)})
	case l.LeftIn != "":
		parts = append(parts, []Piece{shape.Text("What was said before is in " + shape.OneLine(l.LeftIn, shape.MaxNameRunes))})
	default:
		return nil
	}
	if last := shape.OneLine(f.LastPreview, shape.MaxPreviewRunes); last != "" {
		parts = append(parts, []Piece{shape.Text("Last: “" + last + "”")})
	}
	return []Block{shape.SmallPrint(shape.Joined(shape.Between, parts...)...)}
}

func unassignedLine(l bridge.Line, f bridge.Facts) Block {
	words := shape.AgentName(l.By) + " put this back to Unassigned."
	if team := shape.OneLine(l.Args.Team, shape.MaxNameRunes); team != "" {
		words = shape.Actor(l) + " handed this to " + team + ". Nobody has it yet."
	} else if shape.Nobody(l.By) {
		words = "This is unassigned again."
	}
	return shape.Sentence(shape.Icon("large_blue_circle"), " ", shape.Mentioned(l), words, shape.Then(reasonWords(l.Reason, f)), shape.Then(l.Hint))
}

func resolvedWords(l bridge.Line) string {
	what := "resolved"
	if l.Verb == bridge.VerbClose {
		what = "closed"
	}
	if shape.Nobody(l.By) {
		return "This is " + what + "."
	}
	return shape.AgentName(l.By) + " " + what + " this."
}

func sameAgent(a, b bridge.AgentRef) bool {
	return !shape.Nobody(a) && a.ID == b.ID && a.User == b.User && a.Email == b.Email
}
