package setup

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bridge"
	"parley/store"
)

// readCanned reads the entry of a canned reply for all. Agents write their own in the chats.
//
//	canned_replies:
//	  - keyword: delay
//	    topic: Shipping
//	    text: "Hello {{first_name}}, your parcel is late."
func (o *overlay) readCanned(e *Group) {
	keyword := e.readName("keyword", "Agents type it: delay.")
	e.Where = "canned reply " + keyword
	if keyword != "" && !bridge.IsCannedKeyword(keyword) {
		e.Fault(e.At, "keyword", fmt.Sprintf("%q isn't a keyword", keyword), "Write one word of letters, digits, - and _.")
	}
	i := store.FindCanned(o.Canned, keyword)
	if i < 0 {
		if !e.has("text") {
			o.fault(e, e.At, "text", "is missing", "Write the text.")
		}
		i = len(o.Canned)
		o.Canned = append(o.Canned, store.Canned{})
	}
	c := &o.Canned[i]
	c.Keyword = keyword
	setText(e, "topic", &c.Topic)
	c.Topic = strings.Join(strings.Fields(c.Topic), " ")
	if t := setText(e, "text", &c.Text); t != nil && (c.Text == "" || utf8.RuneCountInString(t.Value) > bridge.MaxCannedRunes) {
		e.Fault(t.At, "text", "is empty or too long", fmt.Sprintf("Write up to %d letters.", bridge.MaxCannedRunes))
	}
	e.Done()
	o.entries.add("canned reply", keyword, e, e.At)
}

// Canned returns the entry of a canned reply for all.
func Canned(c store.Canned) *Mapping {
	entry := &Mapping{}
	entry.AddText("keyword", c.Keyword)
	entry.AddText("topic", c.Topic)
	entry.AddText("text", c.Text)
	return entry
}

// cannedFields describes a canned reply: a text with which agents begin a reply.
func cannedFields() []Field {
	return []Field{
		{
			Path: "keyword", Label: "Keyword", Input: InputLine, Required: true, Fixed: true,
			Help: "One word. Agents type it after a backslash: `\\delay`.",
		},
		{Path: "topic", Label: "Topic", Input: InputLine, Help: "Groups them in lists."},
		{
			Path: "text", Label: "Text", Input: InputText, Required: true,
			Help: "It may have the variables `{{first_name}}`, `{{name}}`, `{{email}}`, `{{agent_name}}` and `{{company_name}}`. " +
				"Agents are asked for the values of all others.",
		},
	}
}
