package view

import (
	"strings"

	"parley/bridge"
)

// Said is a customer's message; Card.Name is the customer's, marked as such, so that
// nobody outside can pose as a colleague.
func Said(s bridge.Said) Card {
	c := Card{Name: CustomerName(s.From)}
	if strings.TrimSpace(s.Text) != "" {
		c.Blocks = append(c.Blocks, Block{Kind: BlockBody, Text: s.Text})
	} else if len(s.Files) == 0 && len(s.Notices) == 0 {
		c.Blocks = append(c.Blocks, small(text("(a message without text)")))
	}
	if s.ShowQuote && strings.TrimSpace(s.Quoted) != "" {
		c.Blocks = append(c.Blocks, Block{Kind: BlockQuote, Text: s.Quoted})
	}
	for _, n := range s.Notices {
		c.Blocks = append(c.Blocks, small(icon("information_source"), text(" "+oneLine(n, 300))))
	}
	if len(s.Files) > 0 {
		c.Blocks = append(c.Blocks, small(fileNames(s.Files)...))
	}
	if s.Original != "" {
		c.Blocks = append(c.Blocks, small(Piece{Kind: PieceLink, Text: "Show the original", URL: s.Original}))
	}
	return c
}

// Files is the line above files that a customer sent.
func Files(from bridge.PartyRef, names []string) Card {
	return Card{Name: CustomerName(from), Blocks: []Block{small(joined(" ", []Piece{text("From " + partyName(from) + ":")}, fileNames(names))...)}}
}

// CustomerName is the name that a customer's messages are posted under.
func CustomerName(p bridge.PartyRef) string { return partyName(p) + " (customer)" }

func fileNames(names []string) []Piece {
	list := make([]string, len(names))
	for i, n := range names {
		if list[i] = oneLine(n, maxNameRunes); list[i] == "" {
			list[i] = "unnamed file"
		}
	}
	return []Piece{icon("paperclip"), text(" " + strings.Join(list, ", "))}
}
