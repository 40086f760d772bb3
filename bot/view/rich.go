package view

import (
	"strings"

	"parley/bridge"
)

// richBlocks show what goes with a text, as the customer gets it, in few lines.
func richBlocks(r *bridge.Rich) []Block {
	switch r.Kind() {
	case bridge.RichIsButtons:
		return []Block{line(richButtons(r.Buttons)...)}
	case bridge.RichIsList:
		return richList(r.List)
	case bridge.RichIsLocation:
		l := r.Location
		name := or(oneLine(l.Name, maxNameRunes), "Place on the map")
		where := []Piece{icon("round_pushpin"), text(" "), {Kind: PieceLink, Text: name, URL: l.MapURL()}}
		return []Block{line(joined(between, where, filledText(l.Address))...)}
	case bridge.RichIsContact:
		c := r.Contact
		return []Block{line(joined(between, []Piece{icon("bust_in_silhouette"), text(" "), bold(or(oneLine(c.Name, maxNameRunes), "Contact"))},
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

func filledText(s string) []Piece {
	if s = oneLine(s, maxSubjectRunes); s == "" {
		return nil
	}
	return []Piece{text(s)}
}

// richButtons are titles in frames, links where they lead somewhere.
func richButtons(list []bridge.RichButton) []Piece {
	groups := make([][]Piece, len(list))
	for i, b := range list {
		title := "[ " + oneLine(b.Title, maxNameRunes) + " ]"
		groups[i] = []Piece{text(title)}
		if b.URL != "" {
			groups[i] = []Piece{{Kind: PieceLink, Text: title, URL: b.URL}}
		}
	}
	return joined("  ", groups...)
}

func richList(l *bridge.RichList) []Block {
	blocks := []Block{line(text("[ ≡ " + oneLine(l.Button, maxNameRunes) + " ]"))}
	for _, s := range l.Sections {
		if s.Title != "" {
			blocks = append(blocks, small(bold(oneLine(s.Title, maxNameRunes))))
		}
		var rows [][]Piece
		for _, row := range s.Rows {
			one := []Piece{text(oneLine(row.Title, maxNameRunes))}
			if d := oneLine(row.Description, maxSubjectRunes); d != "" {
				one = append(one, text(" ("+d+")"))
			}
			rows = append(rows, one)
		}
		blocks = append(blocks, small(joined(between, rows...)...))
	}
	return blocks
}

func richCard(c bridge.RichCard) []Block {
	title := []Piece{text("▭ "), bold(oneLine(c.Title, maxSubjectRunes))}
	if c.ImageURL != "" {
		title = append(title, text(" "), Piece{Kind: PieceLink, Text: "picture", URL: c.ImageURL})
	}
	blocks := []Block{line(joined(between, title, filledText(c.Text))...)}
	if len(c.Buttons) > 0 {
		blocks = append(blocks, small(richButtons(c.Buttons)...))
	}
	return blocks
}

// answered shows the message that a reply is to.
func answered(l bridge.Line) []Block {
	if s := oneLine(l.Quoted, maxSubjectRunes); s != "" {
		return []Block{small(icon("leftwards_arrow_with_hook"), text(" To: “"+s+"”"))}
	}
	return nil
}
