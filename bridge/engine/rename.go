package engine

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bridge"
	"parley/store"
)

// rename gives a conversation another name on cards and in lists; its customer's own name takes that
// back.
func (w *work) rename(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	name := strings.Join(strings.Fields(a.Args.Note), " ")
	if name == "" || utf8.RuneCountInString(name) > bridge.LongestName {
		w.refuse(c, surface, a, "bad_name", fmt.Sprintf("A name has 1 to %d letters.", bridge.LongestName), "For example: !rename Ann of Berlin Lamps")
		return
	}
	kept := name
	if name == c.customer().Name {
		kept = ""
	}
	if !c.setTrait(bridge.TraitName, kept) {
		w.unchanged(c, surface, a)
		return
	}
	w.logAgent(c, agent, "renamed", detail{Text: name})
	w.line(c, bridge.Line{Kind: bridge.LineDone, Verb: a.Verb, By: w.dir.Ref(surface, agent.ID), Args: bridge.Args{Conversation: c.ID, Note: name}})
	w.card(c)
}
