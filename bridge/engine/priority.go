package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// setPriority says how urgent a conversation is; one without a word of it is normal.
func (w *work) setPriority(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	level := strings.ToLower(strings.TrimSpace(a.Args.Note))
	if !slices.Contains(bridge.Priorities(), level) {
		w.refuse(c, surface, a, "bad_priority", "A priority is low, normal, high or urgent.", "For example: !priority high")
		return
	}
	kept := level
	if level == bridge.PriorityNormal {
		kept = ""
	}
	if !c.setTrait(bridge.TraitPriority, kept) {
		w.unchanged(c, surface, a)
		return
	}
	w.logAgent(c, agent, "set priority", detail{Text: level})
	w.line(c, bridge.Line{Kind: bridge.LineDone, Verb: a.Verb, By: w.dir.Ref(surface, agent.ID), Args: bridge.Args{Conversation: c.ID, Note: level}})
	w.card(c)
}
