package workflow

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/verb"
	"parley/store"
)

func renameVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbRename, Deed: store.DeedRenamed},
		Do:    (*UseCases).rename,
	}
}

// rename gives a conversation another name on cards and in lists. Renaming it to the customer's own name undoes that.
func (wf *UseCases) rename(r book.Request) {
	c, agent := r.Conversation, r.Agent
	name := strings.Join(strings.Fields(r.Args.Note), " ")
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

	wf.Log.Did(r, book.Detail{Text: name})
	wf.Line(c, bridge.Line{
		Content: bridge.LineDone,
		Verb:    r.Verb,
		By:      wf.Dir.Ref(r.Surface, agent.ID),
		Args:    bridge.Args{Conversation: c.ID, Note: name},
	})
	c.RefreshCard()
}
