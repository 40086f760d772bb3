package kit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A person fills in the inputs of a modal, or chooses in a message's menus. This file keeps what they chose,
// checks it as Slack's client does, and makes the state that Slack sends the app with a submission.

// State has the value of each input of a view or message, by block id and action id. A value is JSON such as
// {"type":"plain_text_input","value":"hello"}.
type State struct {
	Values map[string]map[string]json.RawMessage `json:"values"`
}

// HasState reports whether an element's value shows in the state of its view or message.
func HasState(kind string) bool {
	return !slices.Contains([]string{"button", "overflow", "image", "feedback_buttons", "icon_button"}, kind)
}

// initialValue returns the value of an element that nobody has touched, or nil if elements of its kind have no
// value.
func initialValue(e object) object {
	kind, _ := e["type"].(string)
	if !HasState(kind) {
		return nil
	}

	v := object{"type": kind}
	valueKeys := map[string]string{
		"initial_value": "value", "initial_option": "selected_option", "initial_options": "selected_options",
		"initial_user": "selected_user", "initial_users": "selected_users", "initial_channel": "selected_channel",
		"initial_channels": "selected_channels", "initial_conversation": "selected_conversation",
		"initial_conversations": "selected_conversations", "initial_date": "selected_date", "initial_time": "selected_time",
		"initial_date_time": "selected_date_time",
	}
	for from, to := range valueKeys {
		if e[from] != nil {
			v[to] = e[from]
		}
	}

	key, isList := valueKey(kind)
	if _, ok := v[key]; !ok {
		v[key] = nil
		if isList {
			v[key] = []any{}
		}
	}

	return v
}

// valueKey returns the name of the field that has an element's value, in states and in actions. isList means
// that the value is a list.
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

	// The menus: users_select has selected_user, multi_users_select has selected_users. Of static and external
	// ones an option is selected.
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

// Choose returns the value of an element after a person picked or typed something, as {key: value}. picked are
// option values, ids, a date, a time or text, by the element's type. extra has the options that the app gave
// for it, in the form of an element; it may be nil.
// Errors: "no such option: …", "not a time: …", "text has …".
func Choose(e object, picked []string, extra object) (object, error) {
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
		v, err := chooseOne(e, p, extra)
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

// chooseOne returns the value of one thing that a person picked or typed (see Choose).
func chooseOne(e object, picked string, extra object) (any, error) {
	kind, _ := e["type"].(string)
	key, _ := valueKey(kind)
	picksOption := strings.HasPrefix(key, "selected_option")
	switch {
	case picksOption:
		o := findOption(e, picked)
		if o == nil {
			o = findOption(extra, picked)
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
func checkLength(e object, v any) error {
	text, ok := v.(string)
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

// FullState returns the values of all inputs of blocks: from st, or the initial value of an input that st
// doesn't have.
func FullState(st State, blocks json.RawMessage) State {
	out := State{Values: map[string]map[string]json.RawMessage{}}
	for e := range Elements(blocks) {
		if have, ok := st.Values[e.BlockID][e.ActionID]; ok && HasState(e.Kind) {
			out.Set(e.BlockID, e.ActionID, have)
		} else if v := initialValue(e.Fields); v != nil {
			out.Set(e.BlockID, e.ActionID, v)
		}
	}
	return out
}

// KeepState returns what is left of st when a view gets other blocks: the values of inputs whose ids are still there.
func KeepState(st State, blocks json.RawMessage) State {
	out := State{}
	for e := range Elements(blocks) {
		if have, ok := st.Values[e.BlockID][e.ActionID]; ok {
			out.Set(e.BlockID, e.ActionID, have)
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

// Fill sets values in st, by action id or block_id/action_id, and then checks what Slack's client checks before
// it submits a view: that each required input is filled in. suggested returns the options that the app last
// gave for an action id, or nil.
func Fill(st *State, blocks json.RawMessage, values map[string][]string, suggested func(id string) object) error {
	for _, action := range slices.Sorted(maps.Keys(values)) {
		e, ok := Find(blocks, action)
		if !ok {
			return fmt.Errorf("no element %q in the view", action)
		}

		v, err := Choose(e.Fields, values[action], suggested(e.ActionID))
		if err != nil {
			return fmt.Errorf("%s: %w", action, err)
		}

		v["type"] = e.Kind
		st.Set(e.BlockID, e.ActionID, v)
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

		var v object
		if json.Unmarshal(full.Values[e.BlockID][e.ActionID], &v) != nil {
			continue // it has no state, such as a button
		}
		if key, _ := valueKey(e.Kind); isEmptyValue(v[key]) {
			missing = append(missing, e.ActionID)
		}
	}

	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("please complete this required field: %s", strings.Join(missing, ", "))
	}
	return nil
}
