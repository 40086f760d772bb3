package card

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// ErrData is returned for data that no button or form of ours carries.
var ErrData = errors.New("teams: card: unreadable data")

// Bounds of what a button or a filled form sends back.
const (
	maxDataBytes  = 256 << 10
	maxNonceBytes = 200
)

// Returned is what a card or dialog sends back: either a click or a filled form. A client may have made all of it up, so it
// is only what somebody asks for. The engine decides who may do what.
type Returned struct {
	Click *Click
	Form  *Submitted
}

// Click is a clicked button.
type Click struct {
	Verb    bridge.Verb
	Args    bridge.Args
	Opens   view.Opens
	Nonce   string       // the id of the button in its card, by which a click counts only once
	Place   bridge.Place // of a button in a dialog: where the dialog was opened
	Private bool         // only the person who clicked sees the button's message
}

// Submitted is a filled form.
type Submitted struct {
	Memory Memory
	Values map[string][]string // by field name; empty ones are left out
	Words  []string            // what was typed: Memory.Text, then the texts of inputs in the order of their names
}

// TypedText returns what was typed into the form. People get it back if the form can't be shown again.
func (s Submitted) TypedText() string { return strings.Join(s.Words, "\n\n") }

// Read reads the data of an Action.Execute, an Action.Submit (as well as the value of a
// message), a task/fetch or a task/submit.
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
		return readForm(raw, fields)
	}
	return readClick(data)
}

func readClick(data []byte) (Returned, error) {
	var d clickData
	if err := json.Unmarshal(data, &d); err != nil {
		return Returned{}, fmt.Errorf("%w: button: %w", ErrData, err)
	}

	name, args, err := verb.Pressed(d.Verb, d.Args)
	if err != nil {
		return Returned{}, fmt.Errorf("%w: button: %w", ErrData, err)
	}

	switch d.Opens {
	case view.OpensNothing, view.OpensForm, view.OpensDetails, view.OpensHistory, view.OpensList:
	default:
		return Returned{}, fmt.Errorf("%w: button: it opens nothing known", ErrData)
	}

	if len(d.Nonce) > maxNonceBytes {
		return Returned{}, fmt.Errorf("%w: button: long nonce", ErrData)
	}

	args = verb.Values{verb.FieldNote: {d.Note}}.WithNote(args)
	c := &Click{Verb: name, Args: args, Opens: d.Opens, Nonce: d.Nonce, Private: d.Private}
	if d.Place != nil {
		c.Place = *d.Place
	}

	return Returned{Click: c}, nil
}

func readForm(raw json.RawMessage, fields map[string]json.RawMessage) (Returned, error) {
	s := &Submitted{Values: map[string][]string{}}
	if err := json.Unmarshal(raw, &s.Memory); err != nil {
		return Returned{}, fmt.Errorf("%w: form: %w", ErrData, err)
	}
	if s.Memory.Verb == "" {
		return Returned{}, fmt.Errorf("%w: form: without verb", ErrData)
	}
	if len(s.Memory.Nonce) > maxNonceBytes {
		return Returned{}, fmt.Errorf("%w: form: long nonce", ErrData)
	}

	if s.Memory.Text != "" {
		s.Words = append(s.Words, s.Memory.Text)
	}
	for _, id := range slices.Sorted(maps.Keys(fields)) { // sorted, so that the last of two inputs for one field counts
		kind, name, ok := strings.Cut(id, ":")
		kind += ":"
		if !ok || !slices.Contains([]string{textPrefix, onePrefix, severalPrefix}, kind) {
			continue // it is not the id of an input
		}

		var v string
		if err := json.Unmarshal(fields[id], &v); err != nil {
			return Returned{}, fmt.Errorf("%w: form: %w", ErrData, err)
		}
		if list := inputValues(kind, v); len(list) > 0 {
			s.Values[name] = list
			if kind == textPrefix {
				s.Words = append(s.Words, v)
			}
		}
	}

	return Returned{Form: s}, nil
}

// inputValues returns the values in what one input sends back; kind is the prefix of its id.
func inputValues(kind, v string) []string {
	if v == "" {
		return nil
	}

	switch kind {
	case onePrefix:
		return []string{unpackValue(v)}
	case severalPrefix:
		var list []string
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, unpackValue(part))
			}
		}
		return list
	}

	return []string{v}
}

// Fill reads what the form asks for. errs has the errors by field name, and "" for the form as a whole. Times such as
// "tomorrow" count from when the form was opened, so that reading it once more gives the same.
func (s Submitted) Fill() (filled view.Filled, errs map[string]string) {
	m := s.Memory
	name, args, err := verb.Pressed(m.Verb, m.Args)
	if err != nil {
		return view.Filled{}, map[string]string{"": "This form is no longer valid. Close it and open it again."}
	}
	filled, errs = view.Submit(name, args, s.Values, time.Unix(m.At, 0), m.Location())
	if m.Pick && filled.Text == "" {
		filled.Text = m.Text
	}
	return filled, errs
}
