package torture

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
	said   = "said"   // a customer's mail: once, in the customer's one thread
	out    = "out"    // an agent's reply: once, in the customer's mailbox
	inside = "inside" // typed in the thread, never for the customer
	gone   = "gone"   // a reply that its author deleted during the hold
	back   = "back"   // a reply that comes back: the thread must say so
	fixed  = "fixed"  // the new words of an edited reply: the customer has them, or its author is told
)

// mark is the unique word in a message that tells it from all others.
// Shape: out-c017-5
type mark struct {
	Kind string
	Conv int
	N    int
}

func (m mark) String() string { return fmt.Sprintf("%s-c%03d-%d", m.Kind, m.Conv, m.N) }

var markPattern = regexp.MustCompile(`\b(said|out|inside|gone|back|fixed)-c(\d{3,6})-(\d+)\b`)

// marksIn gives the marks of a text in their order, each as often as it stands there: what
// stands there twice was sent twice.
func marksIn(text string) []mark {
	var list []mark
	for _, found := range markPattern.FindAllStringSubmatch(text, -1) {
		conv, _ := strconv.Atoi(found[2]) // digits
		n, _ := strconv.Atoi(found[3])
		list = append(list, mark{found[1], conv, n})
	}
	return list
}

// distinct gives each mark of a list once, in the order of the list.
func distinct(list []mark) []mark {
	var once []mark
	for _, m := range list {
		if !slices.Contains(once, m) {
			once = append(once, m)
		}
	}
	return once
}

// count says how often a mark stands in a list.
func count(list []mark, m mark) int {
	n := 0
	for _, other := range list {
		if other == m {
			n++
		}
	}
	return n
}

// shown gives the words that people see of a message: those of its blocks, or its text if it has no
// blocks. With blocks the text is only a short notice.
func shown(text string, blocks json.RawMessage) string {
	var words []string
	walk(blocks, func(o map[string]any) {
		if t, ok := o["text"].(string); ok {
			words = append(words, t)
		}
	})
	if len(words) == 0 {
		return text
	}
	return strings.Join(words, "\n")
}

// buttons gives the action ids of a message's buttons by verb.
// Shape of an action id: b:send:…
func buttons(blocks json.RawMessage) map[string]string {
	found := map[string]string{}
	walk(blocks, func(o map[string]any) {
		id, _ := o["action_id"].(string)
		if parts := buttonPattern.FindStringSubmatch(id); o["type"] == "button" && parts != nil {
			found[parts[1]] = id
		}
	})
	return found
}

var buttonPattern = regexp.MustCompile(`^b:([a-z]+):`)

// walk visits every object of a JSON tree; nothing when it is none.
func walk(raw json.RawMessage, visit func(map[string]any)) {
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
