package view

import (
	"fmt"

	"parley/bot/shape"
	"parley/bridge"
)

// Stats shows an agent how the last seven days of their teams were.
func Stats(l *bridge.StatsLine) Card {
	c := Card{Title: "The last seven days"}
	for _, w := range l.Weeks {
		name := "All teams together"
		if w.Team != "" {
			name = shape.OneLine(w.Team, shape.MaxPreviewRunes)
		}

		head := []Piece{shape.Icon("bar_chart"), shape.Text(" "), shape.Bold(name), shape.Text(", " + weekDays(w.From, w.To))}
		if w.Link != "" {
			head = append(head, shape.Text(shape.Between), Piece{Kind: PieceLink, Text: "Dashboard", URL: w.Link})
		}

		c.Blocks = append(c.Blocks, shape.Line(head...))
		c.Blocks = append(c.Blocks, sevenDayBlocks(w.SevenDays)...)
	}

	if l.Left > 0 {
		left := fmt.Sprintf("You are in %d more %s: the dashboard has their figures.", l.Left, shape.Plural(l.Left, "team", "teams"))
		c.Blocks = append(c.Blocks, shape.Line(shape.Text(left)))
	}
	if l.Missing {
		c.Blocks = append(c.Blocks, notAllCountedBlock())
	}

	c.Blocks = append(c.Blocks,
		shape.SmallPrint(shape.Text("Averages in business hours; in brackets, the seven days before. Today isn't among them.")))
	return c
}
