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

// A view.Card describes a message or dialog independently of the chat that shows it, as a list of blocks: lines,
// quotes, buttons and so on. This file draws it as an Adaptive Card, Microsoft's JSON format. A card that is too large
// for one message continues in another one; each is called a page.
//
//	line "*Ann* asks"       {"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Ann",…
//	quote "> it broke"  →   {"type":"Container","style":"emphasis","items":[…
//	button "Take"           {"type":"ActionSet","actions":[{"type":"Action.Execute","title":"Take",…

// Bounds of a card. Teams counts the size of messages as UTF-16.
const (
	cardVersion     = "1.5"
	maxPageBytes    = 40 << 10 // of a message's card: older documentation says 40 KB, and Teams refuses about 100 KB
	maxDialogBytes  = 80 << 10 // of a dialog's card
	maxRowBytes     = 12 << 10 // of one row's text as JSON
	maxLabelRunes   = 75
	maxSummaryRunes = 200
)

// Page is the card of one message.
type Page struct {
	Card    json.RawMessage // content of an attachment of type ContentType
	Summary string          // plain text for notifications
	ID      string          // of the card's first element, to find the posted message again
}

// Render draws c as one or more pages. The buttons are on the last one. The ids of pages and buttons begin with nonce.
// An update of a card needs a new nonce, so that clicks on it count as new ones.
func Render(c view.Card, h Home, nonce string) []Page {
	r := renderer{home: h, seed: nonce}
	r.addBlocks(c.Blocks)
	r.addButtons(c.Buttons)
	r.finishPage()
	if len(r.pages) == 0 {
		r.body = []element{makeParagraph(" ")} // Teams doesn't show empty cards
		r.finishPage()
	}

	pages := make([]Page, len(r.pages))
	short := summarize(c)
	for i, p := range r.pages {
		pages[i] = Page{Card: p, Summary: short, ID: r.pageID(i)}
	}
	return pages
}

// HasButtons reports whether c has buttons, so that it must be sent as a card and not as text messages.
func HasButtons(c view.Card) bool {
	for _, b := range c.Blocks {
		if len(b.Buttons) > 0 {
			return true
		}
	}
	return len(c.Buttons) > 0
}

// renderer draws the blocks of one view.Card, for a message or a dialog.
type renderer struct {
	home        Home
	seed        string        // the beginning of the ids of pages and buttons
	buttonCount int           // so far
	dialog      *bridge.Place // where the dialog was opened; nil for a message
	pages       []json.RawMessage
	leftOut     int // how many elements didn't fit into a dialog

	// The page that is being filled:
	body   []element
	frame  frame // around the last element of body
	size   int   // of body as UTF-16 JSON
	people mentions
}

// finishPage adds the page that is being filled to pages, unless it is empty, and begins a new one.
func (r *renderer) finishPage() {
	if len(r.body) == 0 {
		return
	}
	if r.dialog == nil {
		r.body[0].ID = r.pageID(len(r.pages))
	}
	r.pages = append(r.pages, encode(r.adaptiveCard()))
	r.body = nil
	r.frame = frameNone
	r.size = 0
	r.people = mentions{}
}

// pageID returns the id of a page's first element. People don't see it, and Teams stores it with the message.
func (r *renderer) pageID(n int) string { return r.seed + "." + strconv.Itoa(n) }

// adaptiveCard makes a card of the page that is being filled.
func (r *renderer) adaptiveCard() adaptive {
	c := adaptive{
		Type:    "AdaptiveCard",
		Schema:  "http://adaptivecards.io/schemas/adaptive-card.json",
		Version: cardVersion,
		Body:    r.body,
	}
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

// addElement adds the element that build returns within a frame. build may add mentions and buttons to r. If the
// element doesn't fit, addElement removes these, begins a new page and calls build again. A dialog has only one page,
// so an element that doesn't fit is left out and counted.
func (r *renderer) addElement(f frame, build func() element) {
	peopleBefore := slices.Clone(r.people.list)
	countBefore := r.buttonCount
	e := build()
	size := elementSize(e) + r.people.entitiesSize(len(peopleBefore))
	if r.dialog != nil && r.size+size > maxDialogBytes {
		r.people.list = peopleBefore
		r.leftOut++
		return
	}

	isPageFull := r.size > 0 && r.size+size > maxPageBytes
	if r.dialog == nil && isPageFull {
		r.people.list = peopleBefore
		r.buttonCount = countBefore
		r.finishPage()
		e = build()
		size = elementSize(e) + r.people.entitiesSize(0)
	}

	r.size += size
	r.appendInFrame(f, e)
}

// appendInFrame appends an element to the page. Successive elements with the same frame share one container.
func (r *renderer) appendInFrame(f frame, e element) {
	last := len(r.body) - 1
	switch {
	case f == frameNone:
		r.body = append(r.body, e)
	case last >= 0 && r.frame == f:
		r.body[last].Items = append(r.body[last].Items, e)
	default:
		r.body = append(r.body, element{Type: "Container", Style: "emphasis", Items: []element{e}})
	}
	r.frame = f
}

func (r *renderer) addBlocks(blocks []view.Block) {
	for _, b := range blocks {
		switch b.Kind {
		case view.BlockBody, view.BlockQuote:
			limits := measure{maxCost: maxRowBytes, cost: jsonCost, spellLinks: true}
			for _, row := range cutIntoRows(b.Text, b.Kind == view.BlockQuote, limits) {
				if row.gap && row.frame == frameCode {
					r.frame = frameNone // the next piece of code gets its own container
				}
				r.addElement(row.frame, func() element { return rowElement(row) })
			}
		case view.BlockSmall:
			r.addElement(frameNone, func() element {
				e := r.lineElement(b.Pieces, sizeSmall)
				e.Spacing = "Small"
				return e
			})
		case view.BlockLine:
			r.addElement(frameNone, func() element { return r.lineElement(b.Pieces, sizeNormal) })
		case view.BlockItem:
			r.addItem(b)
		}
	}
}

// addItem draws an entry of a list. A single button is beside it. Several buttons, or one with a confirmation, are
// below it, because the confirmation opens below its button.
func (r *renderer) addItem(b view.Block) {
	line := func() element { return r.lineElement(b.Pieces, sizeNormal) }
	if len(b.Buttons) != 1 || b.Buttons[0].Confirm != "" {
		r.addElement(frameNone, line)
		r.addButtons(b.Buttons)
		return
	}
	r.addElement(frameNone, func() element {
		return element{Type: "ColumnSet", Columns: []element{
			{Type: "Column", Width: "stretch", VerticalAlign: "Center", Items: []element{line()}},
			{Type: "Column", Width: "auto", VerticalAlign: "Center", Items: []element{r.actionSet(b.Buttons, 0)}},
		}}
	})
}

// addButtons adds buttons. In a dialog, their rows fit a phone.
func (r *renderer) addButtons(buttons []view.Button) {
	rows := view.Rows(buttons, max(len(buttons), 1))
	if r.dialog != nil {
		rows = dialogRows(buttons)
	}
	for _, set := range rows {
		r.addElement(frameNone, func() element { return r.actionRow(set) })
	}
}

// rowElement draws one row of a longer text (see row).
func rowElement(row row) element {
	e := element{Type: "RichTextBlock"}
	if !row.gap {
		e.Spacing = "None"
	}

	for _, m := range row.runs {
		run := textRun(m.Text)
		if row.frame == frameCode || m.Style.Code {
			run.Font = "Monospace"
			spaces := strings.ReplaceAll(run.Text, "\t", "    ")
			run.Text = strings.ReplaceAll(spaces, "  ", "\u00a0 ") // clients collapse plain spaces
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

// makeParagraph makes a paragraph of literal text.
func makeParagraph(s string) element {
	return element{Type: "RichTextBlock", Inlines: []inline{textRun(s)}}
}

// elementSize estimates the size of an element in bytes of UTF-16, with each character escaped that JSON may escape.
func elementSize(e element) int {
	raw, err := json.Marshal(e)
	if err != nil {
		return maxPageBytes
	}
	return utf16Size(string(raw)) + 2
}

// jsonCost returns the size of a character in JSON, in bytes of UTF-16, escaped if JSON may escape it.
func jsonCost(r rune) int {
	switch r {
	case '\u2028', '\u2029', '<', '>', '&':
		return escapedBytes
	case '"', '\\':
		return pairBytes
	}
	if r < ' ' {
		return escapedBytes
	}
	if r > maxOneUnit {
		return pairBytes
	}
	return unitBytes
}

// summarize returns a card's text for notifications, as one line.
func summarize(c view.Card) string {
	words := strings.Join(strings.Fields(oneLine(Plain(c))), " ")
	return strings.TrimSpace(markdown.Cut(words, maxSummaryRunes))
}

// Plain returns the beginning of a card as plain text: a line for each block, with emoji for icons.
func Plain(c view.Card) string {
	blocks := make([]view.Block, len(c.Blocks))
	for i, b := range c.Blocks {
		blocks[i] = view.Block{Kind: view.BlockLine, Pieces: slices.Clone(b.Pieces)}
		for j, p := range b.Pieces {
			if p.Kind == view.PieceIcon {
				blocks[i].Pieces[j] = view.Piece{Kind: view.PieceText, Text: findEmoji(p.Text)}
			}
		}

		if b.Text != "" {
			text := markdown.Plain(markdown.Parts(markdown.Cut(b.Text, 2*maxSummaryRunes)))
			blocks[i].Pieces = []view.Piece{{Kind: view.PieceText, Text: text}}
		}
	}

	return view.Plain(view.Card{Blocks: blocks})
}
