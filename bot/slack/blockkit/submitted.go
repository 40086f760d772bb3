package blockkit

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels/markdown"
)

// Control is what was clicked or chosen: a button, an entry of a menu or a field of a form.
// Source: docs.slack.dev/reference/interaction-payloads/block_actions-payload, read 2026-11.
type Control struct {
	ActionID string  `json:"action_id"`
	Value    string  `json:"value"`
	Selected *option `json:"selected_option"`
}

type option struct {
	Value string `json:"value"`
}

// View is a modal as it comes back.
// Source: docs.slack.dev/reference/interaction-payloads/view-interactions-payload, read 2026-11.
type View struct {
	ID        string `json:"id"`
	Hash      string `json:"hash"`
	Callback  string `json:"callback_id"`
	Private   string `json:"private_metadata"`
	Installed string `json:"app_installed_team_id"` // the workspace whose app opened it
	State     struct {
		Values map[string]map[string]Input `json:"values"`
	} `json:"state"`
	Blocks []struct {
		Type    string `json:"type"`
		BlockID string `json:"block_id"`
	} `json:"blocks"`
}

// Input is what stands in one field of a form.
type Input struct {
	Value    string   `json:"value"`
	Selected *option  `json:"selected_option"`
	Several  []option `json:"selected_options"`
}

// IsInput says whether c is a field of an open form: such a click asks for nothing.
func (c Control) IsInput() bool { return c.ActionID == inputID }

// Clicked reads the verb, what it opens and its arguments from one of our buttons or menu entries.
// Errors: it is none of ours, or verb.Pressed's.
func (c Control) Clicked() (bridge.Verb, view.Opens, bridge.Args, error) {
	name, opens, value := "", "", c.Value
	if c.Selected != nil {
		fields := strings.SplitN(c.Selected.Value, "|", 3)
		if len(fields) != 3 {
			return "", "", bridge.Args{}, errors.New("menu entry")
		}
		name, opens, value = fields[0], fields[1], fields[2]
	} else {
		fields := strings.Split(c.ActionID, ":")
		if len(fields) != 4 || fields[0] != "b" {
			return "", "", bridge.Args{}, fmt.Errorf("action %q", markdown.Cut(c.ActionID, 40))
		}
		name, opens = fields[1], fields[2]
	}
	v, args, err := verb.Pressed(name, value)
	if err != nil {
		return "", "", args, err
	}
	return v, view.Opens(opens), args, nil
}

// Submit reads a filled form, or says by field name what is wrong with it; "" stands for the whole form. It
// reads times as of when the form was opened.
func (v *View) Submit() (view.Filled, map[string]string) {
	p := ReadMemory(v.Private)
	name, args, err := verb.Pressed(p.Verb, p.Args)
	if err != nil {
		return view.Filled{}, map[string]string{"": "This form is no longer valid. Close it and open it again."}
	}
	out, errs := view.Submit(name, args, v.values(), time.Unix(p.At, 0), p.Location())
	if p.Pick && out.Text == "" {
		out.Text = p.Text
	}
	return out, errs
}

// values gives the inputs by field name.
func (v *View) values() map[string][]string {
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
			out[name] = []string{in.Value}
		}
	}
	return out
}

// FormErrors shows each error at its field, and errors of no field at the first one.
func (v *View) FormErrors(errs map[string]string) map[string]any {
	at := map[string]string{}
	first := ""
	for _, b := range v.Blocks {
		if b.Type == "input" && first == "" {
			first = b.BlockID
		}
	}
	for name, text := range errs {
		id := FieldID(name)
		if _, ok := v.State.Values[id]; !ok {
			id = first
		}
		at[id] = text
	}
	return map[string]any{"response_action": "errors", "errors": at}
}
