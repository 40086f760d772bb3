package card

import (
	"cmp"
	"html"
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bot/view"
	"parley/channels/markdown"
)

// Parley shows agents what a customer wrote. Where no buttons are needed, it does so by text messages, which Teams
// formats by a small subset of XML. This file writes a view.Card, a message as every chat shows it, in that subset:
//
//	<strong>📧 Ann Lee</strong><br>Hello,<br><blockquote>it broke</blockquote>
//
// Cards with buttons become Adaptive Cards; see render.go.

// Bounds of a text message.
const (
	maxTextBytes    = 40 << 10 // of its markup as UTF-16
	maxTextRowBytes = 12 << 10 // of one line
	lineOverhead    = 60       // maximum bytes of the frame and the line break around a line
)

// Message is one text message in Teams' XML subset (textFormat "xml").
type Message struct {
	Text     string
	Mentions []Mention // the people whom Teams is to notify
	Summary  string    // plain text for notifications
}

// Messages writes a card as one or more text messages. Each begins with icon (an emoji's shortcode) and the card's
// name, so that readers see whose words follow. Buttons are left out (see HasButtons). Times include their time zone,
// because a text message can't convert them to the reader's.
//
// Messages uses only markup that phones support, so lists are lines that begin with a bullet.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages,
// read 2026-11.
func Messages(c view.Card, icon string, h Home) []Message {
	w := texter{home: h}
	if c.Name != "" {
		w.head = "<strong>" + strings.TrimSpace(findEmoji(icon)+" "+html.EscapeString(oneLine(c.Name))) + "</strong>"
	}

	for _, b := range c.Blocks {
		w.addBlock(b)
	}

	w.finishMessage()
	if len(w.done) == 0 {
		w.done = []Message{{Text: w.head}}
	}

	short := summarize(c)
	for i := range w.done {
		w.done[i].Summary = short
	}
	return w.done
}

// texter writes the text messages of one card.
type texter struct {
	home      Home
	head      string // the first line of each message; "" if the card has no name
	afterTime bool   // the last line is a time; the text that was written at that time follows
	done      []Message

	// The message that is being written:
	text   strings.Builder
	size   int   // of text, as UTF-16
	frame  frame // around the last line
	people mentions
}

// finishMessage adds the message that is being written to done, unless it is empty, and begins a new one.
func (w *texter) finishMessage() {
	if w.size == 0 {
		return
	}
	w.text.WriteString(closingTag(w.frame))
	text := w.text.String()
	if w.head != "" {
		text = w.head + "<br>" + text
	}
	w.done = append(w.done, Message{Text: text, Mentions: w.people.list})
	w.text.Reset()
	w.size = 0
	w.frame = frameNone
	w.people = mentions{}
}

// openingTag returns the tag that opens a frame; "" for frameNone.
func openingTag(f frame) string {
	switch f {
	case frameQuote:
		return "<blockquote>"
	case frameCode:
		return "<pre>"
	case frameNone:
	}
	return ""
}

func closingTag(f frame) string { return strings.Replace(openingTag(f), "<", "</", 1) }

// addLine adds the line that build returns within a frame, after an empty line if gap is set. build may add mentions
// to w. If the line doesn't fit, addLine removes these, begins a new message and calls build again.
func (w *texter) addLine(f frame, gap bool, build func() string) {
	peopleBefore := slices.Clone(w.people.list)
	line := build()
	size := escapedSize(line) + w.people.entitiesSize(len(peopleBefore)) + lineOverhead
	if w.size > 0 && w.size+size > maxTextBytes {
		w.people.list = peopleBefore
		w.finishMessage()
		line = build()
	}

	switch {
	case w.size == 0:
		w.text.WriteString(openingTag(f))
	case w.frame != f:
		w.text.WriteString(closingTag(w.frame) + openingTag(f)) // a new frame begins a paragraph, without <br>
	case gap:
		w.text.WriteString("<br><br>")
	default:
		w.text.WriteString("<br>")
	}

	w.text.WriteString(line)
	w.size += size
	w.frame = f
}

func (w *texter) addBlock(b view.Block) {
	switch b.Kind {
	case view.BlockBody, view.BlockQuote:
		limits := measure{maxCost: maxTextRowBytes, cost: htmlCost}
		for i, row := range cutIntoRows(b.Text, b.Kind == view.BlockQuote, limits) {
			isBelowTime := i == 0 && w.afterTime
			gap := row.gap && !isBelowTime
			w.addLine(row.frame, gap, func() string { return runsMarkup(row.runs, row.frame) })
		}
	case view.BlockItem:
		const gap = false
		w.addLine(frameNone, gap, func() string { return "• " + w.lineMarkup(b.Pieces) })
	case view.BlockLine, view.BlockSmall:
		isTime := len(b.Pieces) == 1 && b.Pieces[0].Kind == view.PieceTime
		w.addLine(frameNone, isTime, func() string { return w.lineMarkup(b.Pieces) })
		w.afterTime = isTime
		return
	}

	w.afterTime = false
}

func (w *texter) lineMarkup(pieces []view.Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		text := html.EscapeString(oneLine(shape.CutPiece(p).Text))
		switch p.Kind {
		case view.PieceBold:
			text = "<strong>" + text + "</strong>"
		case view.PieceCode:
			text = "<code>" + text + "</code>"
		case view.PieceIcon:
			text = findEmoji(p.Text)
		case view.PieceTag:
			text = findEmoji(view.TagIcon(p.Color)) + " " + text
		case view.PieceMention:
			text = cmp.Or(w.people.add(p.Agent, p.Text), text)
		case view.PieceTime:
			text = html.EscapeString(shape.ShortTime(p.At, p.Zone))
		case view.PieceLink:
			text = htmlLink(text, p.URL)
		case view.PieceThread:
			text = htmlLink(text, w.home.Link(p.Place))
		case view.PieceChat:
			text = htmlLink(text, w.home.chatLink(p))
		case view.PieceText:
		}

		b.WriteString(text)
	}

	return b.String()
}

// runsMarkup renders the runs of a line. Code has no formatting.
func runsMarkup(runs []markdown.Run, f frame) string {
	var b strings.Builder
	for _, r := range runs {
		text := html.EscapeString(r.Text)
		if f == frameCode {
			b.WriteString(text)
			continue
		}
		b.WriteString(htmlLink(styledMarkup(text, r.Style), r.URL))
	}
	return b.String()
}

// styledMarkup wraps markup in the tags of a style.
func styledMarkup(markup string, style markdown.Style) string {
	if style.Code {
		markup = "<code>" + markup + "</code>"
	}
	if style.Strike {
		markup = "<strike>" + markup + "</strike>"
	}
	if style.Italic {
		markup = "<em>" + markup + "</em>"
	}
	if style.Bold {
		markup = "<strong>" + markup + "</strong>"
	}
	return markup
}

// htmlLink returns a link, or only its text if Teams doesn't open the address.
func htmlLink(text, address string) string {
	if !isWebURL(address) || strings.TrimSpace(text) == "" {
		return text
	}
	return `<a href="` + html.EscapeString(address) + `">` + text + "</a>"
}

// escapedSize returns the size of a text in JSON, in bytes of UTF-16, with each character escaped that JSON may escape.
func escapedSize(s string) int {
	n := 0
	for _, r := range s {
		n += jsonCost(r)
	}
	return n
}

// htmlCost returns how many bytes a character takes in a text message.
func htmlCost(r rune) int { return escapedSize(html.EscapeString(string(r))) }
