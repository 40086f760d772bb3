package slackfake

import (
	"encoding/json"
	"iter"
)

// Element is an interactive element, such as a button or an input, with the block that contains it. Block and
// Fields are the JSON objects that the app sent; the strings are copies of their most used fields.
type Element struct {
	Block    object
	Fields   object
	BlockID  string
	ActionID string
	Kind     string // the element's type, such as "button"
}

// Elements iterates over the interactive elements of blocks in order. It yields nothing if blocks isn't valid JSON.
func Elements(blocks json.RawMessage) iter.Seq[Element] {
	return func(yield func(Element) bool) {
		var list []object
		if json.Unmarshal(blocks, &list) != nil {
			return
		}

		for _, block := range list {
			for _, e := range elementsOf(block) {
				fields, isObject := e.(object)
				if isObject && !yield(newElement(block, fields)) {
					return
				}
			}
		}
	}
}

// elementsOf returns the contents of the fields of a block that hold interactive elements.
func elementsOf(block object) []any {
	var all []any
	for _, key := range []string{"element", "accessory"} {
		if e, ok := block[key]; ok {
			all = append(all, e)
		}
	}
	if block["type"] == "actions" || block["type"] == "context_actions" {
		elements, _ := block["elements"].([]any)
		all = append(all, elements...)
	}
	return all
}

func newElement(block, fields object) Element {
	e := Element{Block: block, Fields: fields}
	e.BlockID, _ = block["block_id"].(string)
	e.ActionID, _ = fields["action_id"].(string)
	e.Kind, _ = fields["type"].(string)
	return e
}

// Find returns the first element with the given action id. If several blocks use the same action id, pass
// "block_id/action_id" to select one.
func Find(blocks json.RawMessage, action string) (e Element, ok bool) {
	for e := range Elements(blocks) {
		if e.ActionID == action || e.BlockID+"/"+e.ActionID == action {
			return e, true
		}
	}
	return Element{}, false
}
