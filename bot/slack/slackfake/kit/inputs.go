package kit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// State holds the inputs of a view or message: block id → action id → value.
type State struct {
	Values map[string]map[string]json.RawMessage `json:"values"`
}

// Each calls f for every interactive element of blocks until f returns false.
func Each(blocks json.RawMessage, f func(block, element object) bool) {
	var list []object
	if json.Unmarshal(blocks, &list) != nil {
		return
	}

	for _, b := range list {
		var all []any
		if e, ok := b["element"]; ok {
			all = append(all, e)
		}
		if e, ok := b["accessory"]; ok {
			all = append(all, e)
		}
		if b["type"] == "actions" || b["type"] == "context_actions" {
			elements, _ := b["elements"].([]any)
			all = append(all, elements...)
		}

		for _, v := range all {
			e, ok := v.(object)
			if ok && !f(b, e) {
				return
			}
		}
	}
}

// Find looks for an action id, or "block_id/action_id" where ids repeat.
func Find(blocks json.RawMessage, action string) (block, element object) {
	Each(blocks, func(b, e object) bool {
		id, _ := e["action_id"].(string)
		bid, _ := b["block_id"].(string)
		if id == action || bid+"/"+id == action {
			block, element = b, e
		}
		return element == nil
	})
	return block, element
}

// Stateful tells elements whose value shows in state.
func Stateful(kind string) bool {
	return !slices.Contains([]string{"button", "overflow", "image", "feedback_buttons", "icon_button"}, kind)
}

// initialValue is the state of an element that nobody touched; nil if it has no state.
func initialValue(e object) object {
	kind, _ := e["type"].(string)
	if !Stateful(kind) {
		return nil
	}

	v := object{"type": kind}
	pairs := map[string]string{
		"initial_value": "value", "initial_option": "selected_option", "initial_options": "selected_options",
		"initial_user": "selected_user", "initial_users": "selected_users", "initial_channel": "selected_channel",
		"initial_channels": "selected_channels", "initial_conversation": "selected_conversation",
		"initial_conversations": "selected_conversations", "initial_date": "selected_date", "initial_time": "selected_time",
		"initial_date_time": "selected_date_time",
	}
	for from, to := range pairs {
		if e[from] != nil {
			v[to] = e[from]
		}
	}

	key, many := valueKey(kind)
	if _, ok := v[key]; !ok {
		v[key] = nil
		if many {
			v[key] = []any{}
		}
	}

	return v
}

// valueKey names the field that carries an element's value in state and actions.
func valueKey(kind string) (key string, many bool) {
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

	base, multi := strings.CutPrefix(kind, "multi_")
	key = "selected_" + strings.TrimSuffix(base, "s_select") // users_select → selected_user
	if base == "static_select" || base == "external_select" {
		key = "selected_option"
	}
	if multi {
		return key + "s", true
	}

	return key, false
}

// Choose turns what a person picks into an element's value, as {key: value}. extra holds
// options that came from the app. Errors: "no such option: …" and the client's own checks.
func Choose(e object, picked []string, extra object) (object, error) {
	kind, _ := e["type"].(string)
	key, many := valueKey(kind)

	switch kind {
	case "button", "icon_button":
		if e["value"] == nil {
			return object{}, nil
		}
		return object{"value": e["value"]}, nil
	case "feedback_buttons":
		return chooseFeedback(e, picked)
	}

	options := strings.HasPrefix(key, "selected_option")
	var out []any
	for _, p := range picked {
		switch {
		case options:
			o := findOption(e, p)
			if o == nil {
				o = findOption(extra, p)
			}
			if o == nil {
				return nil, fmt.Errorf("no such option: %s", p)
			}

			out = append(out, o)
		case kind == "datetimepicker":
			n, err := strconv.ParseInt(p, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("not a time: %s", p)
			}
			out = append(out, n)
		case kind == "rich_text_input":
			out = append(out, json.RawMessage(encode(RichText(p)[0])))
		default:
			out = append(out, p)
		}
	}

	if many {
		if out == nil {
			out = []any{}
		}
		return object{key: out}, nil
	}

	if len(out) == 0 || out[0] == "" {
		return object{key: nil}, nil
	}
	if err := checkLength(e, out[0]); err != nil {
		return nil, err
	}

	return object{key: out[0]}, nil
}

// checkLength applies the limits that the client enforces while typing.
func checkLength(e object, v any) error {
	text, ok := v.(string)
	if !ok {
		return nil
	}

	n := utf8.RuneCountInString(text)
	most, hasMost := e["max_length"].(float64)
	if hasMost && n > int(most) {
		return fmt.Errorf("text has %d characters, at most %d", n, int(most))
	}

	least, hasLeast := e["min_length"].(float64)
	if hasLeast && n < int(least) {
		return fmt.Errorf("text has %d characters, at least %d", n, int(least))
	}
	if e["type"] == "plain_text_input" && n > maxTextRunes {
		return fmt.Errorf("text has %d characters, at most %d", n, maxTextRunes)
	}

	return nil
}

// Set stores the value of one input.
func (st *State) Set(block, action string, v any) {
	if st.Values == nil {
		st.Values = map[string]map[string]json.RawMessage{}
	}
	if st.Values[block] == nil {
		st.Values[block] = map[string]json.RawMessage{}
	}
	st.Values[block][action] = encode(v)
}

// FullState is st over the initial values of blocks.
func FullState(st State, blocks json.RawMessage) State {
	out := State{Values: map[string]map[string]json.RawMessage{}}
	Each(blocks, func(b, e object) bool {
		v := initialValue(e)
		if v == nil {
			return true
		}

		bid, _ := b["block_id"].(string)
		id, _ := e["action_id"].(string)
		if have, ok := st.Values[bid][id]; ok {
			out.Set(bid, id, have)
		} else {
			out.Set(bid, id, v)
		}

		return true
	})

	return out
}

// KeepState is what remains of st when a view gets new blocks: inputs with the same ids.
func KeepState(st State, blocks json.RawMessage) State {
	out := State{}
	Each(blocks, func(b, e object) bool {
		bid, _ := b["block_id"].(string)
		id, _ := e["action_id"].(string)
		if have, ok := st.Values[bid][id]; ok {
			out.Set(bid, id, have)
		}
		return true
	})
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

// Fill enters values (by action id or block_id/action_id) into st and makes the checks that
// the client makes before it submits. suggested gives the options that the app offered last for
// an action id, nil means none.
func Fill(st *State, blocks json.RawMessage, values map[string][]string, suggested func(id string) object) error {
	for action, picked := range values {
		b, e := Find(blocks, action)
		if e == nil {
			return fmt.Errorf("no element %q in the view", action)
		}

		v, err := Choose(e, picked, suggested(fmt.Sprint(e["action_id"])))
		if err != nil {
			return fmt.Errorf("%s: %w", action, err)
		}

		v["type"] = e["type"]
		st.Set(fmt.Sprint(b["block_id"]), fmt.Sprint(e["action_id"]), v)
	}

	full := FullState(*st, blocks)
	var missing []string
	Each(blocks, func(b, e object) bool {
		if b["type"] != "input" || b["optional"] == true {
			return true
		}

		var v object
		bid, id := fmt.Sprint(b["block_id"]), fmt.Sprint(e["action_id"])
		if json.Unmarshal(full.Values[bid][id], &v) != nil {
			return true
		}

		key, _ := valueKey(fmt.Sprint(e["type"]))
		if isEmptyValue(v[key]) {
			missing = append(missing, id)
		}

		return true
	})

	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("please complete this required field: %s", strings.Join(missing, ", "))
	}

	return nil
}
