package card

import (
	"encoding/json"

	"parley/bot/view"
	"parley/bridge"
)

// Bounds of a card.
const (
	cardVersion  = "1.5"
	pageBytes    = 40 << 10 // of a message's JSON as UTF-16; Teams refuses about 100 KB, older pages say 40
	labelRunes   = 75
	summaryRunes = 200
)

// Page is one message's card.
type Page struct {
	Card    json.RawMessage // content of an attachment of type ContentType
	Summary string          // plain text for notifications
}

// Render lays c out in messages; most need one. Nonce begins the nonces of its buttons:
// a new one each time the card is brought up to date makes their clicks new.
func Render(c view.Card, h Home, nonce string) []Page {
	r := renderer{home: h, seed: nonce}
	for _, b := range c.Blocks {
		r.block(b)
	}
	r.buttons(c.Buttons)
	return []Page{{Card: r.card(), Summary: summary(c)}}
}

// renderer collects the body of a card.
type renderer struct {
	home   Home
	seed   string
	count  int           // of buttons, for their nonces
	dialog *bridge.Place // where the dialog was opened; nil = a message
	body   []element
	people []entity
}

func (r *renderer) card() json.RawMessage {
	c := adaptive{Type: "AdaptiveCard", Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Version: cardVersion, Body: r.body}
	c.Teams = &teams{Width: "Full", Entities: r.people}
	return encode(c)
}

func (r *renderer) block(b view.Block) {
	switch b.Kind {
	case view.BlockBody, view.BlockQuote:
		r.body = append(r.body, words(b.Text))
	case view.BlockLine, view.BlockSmall, view.BlockItem:
		r.body = append(r.body, words(view.PlainPieces(b.Pieces)))
		r.buttons(b.Buttons)
	}
}

func (r *renderer) buttons(buttons []view.Button) {
	if len(buttons) > 0 {
		r.body = append(r.body, r.actionSet(buttons))
	}
}

// words are a paragraph of literal text.
func words(s string) element {
	return element{Type: "RichTextBlock", Inlines: []inline{{Type: "TextRun", Text: s}}}
}

func summary(c view.Card) string { return cutRunes(view.Plain(c), summaryRunes) }

// cutRunes gives at most n runes of s.
func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
