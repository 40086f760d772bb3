package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

const maxCannedRows = 30 // in one list: each of the reader's own has two buttons

// CannedList lists canned replies by topic, with buttons for those of the reader's own.
func CannedList(l *bridge.CannedLine) Card {
	c := Card{Title: "Canned replies"}
	if len(l.List) == 0 {
		c.Blocks = append(c.Blocks, shape.Line(shape.Text("There are none yet.")))
	}
	for i, r := range l.List {
		if i == maxCannedRows {
			c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("And more: !c finds them by words.")))
			break
		}
		whose := "for all"
		if r.Own {
			whose = "your own"
		}
		groups := [][]Piece{{shape.Bold("\\" + r.Keyword)}, {shape.Text(whose)}, {shape.Text(shape.OneLine(r.Text, maxDetailRunes))}}
		if r.Topic != "" {
			groups = append([][]Piece{{shape.Text(shape.OneLine(r.Topic, shape.MaxNameRunes))}}, groups...)
		}
		item := Block{Kind: BlockItem, Pieces: shape.JoinPieces(shape.Between, groups...)}
		if r.Own {
			item.Buttons = verb.CannedButtons(r)
		}
		c.Blocks = append(c.Blocks, item)
	}
	if l.Admin {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("You change those for all on Parley's site, page Canned replies.")))
	}
	b := verb.NewButton(bridge.VerbCannedEdit, bridge.Args{})
	b.Label, b.Style = "Add a canned reply", StylePrimary
	c.Buttons = append(c.Buttons, b)
	return c
}
