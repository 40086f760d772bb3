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
	Mentions []Mention // who is to be told, by entities of the same text
	Summary  string    // plain text for notifications
}

// Messages writes a card as text messages, under its name with an icon (an emoji's
// shortcode) before it; buttons are left out (see HasButtons). Most need one; each begins
// with the name, so that nobody's words pass for another's. Times are in their own zone and
// say so: a text knows no other.
//
// Of the markup only what clients on phones show as well is used, so that lists are lines
// with marks.
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
	stamped bool // the last line is the time of what follows
	done    []Message
	text    strings.Builder
	size    int
	frame   frame
	people  mentions
}

// end closes a message.
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

// put adds the line that build makes within a frame, in a new message if it doesn't fit:
// there it is made again, since mentions belong to a message. With gap an empty line comes
// before it.
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
		w.text.WriteString(closing(w.frame) + opening(f)) // a frame is a paragraph of its own
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
		stamp := len(b.Pieces) == 1 && b.Pieces[0].Kind == view.PieceTime // over one of several
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

// link makes escaped text lead to an address, if it is one.
func link(text, address string) string {
	if !webURL(address) || strings.TrimSpace(text) == "" {
		return text
	}
	return `<a href="` + html.EscapeString(address) + `">` + text + "</a>"
}

// weigh is what markup takes as UTF-16, should whoever sends it escape what JSON may.
func weigh(s string) int {
	n := 0
	for _, r := range s {
		n += jsonCost(r)
	}
	return n
}

// htmlCost is what a character takes in a message.
func htmlCost(r rune) int { return weigh(html.EscapeString(string(r))) }
