package view

import (
	"strings"

	"parley/bot/shape"
)

// Plain renders a card as plain text, for notifications and text-only surfaces. Each block becomes one or more lines:
//
//	:pencil2: Carla Diaz changed “See you at five”. It says now:
//	> See you at six.
//
// It leaves out the buttons and the name under which the card is posted.
func Plain(c Card) string {
	var b strings.Builder
	for _, block := range c.Blocks {
		switch block.Kind {
		case BlockQuote:
			b.WriteString("> " + strings.ReplaceAll(strings.TrimRight(block.Text, "\n"), "\n", "\n> "))
		case BlockBody:
			b.WriteString(strings.TrimRight(block.Text, "\n"))
		case BlockItem:
			b.WriteString("- " + PlainPieces(block.Pieces))
		case BlockLine, BlockSmall:
			b.WriteString(PlainPieces(block.Pieces))
		}

		b.WriteByte('\n')
	}

	return strings.TrimRight(b.String(), "\n")
}

// PlainPieces renders the pieces of one line as plain text.
func PlainPieces(pieces []Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		switch p.Kind {
		case PieceText, PieceBold, PieceCode, PieceThread, PieceChat:
			b.WriteString(p.Text)
		case PieceIcon:
			b.WriteString(":" + p.Text + ":")
		case PieceMention:
			b.WriteString("@" + p.Text)
		case PieceTime:
			b.WriteString(shape.PlainTime(p.At, p.Zone))
		case PieceLink:
			b.WriteString(p.Text + " (" + p.URL + ")")
		case PieceTag:
			b.WriteString("[" + p.Text + "]")
		}
	}

	return b.String()
}
