package card

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// Bounds of a card.
const (
	cardVersion  = "1.5"
	pageBytes    = 40 << 10 // of a message's card as UTF-16: Teams refuses about 100 KB, older documentation says 40
	dialogBytes  = 80 << 10 // of a dialog's card as UTF-16
	rowBytes     = 12 << 10 // of one row's text as UTF-16 JSON
	labelRunes   = 75
	summaryRunes = 200
)

// Page is one message's card.
type Page struct {
	Card    json.RawMessage // content of an attachment of type ContentType
	Summary string          // plain text for notifications
	ID      string          // of the card's first element, by which Reconcile finds it
}

// Render lays c out in messages; most cards need one. A long card continues in further messages;
// buttons come last. nonce begins the nonces of the buttons and the ids of the pages. An update of a
// card needs another nonce, so that clicks on its buttons count as new ones.
func Render(c view.Card, h Home, nonce string) []Page {
	r := renderer{home: h, seed: nonce}
	r.blocks(c.Blocks)
	r.buttons(c.Buttons)
	r.end()
	if len(r.pages) == 0 {
		r.body = []element{words(" ")}
		r.end()
	}
	pages, short := make([]Page, len(r.pages)), summary(c)
	for i, p := range r.pages {
		pages[i] = Page{Card: p, Summary: short, ID: r.pageID(i)}
	}
	return pages
}

// HasButtons says whether c has buttons, so that it must be shown as a card: text messages have none.
func HasButtons(c view.Card) bool {
	for _, b := range c.Blocks {
		if len(b.Buttons) > 0 {
			return true
		}
	}
	return len(c.Buttons) > 0
}

// renderer lays blocks out in cards.
type renderer struct {
	home   Home
	seed   string
	count  int           // of buttons, for their nonces
	dialog *bridge.Place // where the dialog was opened; nil = a message
	pages  []json.RawMessage
	body   []element
	frame  frame // around the last element of body
	size   int   // of body as UTF-16 JSON
	left   int   // how many elements found no room in a dialog
	people mentions
}

// end finishes a page.
func (r *renderer) end() {
	if len(r.body) == 0 {
		return
	}
	if r.dialog == nil {
		r.body[0].ID = r.pageID(len(r.pages))
	}
	r.pages = append(r.pages, encode(r.card()))
	r.body, r.frame, r.size, r.people = nil, frameNone, 0, mentions{}
}

// pageID is the id of a page's first element. Clients show or hide elements by their ids, so Teams must
// keep it; people don't see it.
func (r *renderer) pageID(n int) string { return r.seed + "." + strconv.Itoa(n) }

func (r *renderer) card() adaptive {
	c := adaptive{Type: "AdaptiveCard", Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Version: cardVersion, Body: r.body}
	t := teams{}
	if r.dialog == nil {
		t.Width = "Full"
	}
	for _, m := range r.people.list {
		t.Entities = append(t.Entities, entity{Type: "mention", Text: m.Text, Mentioned: mentioned{ID: m.User, Name: m.Name}})
	}
	if t.Width != "" || len(t.Entities) > 0 {
		c.Teams = &t
	}
	return c
}

// put adds the element that build makes, within a frame. If it doesn't fit, put begins a new page and
// makes the element again, since mentions belong to a page. A dialog has only one page: there it counts
// the element in left.
func (r *renderer) put(f frame, build func() element) {
	people, count := slices.Clone(r.people.list), r.count
	e := build()
	size := weight(e) + r.people.weight(len(people))
	if r.dialog != nil && r.size+size > dialogBytes {
		r.people.list = people
		r.left++
		return
	}
	if r.dialog == nil && r.size > 0 && r.size+size > pageBytes {
		r.people.list, r.count = people, count
		r.end()
		e = build()
		size = weight(e) + r.people.weight(0)
	}
	r.size += size
	if f == frameNone {
		r.body = append(r.body, e)
	} else if last := len(r.body) - 1; last >= 0 && r.frame == f {
		r.body[last].Items = append(r.body[last].Items, e)
	} else {
		r.body = append(r.body, element{Type: "Container", Style: "emphasis", Items: []element{e}})
	}
	r.frame = f
}

func (r *renderer) blocks(blocks []view.Block) {
	for _, b := range blocks {
		switch b.Kind {
		case view.BlockBody, view.BlockQuote:
			for _, row := range rows(b.Text, b.Kind == view.BlockQuote, measure{rowBytes, jsonCost, true}) {
				if row.gap && row.frame == frameCode {
					r.frame = frameNone // two pieces of code in a row are two boxes
				}
				r.put(row.frame, func() element { return rowElement(row) })
			}
		case view.BlockSmall:
			r.put(frameNone, func() element {
				e := r.line(b.Pieces, true)
				e.Spacing = "Small"
				return e
			})
		case view.BlockLine:
			r.put(frameNone, func() element { return r.line(b.Pieces, false) })
		case view.BlockItem:
			r.item(b)
		}
	}
}

// item lays out an entry of a list: a single button beside it, several below it.
func (r *renderer) item(b view.Block) {
	line := func() element { return r.line(b.Pieces, false) }
	if len(b.Buttons) != 1 || b.Buttons[0].Confirm != "" {
		r.put(frameNone, line)
		r.buttons(b.Buttons)
		return
	}
	r.put(frameNone, func() element {
		return element{Type: "ColumnSet", Columns: []element{
			{Type: "Column", Width: "stretch", Center: "Center", Items: []element{line()}},
			{Type: "Column", Width: "auto", Center: "Center", Items: []element{r.actionSet(b.Buttons, 0)}},
		}}
	})
}

func (r *renderer) buttons(buttons []view.Button) {
	row := max(len(buttons), 1)
	if r.dialog != nil {
		row = rowMost
	}
	for _, set := range view.Rows(buttons, row) {
		r.put(frameNone, func() element { return r.actionRow(set) })
	}
}

// rowElement is a line of literal runs.
func rowElement(row row) element {
	e := element{Type: "RichTextBlock"}
	if !row.gap {
		e.Spacing = "None"
	}
	for _, m := range row.runs {
		run := textRun(m.Text)
		if row.frame == frameCode || m.Style.Code {
			run.Font, run.Text = "Monospace", strings.ReplaceAll(strings.ReplaceAll(run.Text, "\t", "    "), "  ", "\u00a0 ")
		}
		if m.Style.Bold {
			run.Weight = "Bolder"
		}
		run.Italic, run.Strike = m.Style.Italic, m.Style.Strike
		e.Inlines = append(e.Inlines, run)
	}
	if len(e.Inlines) == 0 {
		e.Inlines = []inline{textRun("\u00a0")}
	}
	return e
}

// words makes a paragraph of literal text.
func words(s string) element {
	return element{Type: "RichTextBlock", Inlines: []inline{textRun(s)}}
}

// weight is about how many bytes of UTF-16 an element takes in a message, if its sender escapes all that
// JSON may escape.
func weight(e element) int {
	raw, err := json.Marshal(e)
	if err != nil {
		return pageBytes
	}
	return wide(string(raw)) + 2
}

// jsonCost is about how many bytes of UTF-16 a character takes in a card.
func jsonCost(r rune) int {
	switch {
	case r < ' ' || r == '\u2028' || r == '\u2029' || r == '<' || r == '>' || r == '&':
		return 12
	case r == '"' || r == '\\' || r > 0xffff:
		return 4
	}
	return 2
}

func summary(c view.Card) string {
	words := strings.Join(strings.Fields(oneLine(Plain(c))), " ")
	return strings.TrimSpace(markdown.Cut(words, summaryRunes))
}

// Plain gives the beginning of a card as plain text: a line for each block, with icons as characters.
func Plain(c view.Card) string {
	blocks := make([]view.Block, len(c.Blocks))
	for i, b := range c.Blocks {
		blocks[i] = view.Block{Kind: view.BlockLine, Pieces: slices.Clone(b.Pieces)}
		for j, p := range b.Pieces {
			if p.Kind == view.PieceIcon {
				blocks[i].Pieces[j] = view.Piece{Kind: view.PieceText, Text: emoji(p.Text)}
			}
		}
		if b.Text != "" {
			text := markdown.Plain(markdown.Parts(markdown.Cut(b.Text, 2*summaryRunes)))
			blocks[i].Pieces = []view.Piece{{Kind: view.PieceText, Text: text}}
		}
	}
	return view.Plain(view.Card{Blocks: blocks})
}
