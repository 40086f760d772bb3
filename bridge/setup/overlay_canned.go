package setup

import (
	"strings"

	"parley/store"
)

// cannedEntry applies the entry of a canned reply: it changes the stored one, or makes a new one.
func (o *overlay) cannedEntry(e ParleyfileCanned) {
	i := store.FindCanned(o.Canned, e.Keyword)
	if i < 0 {
		if e.Text == nil {
			o.faults.Add(Fault{At: e.At, Where: "canned reply " + e.Keyword + ": text", What: "is missing", Hint: "Write the text."})
		}
		i = len(o.Canned)
		o.Canned = append(o.Canned, store.Canned{})
	}
	c := &o.Canned[i]
	c.Keyword = e.Keyword
	if e.Topic != nil {
		c.Topic = strings.Join(strings.Fields(e.Topic.Value), " ")
	}
	if e.Text != nil {
		c.Text = strings.TrimSpace(e.Text.Value)
	}
}
