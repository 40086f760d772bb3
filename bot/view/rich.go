package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// richBlocks show what goes with a text, as the customer gets it, in few lines.
func richBlocks(r *bridge.Rich) []Block {
	switch r.Kind() {
	case bridge.RichIsButtons:
		return []Block{shape.Line(richButtons(r.Buttons)...)}
	case bridge.RichIsList:
		return richList(r.List)
	case bridge.RichIsLocation:
		l := r.Location
		name := shape.Or(shape.OneLine(l.Name, shape.MaxNameRunes), "Place on the map")
		where := []Piece{shape.Icon("round_pushpin"), shape.Text(" "), {Kind: PieceLink, Text: name, URL: l.MapURL()}}
		return []Block{shape.Line(shape.JoinPieces(shape.Between, where, filledText(l.Address))...)}
	case bridge.RichIsContact:
		c := r.Contact
		return []Block{shape.Line(shape.JoinPieces(shape.Between, []Piece{shape.Icon("bust_in_silhouette"), shape.Text(" "), shape.Bold(shape.Or(shape.OneLine(c.Name, shape.MaxNameRunes), "Contact"))},
			filledText(c.Org), filledText(strings.Join(c.Phones, ", ")), filledText(strings.Join(c.Emails, ", ")))...)}
	case bridge.RichIsCards:
		var blocks []Block
		for _, c := range r.Cards {
			blocks = append(blocks, richCard(c)...)
		}
		return blocks
	}

	return nil
}

// filledText makes a piece of a text; none if there is nothing to read in it.
func filledText(s string) []Piece {
	if s = shape.OneLine(s, shape.MaxSubjectRunes); s == "" {
		return nil
	}
	return []Piece{shape.Text(s)}
}

// richButtons are titles in frames, links where they lead somewhere.
func richButtons(list []bridge.RichButton) []Piece {
	groups := make([][]Piece, len(list))
	for i, b := range list {
		title := "[ " + shape.OneLine(b.Title, shape.MaxNameRunes) + " ]"
		groups[i] = []Piece{shape.Text(title)}
		if b.URL != "" {
			groups[i] = []Piece{{Kind: PieceLink, Text: title, URL: b.URL}}
		}
	}
	return shape.JoinPieces("  ", groups...)
}

func richList(l *bridge.RichList) []Block {
	blocks := []Block{shape.Line(shape.Text("[ ≡ " + shape.OneLine(l.Button, shape.MaxNameRunes) + " ]"))}
	for _, s := range l.Sections {
		if s.Title != "" {
			blocks = append(blocks, shape.SmallPrint(shape.Bold(shape.OneLine(s.Title, shape.MaxNameRunes))))
		}

		var rows [][]Piece
		for _, row := range s.Rows {
			pieces := []Piece{shape.Text(shape.OneLine(row.Title, shape.MaxNameRunes))}
			if d := shape.OneLine(row.Description, shape.MaxSubjectRunes); d != "" {
				pieces = append(pieces, shape.Text(" ("+d+")"))
			}
			rows = append(rows, pieces)
		}

		blocks = append(blocks, shape.SmallPrint(shape.JoinPieces(shape.Between, rows...)...))
	}

	return blocks
}

func richCard(c bridge.RichCard) []Block {
	title := []Piece{shape.Text("▭ "), shape.Bold(shape.OneLine(c.Title, shape.MaxSubjectRunes))}
	if c.ImageURL != "" {
		title = append(title, shape.Text(" "), Piece{Kind: PieceLink, Text: "picture", URL: c.ImageURL})
	}
	blocks := []Block{shape.Line(shape.JoinPieces(shape.Between, title, filledText(c.Text))...)}
	if len(c.Buttons) > 0 {
		blocks = append(blocks, shape.SmallPrint(richButtons(c.Buttons)...))
	}
	return blocks
}
