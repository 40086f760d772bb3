package setup

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bridge"
)

// ParleyfileCanned is the entry of a canned reply for all in parley.yaml. Agents write their own in the chats.
//
//	canned_replies:
//	  - keyword: delay
//	    topic: Shipping
//	    text: "Hello {{first_name}}, your parcel is late."
//
// A nil field means that the entry doesn't have the key, so that the property stays as it is.
type ParleyfileCanned struct {
	At      Position
	Keyword string
	Topic   *Text
	Text    *Text
}

// readCanned reads the entry of a canned reply. It returns false if the entry has no keyword.
func readCanned(o *object) (ParleyfileCanned, bool) {
	e := ParleyfileCanned{At: o.At, Keyword: o.readName("keyword", "Agents type it: delay.")}
	o.Where = "canned reply " + e.Keyword
	if e.Keyword != "" && !bridge.IsCannedKeyword(e.Keyword) {
		o.Fault(o.At, "keyword", fmt.Sprintf("%q isn't a keyword", e.Keyword), "Write one word of letters, digits, - and _.")
	}
	e.Topic, e.Text = o.Text("topic"), o.Text("text")
	if e.Text != nil && (strings.TrimSpace(e.Text.Value) == "" || utf8.RuneCountInString(e.Text.Value) > bridge.MaxCannedRunes) {
		o.Fault(e.Text.At, "text", "is empty or too long", fmt.Sprintf("Write up to %d letters.", bridge.MaxCannedRunes))
	}
	o.Done()
	return e, e.Keyword != ""
}
