package card

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/bot/verb"
	"parley/bot/view"
	"parley/bridge"
)

// When somebody clicks a button or submits a form, Teams sends us the data that the button carried, together with what
// was typed. This file reads it. A client may have forged all of it, so it is only a request: other code checks
// whether that person may do what it asks for.

// ErrData means that no button or form of ours carries such data.
var ErrData = errors.New("teams: card: unreadable data")

// Bounds of the data of a click or a submitted form.
const (
	maxDataBytes  = 256 << 10
	maxNonceBytes = 200
)

// Returned is either a click or a submitted form; the other field is nil.
type Returned struct {
	Click *Click
	Form  *Submitted
}

// Click is a clicked button.
type Click struct {
	Verb    bridge.Verb
	Args    bridge.Args
	Opens   view.Opens
	Nonce   string       // the id of the button in its card; deduplicates clicks
	Place   bridge.Place // of a button in a dialog: where the dialog was opened
	Private bool         // only the person who clicked sees the button's message
}

// Submitted is a submitted form.
type Submitted struct {
	Memory Memory              // the state that we gave the form when it was opened
	Values map[string][]string // by field name, without empty ones
	Words  []string            // what was typed: Memory.Text, then the texts of inputs in the order of their names
}

// TypedText returns what was typed into the form. People get it back if the form can't be shown again.
func (s Submitted) TypedText() string { return strings.Join(s.Words, "\n\n") }

// Read reads the data of an Action.Execute, an Action.Submit (also if it came as the value of a message), a task/fetch
// or a task/submit.
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
	for _, id := range slices.Sorted(maps.Keys(fields)) { // sorted, so that of two inputs for one field the last one counts
		kind, name, hasPrefix := strings.Cut(id, ":")
		kind += ":"
		if !hasPrefix || !slices.Contains([]string{textPrefix, onePrefix, severalPrefix}, kind) {
			continue // not the id of an input
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

// inputValues returns the values of one input. kind is the prefix of its id, and v the submitted value.
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

// Fill parses the values of the form; see view.Memory.Fill.
func (s Submitted) Fill() (filled view.Filled, errs map[string]string) {
	filled, errs = s.Memory.Fill(s.Values)
	if s.Memory.Pick && filled.Text == "" {
		filled.Text = s.Memory.Text
	}
	return filled, errs
}
