package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// setPriority sets how urgent a conversation is. Normal is stored as no priority.
func (w *work) setPriority(r request) {
	c, agent, surface, a := r.conv, r.agent, r.surface, r.Action
	level := strings.ToLower(strings.TrimSpace(a.Args.Note))
	if !slices.Contains(bridge.Priorities(), level) {
		w.refuse(r, "bad_priority", "A priority is low, normal, high or urgent.", "For example: !priority high")
		return
	}
	kept := level
	if level == bridge.PriorityNormal {
		kept = ""
	}
	if !c.setTrait(bridge.TraitPriority, kept) {
		w.unchanged(r)
		return
	}
	w.log.byAgent(c, agent, store.DeedPrioritised, detail{Text: level})
	w.line(c, bridge.Line{Content: bridge.LineDone, Verb: a.Verb, By: w.dir.Ref(surface, agent.ID),
		Args: bridge.Args{Conversation: c.ID, Note: level}})
	c.refreshCard()
}
