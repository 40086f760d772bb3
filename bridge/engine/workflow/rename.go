package workflow

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// Rename gives a conversation another name on cards and in lists. Renaming it to the customer's own name undoes that.
func (wf *UseCases) Rename(r book.Request) {
	c, agent, surface, a := r.Conversation, r.Agent, r.Surface, r.Action
	name := strings.Join(strings.Fields(a.Args.Note), " ")
	if name == "" || utf8.RuneCountInString(name) > bridge.LongestName {
		wf.Refuse(r, "bad_name", fmt.Sprintf("A name has 1 to %d letters.", bridge.LongestName), "For example: !rename Ann of Berlin Lamps")
		return
	}
	kept := name
	if name == c.Customer().Name {
		kept = ""
	}
	if !c.SetTrait(bridge.TraitName, kept) {
		wf.Unchanged(r)
		return
	}
	wf.Log.ByAgent(c, agent, store.DeedRenamed, book.Detail{Text: name})
	wf.Line(c, bridge.Line{Content: bridge.LineDone, Verb: a.Verb, By: wf.Dir.Ref(surface, agent.ID),
		Args: bridge.Args{Conversation: c.ID, Note: name}})
	c.RefreshCard()
}
