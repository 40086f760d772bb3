package card

import (
	"cmp"
	"encoding/json"
	"fmt"

	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// maxTitleRunes bounds a dialog's title. The titles in bot/view have at most 24 runes.
const maxTitleRunes = 64

// Dialog is a window that Teams opens over the chat. It is our response when Teams asks for a dialog (task/fetch) or
// when a dialog was submitted (task/submit).
// Shape: {"task":{"type":"continue","value":{"title":…,"width":…,"height":…,"card":attachment}}}
type Dialog struct {
	Title  string
	Width  string          // small, medium or large
	Height string          // small, medium or large
	Card   json.RawMessage // content of an attachment of type ContentType
}

// Window draws a card as a dialog. at is the place (channel, thread and message) where it was opened. A click on a
// button submits the dialog, and our response is the next one. nonce begins the ids of the buttons; see Render.
func Window(c view.Card, at bridge.Place, h Home, nonce string) Dialog {
	r := renderer{home: h, seed: nonce, dialog: &at}
	r.addBlocks(c.Blocks)
	return r.finishWindow(c.Title, c.Buttons)
}

// finishWindow adds the buttons to a dialog, after a remark about what didn't fit, and finishes it.
func (r *renderer) finishWindow(title string, buttons []view.Button) Dialog {
	if r.leftOut > 0 {
		r.body = append(r.body, makeParagraph(fmt.Sprintf("… and %d more, for which there is no room here.", r.leftOut)))
	}
	r.size = 0 // the buttons always have room
	r.addButtons(buttons)
	return r.finishDialog(title)
}

// A dialog has one of three heights. How high its card will be isn't known, so the height is estimated from the card's
// elements and bytes: small for one question, large for a list.
const (
	minMediumElements = 4
	maxMediumElements = 14
	minMediumBytes    = 2000
	maxMediumBytes    = 9000
)

// finishDialog makes a dialog of the elements that were laid out.
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
