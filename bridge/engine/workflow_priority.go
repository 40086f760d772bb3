package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

func priorityVerb() workflowUseCase {
	return workflowUseCase{
		Rules: Rules{Name: bridge.VerbPriority, Deed: store.DeedPrioritised},
		Do:    (*WorkflowUseCases).setPriority,
	}
}

// setPriority sets how urgent a conversation is. The normal priority is stored as none.
func (wf *WorkflowUseCases) setPriority(r Request) {
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

	wf.Suggestions.Settle(c, store.SuggestsPriority, level, store.SuggestionUsed)
	wf.Log.Did(r, Detail{Text: level})
	wf.Line(c, bridge.Line{
		Content: bridge.LineDone,
		Verb:    r.Verb,
		By:      wf.Dir.Ref(r.Surface, agent.ID),
		Args:    bridge.Args{Conversation: c.ID, Note: level},
	})
	c.RefreshCard()
}
