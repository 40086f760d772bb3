package teamsfake

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

// This file imitates a person who fills in an Adaptive Card in a Teams client and presses a button. FindAction finds the
// button, Gather checks the inputs as the client does before it sends anything, and Merge makes the data that the bot
// receives. Cards are decoded JSON: a text input is {"type": "Input.Text", "id": "note", "maxLength": 200}.

// Inputs are the values that a person fills into a card, by the ids of the inputs: a text, the value of a choice (several
// joined with commas), a date such as 2006-01-02, a time such as 15:04, "true" or "false".
type Inputs map[string]string

// ErrInvalid means that the client itself refuses the inputs. Nothing is sent.
var ErrInvalid = errors.New("the form is not filled in right")

// Walk calls f for each object in a card that a client shows, outer objects first.
func Walk(value any, f func(object)) {
	switch v := value.(type) {
	case object:
		f(v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if !isHidden(key) {
				Walk(v[key], f)
			}
		}
	case []any:
		for _, element := range v {
			Walk(element, f)
		}
	}
}

// isHidden reports whether a client doesn't show the value of a key: the data of a button, the fallback for older clients,
// and the refresh instructions of a card.
func isHidden(key string) bool { return slices.Contains([]string{"fallback", "refresh", "data"}, key) }

// Decode decodes a card for Walk. It returns nil if the card isn't a JSON object.
func Decode(raw json.RawMessage) object {
	var card object
	if json.Unmarshal(raw, &card) != nil {
		return nil
	}
	return card
}

// FindAction returns a button of a card, or nil. name is a JSON pointer such as /body/2/actions/0 (RFC 6901, without
// escapes), or the button's id, title or verb, which are tried in this order.
func FindAction(card object, name string) object {
	if action := followPointer(card, name); action != nil {
		return action
	}

	for _, key := range []string{"id", "title", "verb"} {
		var found object
		Walk(card, func(o object) {
			if found == nil && isAction(o) && o[key] == name {
				found = o
			}
		})

		if found != nil {
			return found
		}
	}

	return nil
}

func isAction(o object) bool {
	kind, _ := o["type"].(string)
	return strings.HasPrefix(kind, "Action.")
}

// followPointer returns the action to which a JSON pointer leads. It returns nil if there is no action or the client doesn't
// show it.
func followPointer(card object, pointer string) object {
	steps, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return nil
	}

	var current any = card
	for step := range strings.SplitSeq(steps, "/") {
		switch v := current.(type) {
		case object:
			if isHidden(step) {
				return nil
			}
			current = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			isInRange := i >= 0 && i < len(v)
			if err != nil || !isInRange {
				return nil
			}

			current = v[i]
		default:
			return nil
		}
	}

	action, ok := current.(object)
	if !ok || !isAction(action) {
		return nil
	}
	return action
}

// Gather returns the values of a card's inputs that a client sends: those that aren't empty, as text. An input that filled
// doesn't name keeps its initial value. isPerson reports whether an id is a person's, which is a valid choice in a people
// picker.
// Errors: ErrInvalid; also if filled names an input that the card doesn't have.
// Source: adaptivecards npm 3, SubmitAction.
func Gather(card object, filled Inputs, isPerson func(id string) bool) (map[string]string, error) {
	values, exists := map[string]string{}, map[string]bool{}
	var faults []error
	Walk(card, func(o object) {
		kind, _ := o["type"].(string)
		id, _ := o["id"].(string)

		if !strings.HasPrefix(kind, "Input.") {
			return
		}

		exists[id] = true
		value, isFilled := filled[id]
		if !isFilled {
			value = initialValue(o)
		}
		if err := checkInput(o, kind, value, isPerson); err != nil {
			faults = append(faults, fmt.Errorf("%w: %s: %w", ErrInvalid, id, err))
			return
		}
		if kind == "Input.Toggle" {
			value = toggleValue(o, value)
		}
		if o["isMultiSelect"] == true {
			value = sortPicked(o, value)
		}
		if value != "" {
			values[id] = value
		}
	})

	for id := range filled {
		if !exists[id] {
			faults = append(faults, fmt.Errorf("teamsfake: the card has no input %q", id))
		}
	}

	return values, errors.Join(faults...)
}

// initialValue returns the value that the card gives an input.
func initialValue(input object) string {
	switch v := input["value"].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// toggleValue turns true and false into the toggle's own values, which a card may set in valueOn and valueOff.
func toggleValue(input object, value string) string {
	on, ok := input["valueOn"].(string)
	if !ok {
		on = "true"
	}
	off, ok := input["valueOff"].(string)
	if !ok {
		off = "false"
	}
	if value == on || value == "true" {
		return on
	}
	return off
}

// checkInput returns why a client refuses the value of an input, or nil.
func checkInput(input object, kind, value string, isPerson func(id string) bool) error {
	if value == "" {
		if input["isRequired"] == true {
			return errors.New("is required")
		}
		return nil
	}

	switch kind {
	case "Input.Text":
		return checkText(input, value)
	case "Input.Number":
		_, err := strconv.ParseFloat(value, 64)
		return err
	case "Input.Date":
		return checkPattern(`^\d{4}-\d{2}-\d{2}$`, value)
	case "Input.Time":
		return checkPattern(`^\d{2}:\d{2}$`, value)
	case "Input.ChoiceSet":
		return checkChoice(input, value, isPerson)
	}

	return nil
}

func checkText(input object, value string) error {
	maxLength, isLimited := input["maxLength"].(float64)
	if isLimited && len([]rune(value)) > int(maxLength) {
		return fmt.Errorf("is longer than %v", maxLength)
	}
	if strings.Contains(value, "\n") && input["isMultiline"] != true {
		return errors.New("has one line only")
	}
	if pattern, ok := input["regex"].(string); ok {
		return checkPattern(pattern, value)
	}
	return nil
}

func checkPattern(pattern, value string) error {
	matches, err := regexp.MatchString(pattern, value)
	if err != nil {
		return err
	}
	if !matches {
		return fmt.Errorf("%q does not match %s", value, pattern)
	}
	return nil
}

func checkChoice(input object, value string, isPerson func(id string) bool) error {
	picked := []string{value}
	if input["isMultiSelect"] == true {
		picked = strings.Split(value, ",")
	}
	hasPeople := input["choices.data"] != nil // a people picker
	for _, v := range picked {
		if choiceIndex(input, v) >= 0 {
			continue
		}
		if !hasPeople || !isPerson(v) {
			return fmt.Errorf("there is no choice %q", v)
		}
	}
	return nil
}

// choiceIndex returns the index of a value among the choices of an input, or -1.
func choiceIndex(input object, value string) int {
	return slices.IndexFunc(list(input["choices"]), func(choice object) bool { return choice["value"] == value })
}

// sortPicked sorts the comma-separated values of a multiple choice in the order of the choices, as clients do.
func sortPicked(input object, value string) string {
	picked := strings.Split(value, ",")
	slices.SortStableFunc(picked, func(a, b string) int { return choiceIndex(input, a) - choiceIndex(input, b) })
	return strings.Join(picked, ",")
}

// Merge returns an action's data together with the inputs. If both have a key, the input wins. Data that isn't an object is
// dropped.
func Merge(data any, inputs map[string]string) object {
	merged := object{}
	if o, ok := data.(object); ok {
		maps.Copy(merged, o)
	}
	for id, value := range inputs {
		merged[id] = value
	}
	return merged
}
