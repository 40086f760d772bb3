package checker

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kinds of markers. A message's kind says what is to become of it.
const (
	Inbound  = "inbound"  // by a customer: shown once, in the thread of the customer's conversation
	Outbound = "outbound" // a reply of an agent: received once, by the customer
	Internal = "internal" // typed in the thread for colleagues: never received by the customer
	Deleted  = "deleted"  // a reply that its author deleted during the hold: never received
	Bounced  = "bounced"  // a reply to a mailbox that doesn't exist: the thread must say that it came back
	Edited   = "edited"   // the new text of an edited reply: received, or its author is told that it was not
)

// Marker is the unique word in a message that tells it from all others.
// Shape: outbound-c017-5
type Marker struct {
	Kind         string
	Conversation int
	Number       int // counts the markers of the conversation, from 1
}

func (m Marker) String() string { return fmt.Sprintf("%s-c%03d-%d", m.Kind, m.Conversation, m.Number) }

var markerPattern = regexp.MustCompile(`\b(inbound|outbound|internal|deleted|bounced|edited)-c(\d{3,6})-(\d+)\b`)

// MarkersIn returns the markers of a text in their order, each as often as the text has it: a marker that
// stands there twice was sent twice.
func MarkersIn(text string) []Marker {
	var list []Marker
	for _, found := range markerPattern.FindAllStringSubmatch(text, -1) {
		conv, _ := strconv.Atoi(found[2]) // the pattern lets only digits through
		n, _ := strconv.Atoi(found[3])    // likewise; one too large for an int counts as the largest
		list = append(list, Marker{Kind: found[1], Conversation: conv, Number: n})
	}
	return list
}

// Distinct returns each marker of a list once, in the order of the list.
func Distinct(list []Marker) []Marker {
	var once []Marker
	for _, m := range list {
		if !slices.Contains(once, m) {
			once = append(once, m)
		}
	}
	return once
}

// Count returns how often a list has a marker.
func Count(list []Marker, m Marker) int {
	n := 0
	for _, other := range list {
		if other == m {
			n++
		}
	}
	return n
}

// ShownText returns the words of a Slack message that people see: those of its blocks, or its text if it has
// no blocks. The text of a message with blocks is shown only in notifications.
func ShownText(text string, blocks json.RawMessage) string {
	var words []string
	WalkJSON(blocks, func(o map[string]any) {
		if t, ok := o["text"].(string); ok {
			words = append(words, t)
		}
	})
	if len(words) == 0 {
		return text
	}
	return strings.Join(words, "\n")
}

// ButtonsIn returns the action ids of the buttons in a Slack message's blocks, by verb. Shape of an action id: b:send:…
func ButtonsIn(blocks json.RawMessage) map[string]string {
	found := map[string]string{}
	WalkJSON(blocks, func(o map[string]any) {
		id, _ := o["action_id"].(string)
		parts := buttonPattern.FindStringSubmatch(id)
		if o["type"] == "button" && parts != nil {
			found[parts[1]] = id
		}
	})
	return found
}

var buttonPattern = regexp.MustCompile(`^b:([a-z]+):`)

// WalkJSON visits every object of a JSON tree. It visits nothing if raw is no JSON.
func WalkJSON(raw json.RawMessage, visit func(map[string]any)) {
	var tree any
	if len(raw) == 0 || json.Unmarshal(raw, &tree) != nil {
		return
	}

	var down func(any)
	down = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			visit(n)
			for _, v := range n {
				down(v)
			}
		case []any:
			for _, v := range n {
				down(v)
			}
		}
	}

	down(tree)
}
