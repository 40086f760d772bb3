package engine

import (
	"strings"

	"parley/bridge"
	"parley/store"
)

// unclaimedReason marks a reply that waits until somebody takes the conversation.
const unclaimedReason string = "unclaimed"

// mustBeTaken says that nobody owns the conversation and that a reply does not make its author the
// owner: reply_claims is off.
func (w *work) mustBeTaken(c *conv) bool {
	return len(c.Assignees) == 0 && !w.settings(c).ReplyClaims
}

// askToTake keeps a reply inside, with a line whose button takes the conversation and sends it.
func (w *work) askToTake(c *conv, m *message) {
	if m.Fate != store.FateUndone { // nobody knows yet whether an undone reply reached the customer
		m.Fate = store.FateAsk
	}
	m.Reason, m.dirty = unclaimedReason, true
	w.tellAuthor(c, m, &bridge.AskLine{Reason: unclaimedReason}, bridge.VerbSend, bridge.VerbKeep)
}

// claim adds whoever sends a kept reply to the conversation's owners; where an account allows only one
// owner, it does so only if there is none. It says no where the conversation has to be taken first,
// and then asks for that or tells why.
func (w *work) claim(r request, m *message) bool {
	switch {
	case m.Reason == unclaimedReason && r.conv.othersOwn(r.agent.ID):
		w.refuse(r, "taken", ownerNames(w.convs.owners(r.conv))+" took this conversation meanwhile.", "To send it all the same, take the conversation yourself first: !take")
		return false
	case w.mustBeTaken(r.conv) && m.Reason != unclaimedReason:
		w.askToTake(r.conv, m)
		return false
	case !r.conv.isAssignee(r.agent.ID) && (len(r.conv.Assignees) == 0 || !w.settings(r.conv).OneOwner):
		r.conv.Assignees = append(r.conv.Assignees, r.agent.ID)
		w.log.byAgent(r.conv, r.agent, store.DeedJoined, nil)
	}
	return true
}

// ownerNames names people in a sentence: "Ann, Ben".
func ownerNames(owners []bridge.AgentRef) string {
	var names []string
	for _, o := range owners {
		names = append(names, o.Name)
	}
	return strings.Join(names, ", ")
}
