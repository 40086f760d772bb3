package card

import (
	"html"
	"slices"
	"strings"

	"parley/bot/view"
	"parley/channels/markdown"
)

// Bounds of a text message.
const (
	textBytes    = 40 << 10 // of its markup as UTF-16
	textRowBytes = 12 << 10 // of one line
)

// Message is one text message in Teams' XML subset (textFormat "xml").
type Message struct {
	Text     string
	Mentions []Mention // the people whom Teams is to notify, by entities with the same text
	Summary  string    // plain text for notifications
}

// Messages writes a card as text messages; most cards need one. Each message begins with the card's name,
// so that nobody's words pass for another's, and icon (an emoji's shortcode) stands before the name.
// Buttons are left out (see HasButtons). Times are in their own zone and name it, since a text can't
// show the reader's.
//
// It uses only markup that clients on phones show, too, so that lists are lines with marks.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages,
// read 2026-11.
func Messages(c view.Card, icon string, h Home) []Message {
	w := texter{home: h}
	if c.Name != "" {
		w.head = "<strong>" + strings.TrimSpace(emoji(icon)+" "+html.EscapeString(oneLine(c.Name))) + "</strong>"
	}
	for _, b := range c.Blocks {
		w.block(b)
	}
	w.end()
	if len(w.done) == 0 {
		w.done = []Message{{Text: w.head}}
	}
	short := summary(c)
	for i := range w.done {
		w.done[i].Summary = short
	}
	return w.done
}

// texter writes text messages.
type texter struct {
	home    Home
	head    string
	stamped bool // the last line is the time of the message below it
	done    []Message
	text    strings.Builder
	size    int
	frame   frame
	people  mentions
}

// end finishes a message.
func (w *texter) end() {
	if w.size == 0 {
		return
	}
	w.text.WriteString(closing(w.frame))
	text := w.text.String()
	if w.head != "" {
		text = w.head + "<br>" + text
	}
	w.done = append(w.done, Message{Text: text, Mentions: w.people.list})
	w.text.Reset()
	w.size, w.frame, w.people = 0, frameNone, mentions{}
}

func opening(f frame) string {
	switch f {
	case frameQuote:
		return "<blockquote>"
	case frameCode:
		return "<pre>"
	case frameNone:
	}
	return ""
}

func closing(f frame) string { return strings.Replace(opening(f), "<", "</", 1) }

// put adds the line that build makes, within a frame; with gap, after an empty line. If the line doesn't
// fit, put begins a new message and makes the line again, since mentions belong to a message.
func (w *texter) put(f frame, gap bool, build func() string) {
	people := slices.Clone(w.people.list)
	line := build()
	size := weigh(line) + w.people.weight(len(people)) + 60
	if w.size > 0 && w.size+size > textBytes {
		w.people.list = people
		w.end()
		line = build()
	}
	switch {
	case w.size == 0:
		w.text.WriteString(opening(f))
	case w.frame != f:
		w.text.WriteString(closing(w.frame) + opening(f)) // another frame begins a paragraph of its own
	case gap:
		w.text.WriteString("<br><br>")
	default:
		w.text.WriteString("<br>")
	}
	w.text.WriteString(line)
	w.size += size
	w.frame = f
}

func (w *texter) block(b view.Block) {
	switch b.Kind {
	case view.BlockBody, view.BlockQuote:
		for i, row := range rows(b.Text, b.Kind == view.BlockQuote, measure{textRowBytes, htmlCost, false}) {
			w.put(row.frame, row.gap && (i > 0 || !w.stamped), func() string { return markup(row.runs, row.frame) })
		}
	case view.BlockItem:
		w.put(frameNone, false, func() string { return "• " + w.line(b.Pieces) })
	case view.BlockLine, view.BlockSmall:
		stamp := len(b.Pieces) == 1 && b.Pieces[0].Kind == view.PieceTime // the time above one of several messages
		w.put(frameNone, stamp, func() string { return w.line(b.Pieces) })
		w.stamped = stamp
		return
	}
	w.stamped = false
}

// line renders pieces as one line.
func (w *texter) line(pieces []view.Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		text := html.EscapeString(oneLine(markdown.Cut(p.Text, pieceRunes)))
		switch p.Kind {
		case view.PieceBold:
			text = "<strong>" + text + "</strong>"
		case view.PieceCode:
			text = "<code>" + text + "</code>"
		case view.PieceIcon:
			text = emoji(p.Text)
		case view.PieceTag:
			text = emoji(view.TagIcon(p.Color)) + " " + text
		case view.PieceMention:
			if at := w.people.mention(p.Agent, p.Text); at != "" {
				text = at
			}
		case view.PieceTime:
			text = html.EscapeString(clock(p.At, p.Zone))
		case view.PieceLink:
			text = link(text, p.URL)
		case view.PieceThread:
			text = link(text, w.home.Link(p.Place))
		case view.PieceText:
		}
		b.WriteString(text)
	}
	return b.String()
}

// markup renders runs of literal text.
func markup(runs []markdown.Run, f frame) string {
	var b strings.Builder
	for _, r := range runs {
		text := html.EscapeString(r.Text)
		if f == frameCode {
			b.WriteString(text)
			continue
		}
		for _, tag := range [...]struct {
			on   bool
			name string
		}{{r.Style.Code, "code"}, {r.Style.Strike, "strike"}, {r.Style.Italic, "em"}, {r.Style.Bold, "strong"}} {
			if tag.on {
				text = "<" + tag.name + ">" + text + "</" + tag.name + ">"
			}
		}
		b.WriteString(link(text, r.URL))
	}
	return b.String()
}

// link makes a link of escaped text, or gives the text alone if the address is none that Teams opens.
func link(text, address string) string {
	if !webURL(address) || strings.TrimSpace(text) == "" {
		return text
	}
	return `<a href="` + html.EscapeString(address) + `">` + text + "</a>"
}

// weigh is how many bytes of UTF-16 markup takes at most, if its sender escapes all that JSON may escape.
func weigh(s string) int {
	n := 0
	for _, r := range s {
		n += jsonCost(r)
	}
	return n
}

// htmlCost is how many bytes a character takes in a message; see weigh.
func htmlCost(r rune) int { return weigh(html.EscapeString(string(r))) }
