package engine

import (
	"strings"

	"parley/bridge"
	"parley/store"
)

// setPriority says how urgent a conversation is; one without a word of it is normal.
func (w *work) setPriority(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	level, kept := strings.ToLower(strings.TrimSpace(a.Args.Note)), ""
	switch level {
	case "low", "high", "urgent":
		kept = level
	case "normal":
	default:
		w.refuse(c, surface, a, "bad_priority", "A priority is low, normal, high or urgent.", "For example: !priority high")
		return
	}
	if !c.setTrait("priority", kept) {
		w.unchanged(c, surface, a)
		return
	}
	w.logAgent(c, agent, "set priority", detail{Text: level})
	w.line(c, bridge.Line{Kind: bridge.LineDone, Verb: a.Verb, By: w.dir.Ref(surface, agent.ID), Args: bridge.Args{Conversation: c.ID, Note: level}})
	w.card(c)
}
