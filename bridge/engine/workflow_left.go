package engine

import (
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// OwnersLeft takes owners who no longer work on its account off a conversation, unless it is over. If no owner is left, a line says
// that the conversation is unassigned. The line mentions nobody, because there may be many such conversations. The status stays: a snoozed
// conversation comes back at its time.
func (w *work) OwnersLeft(c *Conversation) {
	isOver := !c.BridgeStatus().Open()
	hasLeft := func(id store.AgentID) bool { return w.Dir.HasLeft(id, c.Account) }
	if isOver || !slices.ContainsFunc(c.Assignees, hasLeft) {
		return
	}

	var names []string
	for _, id := range c.Assignees {
		if hasLeft(id) {
			names = append(names, w.Dir.Ref(AnySurface, id).Name)
		}
	}

	c.Assignees = slices.DeleteFunc(slices.Clone(c.Assignees), hasLeft)
	c.Touch()
	c.RefreshCard()

	if len(c.Assignees) > 0 {
		w.Log.ByParley(c, store.DeedAssigned, Detail{Agents: c.Assignees})
		return
	}

	w.Log.ByParley(c, store.DeedUnassigned, nil)
	w.Line(c, bridge.Line{Content: &bridge.UnassignedLine{Former: strings.Join(names, ", ")}})
}
