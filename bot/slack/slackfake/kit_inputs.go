package slackfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// This file emulates Slack's client while a person fills in the inputs of a modal, or chooses from the menus
// in a message. It stores what the person entered, checks it as the client does, and builds the state that
// Slack sends to the app:
//
//	{"values": {"subject": {"text": {"type": "plain_text_input", "value": "hello"}}}}
//
// Here, "subject" is a block id and "text" an action id. An element is an input or button, as the JSON that
// the app sent.

// State holds the value of each input of a view or message, by block id and action id.
type State struct {
	Values map[string]map[string]json.RawMessage `json:"values"`
}

// HasState reports whether elements of a kind have a value in the state of their view or message. Buttons don't.
func HasState(kind string) bool {
	return !slices.Contains([]string{"button", "overflow", "image", "feedback_buttons", "icon_button"}, kind)
}

// initialValue returns the value of an element before a person has used it, or nil if its kind has no state.
func initialValue(e object) object {
	kind, _ := e["type"].(string)
	if !HasState(kind) {
		return nil
	}

	value := object{"type": kind}
	valueKeys := map[string]string{
		"initial_value": "value", "initial_option": "selected_option", "initial_options": "selected_options",
		"initial_user": "selected_user", "initial_users": "selected_users", "initial_channel": "selected_channel",
		"initial_channels": "selected_channels", "initial_conversation": "selected_conversation",
		"initial_conversations": "selected_conversations", "initial_date": "selected_date", "initial_time": "selected_time",
		"initial_date_time": "selected_date_time",
	}
	for initialKey, key := range valueKeys {
		if e[initialKey] != nil {
			value[key] = e[initialKey]
		}
	}

	key, isList := valueKey(kind)
	if _, ok := value[key]; !ok {
		value[key] = nil
		if isList {
			value[key] = []any{}
		}
	}

	return value
}

// valueKey returns the name of the field that holds the value of an element, in states and in actions, and
// whether the value is a list.
func valueKey(kind string) (key string, isList bool) {
	switch kind {
	case "plain_text_input", "number_input", "email_text_input", "url_text_input", "button":
		return "value", false
	case "rich_text_input":
		return "rich_text_value", false
	case "file_input":
		return "files", true
	case "datepicker":
		return "selected_date", false
	case "timepicker":
		return "selected_time", false
	case "datetimepicker":
		return "selected_date_time", false
	case "checkboxes":
		return "selected_options", true
	case "radio_buttons", "static_select", "external_select", "overflow":
		return "selected_option", false
	}

	// Menus remain: users_select has selected_user, multi_users_select has selected_users, and static_select and
	// external_select have selected_option.
	base, isMulti := strings.CutPrefix(kind, "multi_")
	key = "selected_" + strings.TrimSuffix(base, "s_select")
	if base == "static_select" || base == "external_select" {
		key = "selected_option"
	}
	if isMulti {
		return key + "s", true
	}

	return key, false
}

// Choose returns the value of an element after a person picked or typed something, such as {"value":
// "hello"}. picked contains option values, ids, a date, a time or a text, depending on the element's type.
// suggested is an object with the options that the app provided for an external menu; it may be nil. Errors:
// "no such option: …", "no such button: …", "not a time: …", "text has …".
func Choose(e object, picked []string, suggested object) (object, error) {
	kind, _ := e["type"].(string)
	switch kind {
	case "button", "icon_button":
		if e["value"] == nil {
			return object{}, nil
		}
		return object{"value": e["value"]}, nil
	case "feedback_buttons":
		return chooseFeedback(e, picked)
	}

	key, isList := valueKey(kind)
	values := []any{}
	for _, p := range picked {
		v, err := chooseOne(e, p, suggested)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}

	if isList {
		return object{key: values}, nil
	}
	if len(values) == 0 || values[0] == "" { // nothing was filled in
		return object{key: nil}, nil
	}
	if err := checkLength(e, values[0]); err != nil {
		return nil, err
	}
	return object{key: values[0]}, nil
}

// chooseOne returns the value of one item that a person picked or typed; see Choose.
func chooseOne(e object, picked string, suggested object) (any, error) {
	kind, _ := e["type"].(string)
	key, _ := valueKey(kind)
	picksOption := strings.HasPrefix(key, "selected_option")
	switch {
	case picksOption:
		o := findOption(e, picked)
		if o == nil {
			o = findOption(suggested, picked)
		}
		if o == nil {
			return nil, fmt.Errorf("no such option: %s", picked)
		}
		return o, nil
	case kind == "datetimepicker":
		n, err := strconv.ParseInt(picked, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("not a time: %s", picked)
		}
		return n, nil
	case kind == "rich_text_input":
		return json.RawMessage(encode(RichText(picked)[0])), nil
	}
	return picked, nil
}

// checkLength applies the limits that Slack's client enforces while somebody types.
func checkLength(e object, value any) error {
	text, ok := value.(string)
	if !ok {
		return nil
	}

	n := utf8.RuneCountInString(text)
	maxLength, hasMax := e["max_length"].(float64)
	if hasMax && n > int(maxLength) {
		return fmt.Errorf("text has %d characters, at most %d", n, int(maxLength))
	}

	minLength, hasMin := e["min_length"].(float64)
	if hasMin && n < int(minLength) {
		return fmt.Errorf("text has %d characters, at least %d", n, int(minLength))
	}
	if e["type"] == "plain_text_input" && n > maxTextRunes {
		return fmt.Errorf("text has %d characters, at most %d", n, maxTextRunes)
	}

	return nil
}

// Set sets the value of an input.
func (st *State) Set(block, action string, v any) {
	if st.Values == nil {
		st.Values = map[string]map[string]json.RawMessage{}
	}
	if st.Values[block] == nil {
		st.Values[block] = map[string]json.RawMessage{}
	}
	st.Values[block][action] = encode(v)
}

// FullState returns the values of all inputs in blocks. An input without a value in st has its initial value.
func FullState(st State, blocks json.RawMessage) State {
	out := State{Values: map[string]map[string]json.RawMessage{}}
	for e := range Elements(blocks) {
		if !HasState(e.Kind) {
			continue
		}
		if entered, ok := st.Values[e.BlockID][e.ActionID]; ok {
			out.Set(e.BlockID, e.ActionID, entered)
		} else {
			out.Set(e.BlockID, e.ActionID, initialValue(e.Fields))
		}
	}
	return out
}

// KeepState returns the part of st that survives when a view gets new blocks: the values of inputs whose ids
// are unchanged.
func KeepState(st State, blocks json.RawMessage) State {
	out := State{}
	for e := range Elements(blocks) {
		if entered, ok := st.Values[e.BlockID][e.ActionID]; ok {
			out.Set(e.BlockID, e.ActionID, entered)
		}
	}
	return out
}

// isEmptyValue reports whether a value means that nothing was filled in.
func isEmptyValue(v any) bool {
	if v == nil || v == "" {
		return true
	}
	list, isList := v.([]any)
	return isList && len(list) == 0
}

// Fill sets values in st, by action id or block_id/action_id. It then checks that each required input is
// filled in, as Slack's client does before it submits a view. suggested returns the options that the app last
// provided for an action id, or nil.
func Fill(st *State, blocks json.RawMessage, values map[string][]string, suggested func(id string) object) error {
	for _, action := range slices.Sorted(maps.Keys(values)) {
		e, ok := Find(blocks, action)
		if !ok {
			return fmt.Errorf("no element %q in the view", action)
		}

		value, err := Choose(e.Fields, values[action], suggested(e.ActionID))
		if err != nil {
			return fmt.Errorf("%s: %w", action, err)
		}

		value["type"] = e.Kind
		st.Set(e.BlockID, e.ActionID, value)
	}
	return checkRequired(*st, blocks)
}

// checkRequired checks that each required input of blocks is filled in.
func checkRequired(st State, blocks json.RawMessage) error {
	full := FullState(st, blocks)
	var missing []string
	for e := range Elements(blocks) {
		isRequired := e.Block["type"] == "input" && e.Block["optional"] != true
		if !isRequired {
			continue
		}

		var value object
		if json.Unmarshal(full.Values[e.BlockID][e.ActionID], &value) != nil {
			continue // no state, such as a button
		}
		key, _ := valueKey(e.Kind)
		if isEmptyValue(value[key]) {
			missing = append(missing, e.ActionID)
		}
	}

	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("please complete this required field: %s", strings.Join(missing, ", "))
	}
	return nil
}
