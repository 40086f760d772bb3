package engine

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bridge"
	"parley/store"
)

// rename gives a conversation another name on cards and in lists. Renaming it to the customer's own name
// takes that back.
func (w *work) rename(r request) {
	c, agent, surface, a := r.conv, r.agent, r.surface, r.Action
	name := strings.Join(strings.Fields(a.Args.Note), " ")
	if name == "" || utf8.RuneCountInString(name) > bridge.LongestName {
		w.refuse(r, "bad_name", fmt.Sprintf("A name has 1 to %d letters.", bridge.LongestName), "For example: !rename Ann of Berlin Lamps")
		return
	}
	kept := name
	if name == c.customer().Name {
		kept = ""
	}
	if !c.setTrait(bridge.TraitName, kept) {
		w.unchanged(r)
		return
	}
	w.log.byAgent(c, agent, store.DeedRenamed, detail{Text: name})
	w.line(c, bridge.Line{Content: bridge.LineDone, Verb: a.Verb, By: w.dir.Ref(surface, agent.ID),
		Args: bridge.Args{Conversation: c.ID, Note: name}})
	c.refreshCard()
}
