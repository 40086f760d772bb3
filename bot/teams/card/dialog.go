package card

import (
	"encoding/json"
	"errors"
	"time"

	"parley/bot/command"
	"parley/bot/view"
	"parley/bridge"
)

// Dialog is what an answer to task/fetch or task/submit shows ("task": {"type":"continue",
// "value":{"title","width","height","card": attachment}}).
type Dialog struct {
	Title  string
	Width  string // small, medium or large
	Height string
	Card   json.RawMessage // content of an attachment of type ContentType
}

// Memory is what a form's dialog remembers of where it was opened. It comes back from a
// client: ids in it are claims that the engine authorises again.
type Memory struct {
	Verb  string       `json:"verb"`
	Args  string       `json:"args,omitempty"` // command.Value
	Place bridge.Place `json:"place"`
	Zone  string       `json:"zone,omitempty"` // IANA name
	At    int64        `json:"at,omitempty"`   // unix seconds when it was opened
	Text  string       `json:"text,omitempty"` // typed before a conversation was picked
	Pick  bool         `json:"pick,omitempty"` // asks for the conversation only
	Nonce string       `json:"nonce,omitempty"`
}

// Remember begins what a form keeps. Zone may be nil.
func Remember(at bridge.Place, zone *time.Location, now time.Time, nonce string) Memory {
	m := Memory{Place: at, At: now.Unix(), Nonce: nonce}
	if zone != nil {
		m.Zone = zone.String()
	}
	return m
}

func (m Memory) zone() *time.Location {
	if z, err := time.LoadLocation(m.Zone); err == nil {
		return z
	}
	return time.UTC
}

// Form makes the dialog of a form. Verb and Args of m are those of f.
func Form(f view.Form, m Memory, h Home) Dialog { return form(f, m, h, nil) }

// Again makes the dialog of a form that was handed in with errors (by field name): they
// stand at their fields, and what was typed is kept. What belongs to no field stands on top.
func Again(f view.Form, s Submitted, errs map[string]string, h Home) Dialog {
	for i := range f.Fields {
		f.Fields[i].Value = s.Values[f.Fields[i].Name]
	}
	return form(f, s.Memory, h, errs)
}

// Window shows a card in a dialog that was opened at a place. Nonce as for Render.
func Window(c view.Card, at bridge.Place, h Home, nonce string) Dialog {
	r := renderer{home: h, seed: nonce, dialog: &at}
	for _, b := range c.Blocks {
		r.block(b)
	}
	r.buttons(c.Buttons)
	return Dialog{Title: title(c.Title), Width: "medium", Height: "medium", Card: r.card()}
}

// Problem says in a dialog why there is nothing to show.
func Problem(err error, at bridge.Place, h Home) Dialog {
	var p *bridge.Problem
	if errors.Is(err, bridge.ErrNoConversation) {
		p = &bridge.Problem{Code: "no_conversation", Text: "There is no conversation here.", Hint: "Try it on a message in a conversation's thread."}
	} else if !errors.As(err, &p) {
		p = &bridge.Problem{Code: "internal", Text: "Internal error.", Hint: "Try again."}
	}
	d := Window(view.Problem(p), at, h, "")
	d.Height = "small"
	return d
}

func title(s string) string {
	if s == "" {
		return "Parley"
	}
	return s
}

func form(f view.Form, m Memory, h Home, errs map[string]string) Dialog {
	r := renderer{home: h, dialog: &m.Place}
	for _, b := range f.Intro {
		r.block(b)
	}
	for _, field := range f.Fields {
		if text := errs[field.Name]; text != "" {
			r.body = append(r.body, words(text))
		}
		r.body = append(r.body, input(field))
	}
	m.Verb, m.Args = string(f.Verb), command.Value(f.Args)
	r.body = append(r.body, element{Type: "ActionSet", Actions: []action{{Type: "Action.Submit", Title: f.Submit, Style: "positive", Data: encode(formData{Form: m})}}})
	return Dialog{Title: title(f.Title), Width: "medium", Height: "medium", Card: r.card()}
}

// formData is what a form's button carries; the inputs come beside it.
type formData struct {
	Form Memory `json:"form"`
}

func input(f view.Field) element {
	e := element{Type: "Input.Text", ID: textPrefix + f.Name, Label: f.Label, Placeholder: f.Example, Required: !f.Optional, MaxLength: f.MaxRunes, Multiline: f.Kind == view.FieldLong}
	if len(f.Value) > 0 {
		e.Value = f.Value[0]
	}
	return e
}
