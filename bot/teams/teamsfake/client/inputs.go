package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Inputs are what a person fills into a card, by the ids of the inputs: text, the value of a choice (several joined
// with commas), a date such as 2006-01-02, a time such as 15:04, "true" or "false".
type Inputs map[string]string

// ErrInvalid is the client's own refusal of what was filled in; nothing was sent.
var ErrInvalid = errors.New("the form is not filled in right")

// Walk calls f for each object in a card, outer ones first. It leaves out objects that a client doesn't show.
func Walk(v any, f func(object)) {
	switch x := v.(type) {
	case object:
		f(x)
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if !isUnseen(k) {
				Walk(x[k], f)
			}
		}
	case []any:
		for _, e := range x {
			Walk(e, f)
		}
	}
}

// isUnseen reports whether a client doesn't show what is under a key: the data of a button, the fallback for older
// clients, and how a card is refreshed.
func isUnseen(key string) bool { return slices.Contains([]string{"fallback", "refresh", "data"}, key) }

// Decode decodes a card for Walk; nil if it is no JSON object.
func Decode(raw json.RawMessage) object {
	var card object
	if json.Unmarshal(raw, &card) != nil {
		return nil
	}
	return card
}

// FindAction returns the button with this id, title or verb, tried in this order, or at this place in the card: a
// JSON pointer such as /body/2/actions/0 (RFC 6901, without escapes).
func FindAction(card object, name string) object {
	if action, ok := followPointer(card, name).(object); ok {
		return action
	}

	for _, key := range []string{"id", "title", "verb"} {
		var found object
		Walk(card, func(o object) {
			kind, _ := o["type"].(string)
			isNamed := strings.HasPrefix(kind, "Action.") && o[key] == name
			if found == nil && isNamed {
				found = o
			}
		})

		if found != nil {
			return found
		}
	}

	return nil
}

// followPointer follows a JSON pointer to an action that is shown. It returns nil if it leads to none.
func followPointer(card object, pointer string) any {
	steps, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return nil
	}

	var at any = card
	for step := range strings.SplitSeq(steps, "/") {
		switch x := at.(type) {
		case object:
			if isUnseen(step) {
				return nil
			}
			at = x[step]
		case []any:
			n, err := strconv.Atoi(step)
			isInList := n >= 0 && n < len(x)
			if err != nil || !isInList {
				return nil
			}

			at = x[n]
		default:
			return nil
		}
	}

	if action, ok := at.(object); ok {
		if kind, _ := action["type"].(string); strings.HasPrefix(kind, "Action.") {
			return action
		}
	}

	return nil
}

// Gather is what a client sends of a card's inputs: those that are set, as text. It checks what the client checks.
// known tells whether an id is a person's, which is a choice where people can be picked.
// Errors: ErrInvalid, an input that the card doesn't have.
// Source: adaptivecards npm 3, SubmitAction.
func Gather(card object, in Inputs, known func(id string) bool) (map[string]string, error) {
	out, there := map[string]string{}, map[string]bool{}
	var faults []error
	Walk(card, func(e object) {
		kind, _ := e["type"].(string)
		id, _ := e["id"].(string)

		if !strings.HasPrefix(kind, "Input.") {
			return
		}

		there[id] = true
		value, typed := in[id]
		if !typed {
			value = presetValue(e)
		}
		if err := checkInput(e, kind, value, known); err != nil {
			faults = append(faults, fmt.Errorf("%w: %s: %w", ErrInvalid, id, err))
			return
		}
		if kind == "Input.Toggle" {
			value = toggleValue(e, value)
		}
		if e["isMultiSelect"] == true {
			value = sortPicked(e, value)
		}
		if value != "" {
			out[id] = value
		}
	})

	for id := range in {
		if !there[id] {
			faults = append(faults, fmt.Errorf("teamsfake: the card has no input %q", id))
		}
	}

	return out, errors.Join(faults...)
}

// presetValue returns what stands in an input before anything is filled in.
func presetValue(e object) string {
	switch v := e["value"].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// toggleValue turns true and false into the input's own values.
func toggleValue(e object, value string) string {
	name := func(key, standard string) string {
		if v, ok := e[key].(string); ok {
			return v
		}
		return standard
	}
	on, off := name("valueOn", "true"), name("valueOff", "false")
	if value == on || value == "true" {
		return on
	}
	return off
}

// checkInput returns why a client refuses what was filled into an input; nil if it takes it.
func checkInput(e object, kind, value string, known func(id string) bool) error {
	if value == "" {
		if e["isRequired"] == true {
			return errors.New("is required")
		}
		return nil
	}

	switch kind {
	case "Input.Text":
		return checkText(e, value)
	case "Input.Number":
		_, err := strconv.ParseFloat(value, 64)
		return err
	case "Input.Date":
		return checkPattern(`^\d{4}-\d{2}-\d{2}$`, value)
	case "Input.Time":
		return checkPattern(`^\d{2}:\d{2}$`, value)
	case "Input.ChoiceSet":
		return checkChoice(e, value, known)
	}

	return nil
}

func checkText(e object, value string) error {
	most, isBounded := e["maxLength"].(float64)
	if isBounded && len([]rune(value)) > int(most) {
		return fmt.Errorf("is longer than %v", most)
	}
	if strings.Contains(value, "\n") && e["isMultiline"] != true {
		return errors.New("has one line only")
	}
	if pattern, ok := e["regex"].(string); ok {
		return checkPattern(pattern, value)
	}
	return nil
}

func checkPattern(pattern, value string) error {
	ok, err := regexp.MatchString(pattern, value)
	if err == nil && !ok {
		err = fmt.Errorf("%q does not match %s", value, pattern)
	}
	return err
}

func checkChoice(e object, value string, known func(id string) bool) error {
	picked := []string{value}
	if e["isMultiSelect"] == true {
		picked = strings.Split(value, ",")
	}
	for _, v := range picked {
		if slices.ContainsFunc(list(e["choices"]), func(c object) bool { return c["value"] == v }) {
			continue
		}
		if e["choices.data"] == nil || !known(v) {
			return fmt.Errorf("there is no choice %q", v)
		}
	}
	return nil
}

// sortPicked puts the values of a choice of several into the order of its choices, as clients do, in whatever order
// they were ticked.
func sortPicked(e object, value string) string {
	picked := strings.Split(value, ",")
	place := func(v string) int {
		return slices.IndexFunc(list(e["choices"]), func(c object) bool { return c["value"] == v })
	}
	slices.SortStableFunc(picked, func(a, b string) int { return place(a) - place(b) })
	return strings.Join(picked, ",")
}

// Merge adds the inputs to an action's data. Data that isn't an object is lost to inputs.
func Merge(data any, inputs map[string]string) object {
	out := object{}
	if o, ok := data.(object); ok {
		maps.Copy(out, o)
	}
	for k, v := range inputs {
		out[k] = v
	}
	return out
}
