package card

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// This file draws the buttons of cards and dialogs. A click sends the button's data (clickData) back to Parley, which
// reads it with Read. Teams' clients restrict what buttons can do, so most of the code here is about where a button
// may go: into a row, into the menu at the row's end, or below a question.

// maxVisible is how many buttons of a row Teams shows. Others go into the row's menu.
// Source: learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference, read 2026-11.
const maxVisible = 6

// Estimated widths in a dialog, in pixels. A phone is at least 320 wide, and the dialog's margins take some of that.
const (
	maxRowPixels  = 290
	buttonPixels  = 32 // of a button without its label, with the gap to the next one
	perRunePixels = 7
)

// dialogRows puts the buttons of a dialog into rows that fit a phone. A button with Apart set begins a new row.
func dialogRows(buttons []view.Button) [][]view.Button {
	var rows [][]view.Button
	used := 0
	for _, b := range buttons {
		needed := buttonPixels + perRunePixels*utf8.RuneCountInString(b.Label)
		if b.Apart || len(rows) == 0 || used+needed > maxRowPixels {
			rows, used = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], b)
		used += needed
	}
	return rows
}

// clickData is what a button carries and sends back when it is clicked. A client may change it.
// Shape: {"v":"take","a":"{\"v\":1,\"a\":{\"conversation\":12}}","n":"3f2a-1"}
type clickData struct {
	Teams   *fetch        `json:"msteams,omitempty"`
	Verb    string        `json:"v"`
	Opens   view.Opens    `json:"o,omitempty"`
	Args    string        `json:"a,omitempty"` // verb.Value
	Nonce   string        `json:"n,omitempty"`
	Place   *bridge.Place `json:"p,omitempty"`      // in a dialog: where the dialog was opened
	Private bool          `json:"w,omitempty"`      // only one person sees the button's message
	Note    string        `json:"t:note,omitempty"` // only in clicks: the note that was typed into the form of !assign
}

// fetch makes Teams ask us for a dialog when the button is clicked.
type fetch struct {
	Type string `json:"type"`
}

// nextNonce returns the id of the next button.
func (r *renderer) nextNonce() string {
	r.buttonCount++
	return r.seed + "-" + strconv.FormatInt(int64(r.buttonCount), 36)
}

// actionRow lays buttons out in one row. Those that don't fit go into a menu at the end, except buttons with a
// confirmation, whose question doesn't open from a menu. Dialogs have several rows instead (see dialogRows), because
// phones don't open menus in dialogs.
// Source: github.com/MicrosoftDocs/msteams-docs issues 9223 and 9212, read 2026-11.
func (r *renderer) actionRow(buttons []view.Button) element {
	if len(buttons) > maxVisible {
		return r.actionSet(buttons, len(buttons)-maxVisible+1) // the menu itself takes the place of a button
	}
	return r.actionSet(buttons, 0)
}

// actionSet makes one row of buttons, and puts numHidden of them into the row's menu, the last ones first.
func (r *renderer) actionSet(buttons []view.Button, numHidden int) element {
	e := element{Type: "ActionSet"}
	for _, b := range buttons {
		e.Actions = append(e.Actions, r.buttonAction(b))
	}
	for i := len(buttons) - 1; i >= 0 && numHidden > 0; i-- {
		if buttons[i].Confirm == "" {
			e.Actions[i].Mode = "secondary"
			numHidden--
		}
	}
	return e
}

// buttonAction makes the action of a button. Teams has no confirmations, so a button with one opens a small card below
// itself, which has the question and the actual button.
func (r *renderer) buttonAction(b view.Button) action {
	a := action{Title: markdown.Cut(b.Label, maxLabelRunes), Style: buttonStyle(b.Style)}
	if b.Confirm == "" {
		r.setAction(&a, b)
		return a
	}
	confirmed := action{Title: a.Title, Style: a.Style}
	r.setAction(&confirmed, b)
	a.Type = "Action.ShowCard"
	a.Card = &adaptive{
		Type: "AdaptiveCard", Version: cardVersion, Body: []element{makeParagraph(b.Confirm)},
		Actions: []action{confirmed},
	}
	return a
}

func buttonStyle(s view.Style) string {
	switch s {
	case view.StylePrimary:
		return "positive"
	case view.StyleDanger:
		return "destructive"
	case view.StylePlain:
	}
	return ""
}

// setAction sets what a click does. In a message, it acts at once or makes Teams request a dialog from us. In a
// dialog, it submits the dialog, and our response is the next dialog.
func (r *renderer) setAction(a *action, b view.Button) {
	d := clickData{
		Verb: string(b.Verb), Opens: b.Opens, Args: b.Value, Nonce: r.nextNonce(), Place: r.dialog,
		Private: r.home.Private,
	}
	switch {
	case r.dialog != nil:
		a.Type = "Action.Submit"
	case b.Opens != view.OpensNothing:
		a.Type = "Action.Submit"
		d.Teams = &fetch{Type: "task/fetch"}
	default:
		a.Type, a.Verb = "Action.Execute", string(b.Verb)
		a.Fallback = &action{Type: "Action.Submit", Title: a.Title, Style: a.Style, Data: encode(d)}
	}

	a.Data = encode(d)
}

// encode returns the JSON of one of our own types, which can't fail. It doesn't escape angle brackets, because that
// makes cards larger, and Teams limits their size.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(b.Bytes())
}
