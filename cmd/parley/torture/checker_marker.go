package torture

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kinds of markers. The kind of a message determines what must happen to it.
const (
	Inbound  = "inbound"  // by a customer: shown once, in the thread of the customer's conversation
	Outbound = "outbound" // an agent's reply: received once, by the customer
	Internal = "internal" // typed in the thread for colleagues: never received by the customer
	Deleted  = "deleted"  // a reply that its author deleted before it was sent: never received
	Bounced  = "bounced"  // a reply to a mailbox that doesn't exist: the thread must report that it bounced
	Edited   = "edited"   // the new text of an edited reply: received, or the author is informed that it was not
)

// Marker is the unique word that identifies a message of a test run. It is part of the message's text, so the message
// can be recognised wherever it appears: in a mailbox, a chat thread or a log. Example: "outbound-c017-5" is text 5 of
// conversation 17, a reply.
type Marker struct {
	Kind         string
	Conversation int
	Number       int // counts the markers of the conversation, from 1
}

func (m Marker) String() string { return fmt.Sprintf("%s-c%03d-%d", m.Kind, m.Conversation, m.Number) }

var markerPattern = regexp.MustCompile(`\b(inbound|outbound|internal|deleted|bounced|edited)-c(\d{3,6})-(\d+)\b`)

// MarkersIn returns the markers of a text in order, including repeated ones: a text that contains a marker twice was
// sent twice.
func MarkersIn(text string) []Marker {
	var list []Marker
	for _, found := range markerPattern.FindAllStringSubmatch(text, -1) {
		conv, _ := strconv.Atoi(found[2]) // the pattern matches only digits
		n, _ := strconv.Atoi(found[3])    // likewise; Atoi returns the maximum for a number that is too large
		list = append(list, Marker{Kind: found[1], Conversation: conv, Number: n})
	}
	return list
}

// Distinct returns the list without repeated markers.
func Distinct(list []Marker) []Marker {
	var once []Marker
	for _, m := range list {
		if !slices.Contains(once, m) {
			once = append(once, m)
		}
	}
	return once
}

// Count returns how often a list contains a marker.
func Count(list []Marker, m Marker) int {
	n := 0
	for _, other := range list {
		if other == m {
			n++
		}
	}
	return n
}

// ShownText returns the visible words of a Slack message: those of its blocks, or its text if it has no blocks. Slack
// shows the text of a message with blocks only in notifications.
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

// ButtonsIn returns the action ids of the buttons in a Slack message's blocks, by verb. An action id looks like
// "b:send:…"; its verb is "send".
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

// WalkJSON calls visit for every object of a JSON document, parents first. It does nothing if raw isn't valid JSON.
func WalkJSON(raw json.RawMessage, visit func(map[string]any)) {
	var tree any
	if len(raw) == 0 || json.Unmarshal(raw, &tree) != nil {
		return
	}

	var walk func(any)
	walk = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			visit(n)
			for _, v := range n {
				walk(v)
			}
		case []any:
			for _, v := range n {
				walk(v)
			}
		}
	}

	walk(tree)
}
