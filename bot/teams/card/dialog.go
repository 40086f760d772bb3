package card

import (
	"cmp"
	"encoding/json"
	"fmt"

	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// maxTitleRunes bounds a dialog's title, in runes. Titles of bot/view are shorter: 24.
const maxTitleRunes = 64

// Dialog is what an answer to task/fetch or task/submit shows.
// Shape: {"task":{"type":"continue","value":{"title":…,"width":…,"height":…,"card":attachment}}}
type Dialog struct {
	Title  string
	Width  string          // small, medium or large
	Height string          // small, medium or large
	Card   json.RawMessage // content of an attachment of type ContentType
}

// Window makes a dialog of a card. at is the place where it was opened. A click on a button submits the dialog (task/submit),
// and our answer is the next one. nonce is as for Render.
func Window(c view.Card, at bridge.Place, h Home, nonce string) Dialog {
	r := renderer{home: h, seed: nonce, dialog: &at}
	r.addBlocks(c.Blocks)
	return r.finishWindow(c.Title, c.Buttons)
}

// finishWindow adds the remark about what is left out and the buttons to a dialog, and finishes it.
func (r *renderer) finishWindow(title string, buttons []view.Button) Dialog {
	if r.leftOut > 0 {
		r.body = append(r.body, makeParagraph(fmt.Sprintf("… and %d more, for which there is no room here.", r.leftOut)))
	}
	r.size = 0 // the buttons always have room
	r.addButtons(buttons)
	return r.finishDialog(title)
}

// Bounds of a dialog's height. They are estimates: nothing says how high a card will be. A dialog is small if it has few
// elements, such as one question, and large if it has as many as a list.
const (
	minMediumElements = 4
	maxMediumElements = 14
	minMediumBytes    = 2000
	maxMediumBytes    = 9000
)

// finishDialog makes the dialog of what was laid out. Its height is estimated.
func (r *renderer) finishDialog(title string) Dialog {
	title = cmp.Or(markdown.Cut(oneLine(title), maxTitleRunes), "Parley")
	d := Dialog{Title: title, Width: "medium", Height: "medium", Card: encode(r.adaptiveCard())}
	if len(r.body) < minMediumElements && len(d.Card) < minMediumBytes {
		d.Height = "small"
	}
	if len(r.body) > maxMediumElements || len(d.Card) > maxMediumBytes {
		d.Height = "large"
	}
	return d
}
