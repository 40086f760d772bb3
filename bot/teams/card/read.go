package card

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/bot/command"
	"parley/bot/view"
	"parley/bridge"
)

// ErrData is returned for data that no button or form of ours carries.
var ErrData = errors.New("teams: card: unreadable data")

// maxDataBytes bounds what a button or a filled form sends back.
const maxDataBytes = 256 << 10

// Prefixes of the ids of inputs: what a field's value is made of.
const (
	textPrefix    = "t:" // text
	onePrefix     = "o:" // one choice
	severalPrefix = "m:" // choices, separated by commas
)

// Returned is what a card or dialog sends back: either a click or a filled form.
type Returned struct {
	Click *Click
	Form  *Submitted
}

// Click is a clicked button. All of it is a claim: the engine authorises it anew.
type Click struct {
	Verb  bridge.Verb
	Args  bridge.Args
	Opens view.Opens
	Nonce string       // names the button for the fact's id
	Place bridge.Place // of a button in a dialog: where that was opened
}

// Submitted is a filled form.
type Submitted struct {
	Memory Memory
	Values map[string][]string // by field name
}

// Read reads the data of an Action.Execute, an Action.Submit (also as a message's value),
// a task/fetch or a task/submit.
// Errors: ErrData.
func Read(data []byte) (Returned, error) {
	if len(data) > maxDataBytes {
		return Returned{}, fmt.Errorf("%w: %d bytes", ErrData, len(data))
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return Returned{}, fmt.Errorf("%w: %w", ErrData, err)
	}
	if raw, ok := fields["form"]; ok {
		s, err := readForm(raw, fields)
		return Returned{Form: s}, err
	}
	c, err := readClick(data)
	return Returned{Click: c}, err
}

func readClick(data []byte) (*Click, error) {
	var d clickData
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	verb, args, err := command.Button(d.Verb, d.Args)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	c := &Click{Verb: verb, Args: args, Opens: d.Opens, Nonce: d.Nonce}
	if d.Place != nil {
		c.Place = *d.Place
	}
	return c, nil
}

func readForm(raw json.RawMessage, fields map[string]json.RawMessage) (*Submitted, error) {
	s := &Submitted{Values: map[string][]string{}}
	if err := json.Unmarshal(raw, &s.Memory); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	for id, raw := range fields {
		name, ok := strings.CutPrefix(id, textPrefix)
		if !ok {
			continue
		}
		var v string
		if err := json.Unmarshal(raw, &v); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrData, err)
		}
		s.Values[name] = []string{v}
	}
	return s, nil
}

// Fill reads what the form asks for; errors are by field name, "" for the whole form. Pure:
// it judges by the time when the form was opened.
func (s Submitted) Fill() (view.Filled, map[string]string) {
	m := s.Memory
	verb, args, err := command.Button(m.Verb, m.Args)
	if err != nil {
		return view.Filled{}, map[string]string{"": "This form is no longer valid. Close it and open it again."}
	}
	out, errs := view.Submit(verb, args, s.Values, time.Unix(m.At, 0), m.zone())
	if m.Pick && out.Text == "" {
		out.Text = m.Text
	}
	return out, errs
}
