package blockkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// This file reads what Slack sends after somebody clicked a button or submitted a form that we had drawn (render.go,
// form.go). For example, a click on a button with the action id "b:snooze::7" asks for the verb "snooze". A verb is the
// name of what a user can ask for. A manipulated client can send anything, so the result is only a request: the engine
// checks whether the user may do it.

// Control is the button, menu entry or form field that somebody clicked.
// Source: docs.slack.dev/reference/interaction-payloads/block_actions-payload, read 2026-11.
type Control struct {
	ActionID string  `json:"action_id"`
	Value    string  `json:"value"`
	Selected *option `json:"selected_option"`
}

type option struct {
	Value string `json:"value"`
}

// View is a modal or a home tab, as Slack sends it after it was submitted or clicked in.
// Source: docs.slack.dev/reference/interaction-payloads/view-interactions-payload, read 2026-11.
type View struct {
	ID        string `json:"id"`
	Type      string `json:"type"` // modal or home
	Callback  string `json:"callback_id"`
	Private   string `json:"private_metadata"`
	Installed string `json:"app_installed_team_id"` // the workspace of the app that opened it
	State     struct {
		Values fields `json:"values"`
	} `json:"state"`
	Blocks []struct {
		Type    string `json:"type"`
		BlockID string `json:"block_id"`
	} `json:"blocks"`
}

// fields are the contents of a form, by block id and action id.
type fields map[string]map[string]Input

// UnmarshalJSON implements json.Unmarshaler. If a form has no fields, Slack may send [] instead of {}
// (slack-go/slack#943).
func (f *fields) UnmarshalJSON(raw []byte) error {
	if string(raw) == "[]" {
		return nil
	}
	return json.Unmarshal(raw, (*map[string]map[string]Input)(f))
}

// Input is the content of one field of a form. Which of its fields is set depends on the kind of the field.
type Input struct {
	Value    string   `json:"value"`
	Selected *option  `json:"selected_option"`
	Several  []option `json:"selected_options"`
}

// IsInput reports whether c is a field of an open form. A click in it asks for nothing before the form is submitted.
func (c Control) IsInput() bool { return c.ActionID == inputID }

// Click is what a click on one of our buttons or menu entries asks for.
type Click struct {
	Verb  bridge.Verb
	Opens view.Opens // a form or a window; view.OpensNothing if the verb is done at once
	Args  bridge.Args
}

// ReadClick reads what a click on one of our buttons or menu entries asks for. It returns an error if the control isn't
// ours, or if its verb or arguments are invalid.
func (c Control) ReadClick() (Click, error) {
	read := c.readButton
	if c.Selected != nil {
		read = c.readMenuEntry
	}
	name, opens, value, err := read()
	if err != nil {
		return Click{}, err
	}
	v, args, err := verb.Pressed(name, value)
	if err != nil {
		return Click{}, err
	}
	return Click{Verb: v, Opens: view.Opens(opens), Args: args}, nil
}

// readMenuEntry splits a value that optionValue has built.
func (c Control) readMenuEntry() (name, opens, value string, err error) {
	name, rest, hasOpens := strings.Cut(c.Selected.Value, "|")
	opens, value, hasValue := strings.Cut(rest, "|") // the value may have a "|" in it
	if !hasOpens || !hasValue {
		return "", "", "", errors.New("menu entry")
	}
	return name, opens, value, nil
}

// readButton splits an action id that renderer.makeButton has built.
func (c Control) readButton() (name, opens, value string, err error) {
	const (
		numFields = 4  // "b", the verb, what it opens, a number
		maxQuoted = 40 // characters of a foreign id that the error quotes
	)
	fields := strings.Split(c.ActionID, ":")
	if len(fields) != numFields || fields[0] != "b" {
		return "", "", "", fmt.Errorf("action %q", markdown.Cut(c.ActionID, maxQuoted))
	}
	return fields[1], fields[2], c.Value, nil
}

// ReadFilled reads a submitted form. errs has what the user must correct, by field name, or by "" if it concerns the
// whole form. It is empty if the form is valid. Relative times such as "in 2 hours" count from when the form was opened.
func (v *View) ReadFilled() (filled view.Filled, errs map[string]string) {
	memory := ReadMemory(v.Private)
	values := v.readValues()
	filled, errs = memory.Fill(values)
	if !memory.Pick || filled.Text != "" {
		return filled, errs
	}

	// The user typed the text before the form was opened. It is in the memory or, if it was too long, in typedField.
	typed := strings.Join(values[typedField], "")
	if filled.Verb == bridge.VerbReply && typed != "" {
		var problem string
		if typed, problem = view.ReadReply(typed); problem != "" {
			return view.Filled{}, map[string]string{typedField: problem}
		}
	}
	filled.Text = memory.Text + typed
	return filled, errs
}

// WithNote returns the arguments of a button that was clicked in a modal, with the note that was typed there. v is nil if
// the button was clicked in a message.
func (v *View) WithNote(args bridge.Args) bridge.Args {
	if v == nil {
		return args
	}
	return verb.Values(v.readValues()).WithNote(args)
}

// readValues returns the contents of the fields, by field name.
func (v *View) readValues() map[string][]string {
	out := map[string][]string{}
	for block, inputs := range v.State.Values {
		name, ok := strings.CutPrefix(block, fieldPrefix)
		if !ok {
			continue
		}

		in := inputs[inputID]
		switch {
		case in.Selected != nil:
			out[name] = []string{in.Selected.Value}
		case len(in.Several) > 0:
			for _, o := range in.Several {
				out[name] = append(out[name], o.Value)
			}
		case in.Value != "":
			out[name] = []string{withEmoji(in.Value)}
		}
	}

	return out
}

// FormErrors returns the response that makes Slack show each error below its field. An error that belongs to no field is
// shown below the first one. errs is as ReadFilled returns it.
func (v *View) FormErrors(errs map[string]string) map[string]any {
	byBlock := map[string]string{}
	for name, text := range errs {
		id := FieldID(name)
		if _, hasField := v.State.Values[id]; !hasField {
			id = v.firstInput()
		}
		byBlock[id] = text
	}
	return map[string]any{"response_action": "errors", "errors": byBlock}
}

// IsHome reports whether v is a home tab. v may be nil.
func (v *View) IsHome() bool { return v != nil && v.Type == "home" }

// HasFields reports whether a form has fields. For example, a template without variables has none.
func (v *View) HasFields() bool { return v.firstInput() != "" }

// firstInput returns the block id of the form's first field, or "".
func (v *View) firstInput() string {
	for _, b := range v.Blocks {
		if b.Type == "input" {
			return b.BlockID
		}
	}
	return ""
}
