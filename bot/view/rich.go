package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// richBlocks renders the interactive part of a message (buttons, a list, a location, a contact or cards) as compact
// blocks, so that agents see in their chat what the customer gets. Nothing in the blocks can be clicked except links.
// For example, two buttons become one line, and a location becomes another, with a link to a map:
//
//	[ Yes, please ]  [ No ]
//	📍 Warehouse · 1 Harbour Road
//
// It returns nil if the message has no interactive part. r may be nil.
func richBlocks(r *bridge.Rich) []Block {
	switch r.Kind() {
	case bridge.RichIsButtons:
		return []Block{shape.Line(buttonPieces(r.Buttons)...)}
	case bridge.RichIsList:
		return listBlocks(r.List)
	case bridge.RichIsLocation:
		return []Block{locationBlock(r.Location)}
	case bridge.RichIsContact:
		return []Block{contactBlock(r.Contact)}
	case bridge.RichIsCards:
		var blocks []Block
		for _, card := range r.Cards {
			blocks = append(blocks, cardBlocks(card)...)
		}
		return blocks
	}
	return nil
}

// buttonPieces renders buttons as titles in brackets. The title of a button with a URL is a link.
func buttonPieces(buttons []bridge.RichButton) []Piece {
	groups := make([][]Piece, len(buttons))
	for i, b := range buttons {
		title := shape.Text("[ " + shape.OneLine(b.Title, shape.MaxNameRunes) + " ]")
		if b.URL != "" {
			title.Kind, title.URL = PieceLink, b.URL
		}
		groups[i] = []Piece{title}
	}
	return shape.JoinPieces("  ", groups...)
}

// listBlocks renders a list, which customers see as a menu. The first line is the button that opens the menu. Each
// section follows with its title and its rows.
func listBlocks(list *bridge.RichList) []Block {
	button := "[ ≡ " + shape.OneLine(list.Button, shape.MaxNameRunes) + " ]"
	blocks := []Block{shape.Line(shape.Text(button))}
	for _, section := range list.Sections {
		if section.Title != "" {
			title := shape.OneLine(section.Title, shape.MaxNameRunes)
			blocks = append(blocks, shape.SmallPrint(shape.Bold(title)))
		}

		rows := make([][]Piece, len(section.Rows))
		for i, row := range section.Rows {
			rows[i] = rowPieces(row)
		}
		blocks = append(blocks, shape.SmallPrint(shape.JoinPieces(shape.Between, rows...)...))
	}
	return blocks
}

// rowPieces renders one choice of a list: "Express (by tomorrow)".
func rowPieces(row bridge.RichRow) []Piece {
	pieces := []Piece{shape.Text(shape.OneLine(row.Title, shape.MaxNameRunes))}
	if description := shape.OneLine(row.Description, shape.MaxSubjectRunes); description != "" {
		pieces = append(pieces, shape.Text(" ("+description+")"))
	}
	return pieces
}

// locationBlock renders a location as a link to a map, followed by the address.
func locationBlock(l *bridge.RichLocation) Block {
	name := shape.Or(shape.OneLine(l.Name, shape.MaxNameRunes), "Place on the map")
	link := Piece{Kind: PieceLink, Text: name, URL: l.MapURL()}
	nameWithIcon := []Piece{shape.Icon("round_pushpin"), shape.Text(" "), link}
	return shape.Line(shape.JoinPieces(shape.Between, nameWithIcon, optionalText(l.Address))...)
}

// contactBlock renders a contact: the name, the organisation, and all phone numbers and e-mail addresses.
func contactBlock(c *bridge.RichContact) Block {
	name := shape.Or(shape.OneLine(c.Name, shape.MaxNameRunes), "Contact")
	nameWithIcon := []Piece{shape.Icon("bust_in_silhouette"), shape.Text(" "), shape.Bold(name)}
	phones := strings.Join(c.Phones, ", ")
	emails := strings.Join(c.Emails, ", ")
	return shape.Line(shape.JoinPieces(shape.Between, nameWithIcon, optionalText(c.Org), optionalText(phones), optionalText(emails))...)
}

// cardBlocks renders one card of a carousel: its title, a link to its picture, its text, and its buttons.
func cardBlocks(card bridge.RichCard) []Block {
	title := []Piece{shape.Text("▭ "), shape.Bold(shape.OneLine(card.Title, shape.MaxSubjectRunes))}
	if card.ImageURL != "" {
		picture := Piece{Kind: PieceLink, Text: "picture", URL: card.ImageURL}
		title = append(title, shape.Text(" "), picture)
	}

	blocks := []Block{shape.Line(shape.JoinPieces(shape.Between, title, optionalText(card.Text))...)}
	if len(card.Buttons) > 0 {
		blocks = append(blocks, shape.SmallPrint(buttonPieces(card.Buttons)...))
	}
	return blocks
}

// optionalText renders a text, cut to fit into a line. It returns nil for a blank text, which JoinPieces leaves out.
func optionalText(s string) []Piece {
	s = shape.OneLine(s, shape.MaxSubjectRunes)
	if s == "" {
		return nil
	}
	return []Piece{shape.Text(s)}
}
