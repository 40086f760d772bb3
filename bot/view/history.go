package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// maxDetailRunes limits how much is shown of a remark, such as the detail of a log entry.
const maxDetailRunes = 200

// History makes the card of one page of a conversation's log, which records what people and Parley did with it:
//
//   - 09:30 Ann assigned: to Ben
//   - 09:41 Ben snoozed: 2026-11-21 09:00 CET
func History(f bridge.Facts, h bridge.History) Card {
	c := Card{Title: "History of " + shape.Number(f.ID)}
	if h.OnlyNotes {
		c.Title = "Notes of " + shape.Number(f.ID)
		c.Buttons = []Button{verb.NewButton(bridge.VerbNote, conversationArgs(f))}
	}
	switch {
	case len(h.Rows) == 0 && h.OnlyNotes:
		c.Blocks = append(c.Blocks, shape.Line(shape.Text("There are no notes yet.")))
	case len(h.Rows) == 0 && h.Page > 0:
		c.Blocks = append(c.Blocks, shape.Line(shape.Text("There is nothing older.")))
	case len(h.Rows) == 0:
		c.Blocks = append(c.Blocks, shape.Line(shape.Text("Nothing has been done yet.")))
	}

	c.Blocks = append(c.Blocks, logRows(h.Rows, f)...)
	if h.More {
		b := verb.NewButton(bridge.VerbHistory, bridge.Args{Conversation: f.ID, ListArgs: bridge.ListArgs{Page: h.Page + 1}})
		b.Label = "Older"
		c.Buttons = append(c.Buttons, b)
	}

	return c
}

// logRows renders entries of the log.
func logRows(rows []bridge.LogRow, f bridge.Facts) []Block {
	var blocks []Block
	for _, r := range rows {
		what := " " + shape.OneLine(r.Actor, shape.MaxNameRunes) + " " + shape.OneLine(r.What, shape.MaxNameRunes)
		if detail := logDetail(r, f); detail != "" {
			what += ": " + detail
		}
		blocks = append(blocks, Block{Kind: BlockItem, Pieces: []Piece{shape.At(r.At, f.Zone), shape.Text(what)}})
	}
	return blocks
}

// logDetail returns the detail of a log entry. A reason code of the engine is replaced by its words. Words that a person
// chose (LogRow.IsChosen) are kept, even if they look like a code.
func logDetail(r bridge.LogRow, f bridge.Facts) string {
	if !r.IsChosen {
		if words, isKnown := wordsOf(bridge.ParseWhy(r.Detail).Reason, f); isKnown {
			return words.inLine
		}
	}
	return shape.OneLine(r.Detail, maxDetailRunes)
}
