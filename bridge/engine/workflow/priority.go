package workflow

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/verb"
	"parley/store"
	"parley/store/suggestion"
)

func priorityVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbPriority, Deed: store.DeedPrioritised},
		Do:    (*UseCases).setPriority,
	}
}

// setPriority sets how urgent a conversation is. The normal priority is stored as none.
func (wf *UseCases) setPriority(r book.Request) {
	c, agent := r.Conversation, r.Agent
	level := strings.ToLower(strings.TrimSpace(r.Args.Note))
	if !slices.Contains(bridge.Priorities(), level) {
		wf.Refuse(r, "bad_priority", "A priority is low, normal, high or urgent.", "For example: !priority high")
		return
	}

	kept := level
	if level == bridge.PriorityNormal {
		kept = ""
	}
	if !c.SetTrait(bridge.TraitPriority, kept) {
		wf.Unchanged(r)
		return
	}

	wf.Suggestions.Settle(c, suggestion.Priority, level, suggestion.Used)
	wf.Log.Did(r, book.Detail{Text: level})
	wf.Line(c, bridge.Line{
		Content: bridge.LineDone,
		Verb:    r.Verb,
		By:      wf.Dir.Ref(r.Surface, agent.ID),
		Args:    bridge.Args{Conversation: c.ID, Note: level},
	})
	c.RefreshCard()
}
