package graphfake

import (
	"cmp"
	"fmt"
	"strings"
)

// nodeFields are the fields of a node.
type nodeFields struct {
	kind     string         // of the node, as Graph names it: "Page"
	id       string         // always in the answer
	defaults string         // what Graph answers if a call names no fields: "name,category"
	all      map[string]any // nil or "": a field that Graph knows and this node has no value for, so that it isn't in answers
}

// choose returns the fields that a call names, or the usual ones. It refuses a field that Graph doesn't know.
func (n nodeFields) choose(c *call) (map[string]any, *APIError) {
	answer := map[string]any{"id": n.id}
	for name := range strings.SplitSeq(cmp.Or(c.req.Query.Get("fields"), n.defaults), ",") {
		if name == "id" {
			continue
		}

		value, isKnown := n.all[name]
		if !isKnown {
			return nil, &APIError{Code: Invalid,
				Message: fmt.Sprintf("Tried accessing nonexisting field (%s) on node type (%s)", name, n.kind)}
		}
		if value != nil && value != "" {
			answer[name] = value
		}
	}
	return answer, nil
}
