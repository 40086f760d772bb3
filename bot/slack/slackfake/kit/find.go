package kit

import "encoding/json"

// Each calls f for each interactive element of blocks, until f returns false. Blocks that are no JSON have none.
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
		hasElements := b["type"] == "actions" || b["type"] == "context_actions"
		if hasElements {
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

// Find returns the first element with an action id, and its block. Where an action id is in several blocks,
// "block_id/action_id" names one. Both are nil if there is none.
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
