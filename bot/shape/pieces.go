package shape

import (
	"strings"
	"time"

	"parley/bridge"
)

// Maximum lengths of customers' words in a card.
const (
	MaxNameRunes    = 60
	MaxSubjectRunes = 120
	MaxPreviewRunes = 120
)

// Between separates the parts of a line.
const Between = " · "

// Text, Bold and the other functions below make the pieces of which a card's lines consist. For example,
//
//	Line(Bold("Ann Lee"), Text(" wrote at "), At(when, zone))
//
// makes a line whose time each reader sees in his own time zone.

// Text makes a piece of plain text.
func Text(s string) Piece { return Piece{Kind: PieceText, Text: s} }

// Bold makes a piece of emphasised text.
func Bold(s string) Piece { return Piece{Kind: PieceBold, Text: s} }

// Code makes a piece in a monospaced font, such as a command to type.
func Code(s string) Piece { return Piece{Kind: PieceCode, Text: s} }

// Icon makes an emoji from its shortcode, without colons: Icon("paperclip").
func Icon(shortcode string) Piece { return Piece{Kind: PieceIcon, Text: shortcode} }

// Tag makes a coloured tag.
func Tag(t bridge.Tag) Piece {
	return Piece{Kind: PieceTag, Text: OneLine(t.Name, MaxNameRunes), Color: t.Color}
}

// Mention makes a mention of an agent, whom the chat notifies.
func Mention(a bridge.AgentRef) Piece { return Piece{Kind: PieceMention, Text: AgentName(a), Agent: a} }

// At makes a time. The chat shows it in the reader's time zone if it can, and otherwise in zone; nil means UTC.
func At(t time.Time, zone *time.Location) Piece {
	if zone == nil {
		zone = time.UTC
	}
	return Piece{Kind: PieceTime, At: t, Zone: zone}
}

// Thread makes a link to a thread. root is the place of the thread's first message; if it is zero, there is no thread yet,
// and Thread returns plain text.
func Thread(label string, root bridge.Place) Piece {
	if root.Channel == "" {
		return Text(label)
	}
	return Piece{Kind: PieceThread, Text: label, Place: root}
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
func Line(pieces ...Piece) Block { return Block{Kind: BlockLine, Pieces: pieces} }

// SmallPrint makes a less prominent line.
func SmallPrint(pieces ...Piece) Block { return Block{Kind: BlockSmall, Pieces: pieces} }

// Sentence makes a line from strings (plain text), Pieces and []Pieces: Sentence("Assigned to ", Mention(agent), "."). It
// ignores values of other types.
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

// maxPieceRunes is the maximum length of one piece's text.
const maxPieceRunes = 500

// CutPiece cuts the text of a piece that is too long, and ends it with "…".
func CutPiece(p Piece) Piece {
	if runes := []rune(p.Text); len(runes) > maxPieceRunes {
		p.Text = string(runes[:maxPieceRunes-1]) + "…"
	}
	return p
}

// JoinPieces joins groups of pieces with a separator. It skips empty groups.
func JoinPieces(sep string, groups ...[]Piece) []Piece {
	var joined []Piece
	for _, group := range groups {
		if len(group) == 0 {
			continue
		}
		if len(joined) > 0 {
			joined = append(joined, Text(sep))
		}
		joined = append(joined, group...)
	}
	return joined
}

// Quote shows a Markdown text as a quotation. It returns nil if the text is blank.
func Quote(text string) []Block {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return []Block{{Kind: BlockQuote, Text: text}}
}

// OneLine makes an untrusted text safe to show within a line, and cuts it to maxRunes. It removes line breaks, invisible
// characters, and characters that change the direction of text (typed.Visible).
func OneLine(s string, maxRunes int) string {
	s = Visible(s)
	if runes := []rune(s); len(runes) > maxRunes {
		s = strings.TrimSpace(string(runes[:maxRunes-1])) + "…"
	}
	return isolateWords(s)
}

// PlainTime formats a time with its weekday in zone: "Fri 20 Nov 2026 14:30 CET". A nil zone means UTC.
func PlainTime(t time.Time, zone *time.Location) string {
	return formatIn(zone, t, "Mon 2 Jan 2006 15:04 MST")
}

// ShortTime formats a time in zone: "20 Nov 2026 14:30 CET". A nil zone means UTC. It is for chats that can't show a time in
// the reader's own time zone.
func ShortTime(t time.Time, zone *time.Location) string {
	return formatIn(zone, t, "2 Jan 2006 15:04 MST")
}

func formatIn(zone *time.Location, t time.Time, layout string) string {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format(layout)
}
