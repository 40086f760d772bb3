package judge

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kinds of marks: what is to become of a message.
const (
	Said   = "said"   // a customer's mail: once, in the customer's one thread
	Out    = "out"    // an agent's reply: once, in the customer's mailbox
	Inside = "inside" // typed in the thread, never for the customer
	Gone   = "gone"   // a reply that its author deleted during the hold
	Back   = "back"   // a reply that comes back: the thread must say so
	Fixed  = "fixed"  // the new words of an edited reply: the customer has them, or its author is told
)

// Mark is the unique word in a message that tells it from all others.
// Shape: out-c017-5
type Mark struct {
	Kind string
	Conv int
	N    int
}

func (m Mark) String() string { return fmt.Sprintf("%s-c%03d-%d", m.Kind, m.Conv, m.N) }

var markPattern = regexp.MustCompile(`\b(said|out|inside|gone|back|fixed)-c(\d{3,6})-(\d+)\b`)

// MarksIn returns the marks of a text in their order, each as often as it stands there: what
// stands there twice was sent twice.
func MarksIn(text string) []Mark {
	var list []Mark
	for _, found := range markPattern.FindAllStringSubmatch(text, -1) {
		conv, _ := strconv.Atoi(found[2]) // the pattern lets only digits through
		n, _ := strconv.Atoi(found[3])    // likewise; one too large for an int counts as the largest
		list = append(list, Mark{Kind: found[1], Conv: conv, N: n})
	}
	return list
}

// Distinct returns each mark of a list once, in the order of the list.
func Distinct(list []Mark) []Mark {
	var once []Mark
	for _, m := range list {
		if !slices.Contains(once, m) {
			once = append(once, m)
		}
	}
	return once
}

// Count reports how often a mark stands in a list.
func Count(list []Mark, m Mark) int {
	n := 0
	for _, other := range list {
		if other == m {
			n++
		}
	}
	return n
}

// Shown returns the words that people see of a message: those of its blocks, or its text if it has no
// blocks. With blocks the text is only a short notice.
func Shown(text string, blocks json.RawMessage) string {
	var words []string
	Walk(blocks, func(o map[string]any) {
		if t, ok := o["text"].(string); ok {
			words = append(words, t)
		}
	})
	if len(words) == 0 {
		return text
	}
	return strings.Join(words, "\n")
}

// Buttons returns the action ids of a message's buttons by verb.
// Shape of an action id: b:send:…
func Buttons(blocks json.RawMessage) map[string]string {
	found := map[string]string{}
	Walk(blocks, func(o map[string]any) {
		id, _ := o["action_id"].(string)
		parts := buttonPattern.FindStringSubmatch(id)
		if o["type"] == "button" && parts != nil {
			found[parts[1]] = id
		}
	})
	return found
}

var buttonPattern = regexp.MustCompile(`^b:([a-z]+):`)

// Walk visits every object of a JSON tree; nothing when it is none.
func Walk(raw json.RawMessage, visit func(map[string]any)) {
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
