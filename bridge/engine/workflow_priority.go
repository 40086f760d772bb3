package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

func priorityVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbPriority, Deed: store.DeedPrioritised},
		Do:    (*work).setPriority,
	}
}

// setPriority sets how urgent a conversation is. The normal priority is stored as none.
func (w *work) setPriority(r Request) {
	c, agent := r.Conversation, r.Agent
	level := strings.ToLower(strings.TrimSpace(r.Args.Note))
	if !slices.Contains(bridge.Priorities(), level) {
		w.Refuse(r, "bad_priority", "A priority is low, normal, high or urgent.", "For example: !priority high")
		return
	}

	kept := level
	if level == bridge.PriorityNormal {
		kept = ""
	}
	if !c.SetTrait(bridge.TraitPriority, kept) {
		w.Unchanged(r)
		return
	}

	w.Suggestions.Settle(c, store.SuggestsPriority, level, store.SuggestionUsed)
	w.Log.Did(r, Detail{Text: level})
	w.Line(c, bridge.Line{
		Content: bridge.LineDone,
		Verb:    r.Verb,
		By:      w.Dir.Ref(r.Surface, agent.ID),
		Args:    bridge.Args{Conversation: c.ID, Note: level},
	})
	c.RefreshCard()
}
