package kit

import (
	"encoding/json"
	"iter"
)

// Element is an interactive element of a block, such as a button or an input.
type Element struct {
	Block    object // in which it stands, as the app wrote both
	Fields   object
	BlockID  string
	ActionID string
	Kind     string // its type: "button"
}

// Elements returns the interactive elements of blocks in their order. Blocks that are no JSON have none.
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

// elementsOf returns what stands in a block where interactive elements may.
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

// Find returns the first element with an action id. Where an action id is in several blocks, "block_id/action_id" names one.
func Find(blocks json.RawMessage, action string) (e Element, ok bool) {
	for e := range Elements(blocks) {
		if e.ActionID == action || e.BlockID+"/"+e.ActionID == action {
			return e, true
		}
	}
	return Element{}, false
}
