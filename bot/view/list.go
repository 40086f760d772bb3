package view

import (
	"fmt"
	"strings"
	"time"

	"parley/bridge"
)

// lists in the order of their buttons.
func lists() []string { return []string{"mine", "unassigned", "team", "all", "snoozed", "resolved"} }

// List shows rows of "mine", "unassigned", "team", "all", "snoozed" or "resolved", with
// buttons for the other lists. A row's own zone wins; zone nil means UTC.
func List(list string, rows []bridge.Facts, zone *time.Location) Card {
	c := Card{Title: listTitle(list)}
	if len(rows) == 0 {
		c.Blocks = append(c.Blocks, line(text(emptyList(list))))
	}
	for _, f := range rows {
		if f.Zone == nil {
			f.Zone = zone
		}
		c.Blocks = append(c.Blocks, row(f))
	}
	for _, other := range lists() {
		if other != list {
			b := button(bridge.VerbList, bridge.Args{List: other})
			b.Label = listTitle(other)
			c.Buttons = append(c.Buttons, b)
		}
	}
	return c
}

// row is one conversation in a list: what it is, who has it, what was said last.
func row(f bridge.Facts) Block {
	head := append([]Piece{icon(statusIcon(f)), text(" "), icon(channelIcon(f)), text(" ")}, whereabouts(number(f.ID)+" "+partyName(f.Contact), f)...)
	state := []Piece{text(statusWords(f))}
	if f.Status == bridge.StatusSnoozed && !f.SnoozedUntil.IsZero() {
		state = append(state, text(" until "), at(f.SnoozedUntil, f.Zone))
	}
	if len(f.Assignees) > 0 {
		state = append(state, text(", "+assignees(f)))
	}
	groups := [][]Piece{head, subject(f), tags(f.Tags), state, team(f)}
	if !f.LastAt.IsZero() {
		groups = append(groups, []Piece{at(f.LastAt, f.Zone)})
	}
	if p := oneLine(f.LastPreview, maxPreviewRunes); p != "" {
		from := ""
		if f.LastFrom == "agent" {
			from = "↩ " // we spoke last
		}
		groups = append(groups, []Piece{text(from + "“" + p + "”")})
	}
	return Block{Kind: BlockItem, Pieces: joined(between, groups...), Buttons: []Button{button(bridge.VerbFind, about(f))}}
}

// Evening is the list of windows that close before the team is back: each with a link to
// answer now, and what else can be done.
func Evening(l bridge.Line) Card {
	zone, err := time.LoadLocation(l.Zone)
	if err != nil {
		zone = time.UTC
	}
	n := len(l.Rows)
	c := Card{Title: "Closing windows"}
	c.Blocks = append(c.Blocks, line(icon("city_sunset"), text(" "), bold(fmt.Sprintf("%d %s %s before you are back", n, plural(n, "reply window", "reply windows"), plural(n, "closes", "close")))),
		small(text("These customers wait for an answer. Answer now, send a few words that hold the conversation, or leave it.")))
	for _, f := range l.Rows {
		f.Zone = zone
		head := append([]Piece{icon(channelIcon(f)), text(" ")}, whereabouts(number(f.ID)+" "+partyName(f.Contact), f)...)
		groups := [][]Piece{head, window(f), {text(assignees(f))}}
		if p := oneLine(f.LastPreview, maxPreviewRunes); p != "" {
			groups = append(groups, []Piece{text("“" + p + "”")})
		}
		reply := button(bridge.VerbReply, about(f))
		reply.Label = "Answer now"
		b := Block{Kind: BlockItem, Pieces: joined(between, groups...), Buttons: []Button{reply}}
		if f.Templates {
			b.Buttons = append(b.Buttons, button(bridge.VerbTemplate, about(f)))
		}
		b.Buttons = append(b.Buttons, button(bridge.VerbLeave, about(f)))
		c.Blocks = append(c.Blocks, b)
	}
	return c
}

func listTitle(list string) string {
	switch list {
	case "":
		return "Conversations"
	case "mine":
		return "Mine"
	}
	l := oneLine(list, 24)
	return strings.ToUpper(l[:1]) + l[1:]
}

func emptyList(list string) string {
	switch list {
	case "mine":
		return "Nothing is waiting for you. Look into Unassigned for more."
	case "unassigned":
		return "Nothing is unassigned."
	case "snoozed":
		return "Nothing is snoozed."
	case "resolved":
		return "Nothing has been resolved yet."
	}
	return "No conversations here."
}

// History shows what was done to a conversation.
func History(f bridge.Facts, rows []bridge.LogRow) Card {
	c := Card{Title: "History of " + number(f.ID)}
	if len(rows) == 0 {
		c.Blocks = append(c.Blocks, line(text("Nothing has been done yet.")))
	}
	c.Blocks = append(c.Blocks, logRows(rows, f)...)
	return c
}

// logRows are entries of a log: when, who, what, why.
func logRows(rows []bridge.LogRow, f bridge.Facts) []Block {
	var blocks []Block
	for _, r := range rows {
		what := " " + oneLine(r.Actor, maxNameRunes) + " " + oneLine(r.What, maxNameRunes)
		if d := oneLine(r.Detail, 200); d != "" {
			if words := reasonWords(d, f); words != said(d) {
				d = words
			}
			if d != "" {
				what += ": " + d
			}
		}
		blocks = append(blocks, Block{Kind: BlockItem, Pieces: []Piece{at(r.At, f.Zone), text(what)}})
	}
	return blocks
}

// Problem shows a refusal.
func Problem(p *bridge.Problem) Card {
	return Card{Blocks: []Block{sentence(icon("warning"), " ", said(p.Text), then(p.Hint))}}
}
