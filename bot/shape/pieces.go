package shape

import (
	"strings"
	"time"

	"parley/bot/typed"
	"parley/bridge"
)

// Lengths of what a card shows of a customer's words, in runes.
const (
	MaxNameRunes    = 60
	MaxSubjectRunes = 120
	MaxPreviewRunes = 120
)

// Between stands between the parts of a line.
const Between = " · "

// Text makes a piece of plain text.
func Text(s string) Piece { return Piece{Kind: PieceText, Text: s} }

// Bold makes a piece of emphasised text.
func Bold(s string) Piece { return Piece{Kind: PieceBold, Text: s} }

// Code makes a piece of text such as a command to type.
func Code(s string) Piece { return Piece{Kind: PieceCode, Text: s} }

// Icon makes an emoji of its shortcode, without colons.
func Icon(shortcode string) Piece { return Piece{Kind: PieceIcon, Text: shortcode} }

// Tag shows a tag with its colour.
func Tag(t bridge.Tag) Piece {
	return Piece{Kind: PieceTag, Text: OneLine(t.Name, MaxNameRunes), Color: t.Color}
}

// Mention names an agent and notifies them.
func Mention(a bridge.AgentRef) Piece { return Piece{Kind: PieceMention, Text: AgentName(a), Agent: a} }

// At shows a moment: in the reader's zone where possible, and otherwise in zone; nil means UTC.
func At(t time.Time, zone *time.Location) Piece {
	if zone == nil {
		zone = time.UTC
	}
	return Piece{Kind: PieceTime, At: t, Zone: zone}
}

// Thread makes a link to the message with which a thread begins, or plain text while there is no thread.
func Thread(label string, place bridge.Place) Piece {
	if place.Channel == "" {
		return Text(label)
	}
	return Piece{Kind: PieceThread, Text: label, Place: place}
}

// ThreadLink makes a link to a conversation's thread. If the thread is in another chat, it only names that chat.
func ThreadLink(label string, f bridge.Facts) []Piece {
	pieces := []Piece{Thread(label, f.Thread.Root)}
	if f.Thread.Root.Channel == "" && f.Thread.Elsewhere != "" {
		pieces = append(pieces, Text(" in "+OneLine(f.Thread.Elsewhere, MaxNameRunes)))
	}
	return pieces
}

// Line makes a paragraph of one line.
func Line(p ...Piece) Block { return Block{Kind: BlockLine, Pieces: p} }

// SmallPrint makes a less prominent line.
func SmallPrint(p ...Piece) Block { return Block{Kind: BlockSmall, Pieces: p} }

// Sentence makes a line of its parts, which are strings (literal text), Pieces or []Pieces. It leaves out anything else.
func Sentence(parts ...any) Block {
	var pieces []Piece
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			if p != "" {
				pieces = append(pieces, Text(p))
			}
		case Piece:
			pieces = append(pieces, p)
		case []Piece:
			pieces = append(pieces, p...)
		}
	}

	return Line(pieces...)
}

// maxPieceRunes bounds the text of one piece.
const maxPieceRunes = 500

// CutPiece cuts the text of a piece that is too long for a line, and ends it with "…" then.
func CutPiece(p Piece) Piece {
	if runes := []rune(p.Text); len(runes) > maxPieceRunes {
		p.Text = string(runes[:maxPieceRunes-1]) + "…"
	}
	return p
}

// JoinPieces puts the separator between groups of pieces. It leaves out empty groups.
func JoinPieces(sep string, groups ...[]Piece) []Piece {
	var all []Piece
	for _, g := range groups {
		if len(g) == 0 {
			continue
		}
		if len(all) > 0 {
			all = append(all, Text(sep))
		}
		all = append(all, g...)
	}
	return all
}

// Quote shows somebody's words as a quotation. It returns nil if there are none.
func Quote(words string) []Block {
	if strings.TrimSpace(words) == "" {
		return nil
	}
	return []Block{{Kind: BlockQuote, Text: words}}
}

// OneLine makes untrusted words fit into a line of maxRunes at most. Of the words it keeps what typed.Visible does: no line
// breaks, no invisible characters, and none that change the direction of writing.
func OneLine(s string, maxRunes int) string {
	s = typed.Visible(s)
	if runes := []rune(s); len(runes) > maxRunes {
		s = strings.TrimSpace(string(runes[:maxRunes-1])) + "…"
	}
	return isolateWords(s)
}

// PlainTime writes a moment with its weekday and zone; nil means UTC.
// Shape: Fri 20 Nov 2026 14:30 CET
func PlainTime(t time.Time, zone *time.Location) string {
	return formatIn(zone, t, "Mon 2 Jan 2006 15:04 MST")
}

// ShortTime writes a moment with its zone; nil means UTC. It is for chats that can't show a time in the reader's own zone.
// Shape: 20 Nov 2026 14:30 CET
func ShortTime(t time.Time, zone *time.Location) string {
	return formatIn(zone, t, "2 Jan 2006 15:04 MST")
}

func formatIn(zone *time.Location, t time.Time, layout string) string {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format(layout)
}
