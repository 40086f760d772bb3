package engine

import (
	"strings"

	"parley/bridge"
	"parley/store"
)

// An account decides with reply_claims what happens when an agent replies in a conversation that nobody owns.
// If it is on, the agent becomes the owner. If it is off, the agent has to take the conversation first: the
// reply waits, and a line in the thread asks for it.

// isAskedToTake reports whether a reply waits because its author was asked to take the conversation.
func isAskedToTake(m *Message) bool { return m.Reason == bridge.ReasonUnclaimed }

// MustBeTaken reports whether an agent has to take the conversation before a reply leaves.
func (w *work) MustBeTaken(c *Conversation) bool {
	return len(c.Assignees) == 0 && !w.Settings(c).ReplyClaims
}

// AskToTake keeps a reply from being sent and asks its author to take the conversation. One button of the
// question takes it and sends the reply, the other keeps the reply among colleagues.
func (w *work) AskToTake(c *Conversation, m *Message) {
	if m.Fate != store.FateUndone { // a reply that was undone stays undone until it is sent
		m.Fate = store.FateAsk
	}
	m.Reason, m.Dirty = bridge.ReasonUnclaimed, true
	w.TellAuthor(c, m, &bridge.AskLine{Why: bridge.Because(bridge.ReasonUnclaimed)}, bridge.VerbSend, bridge.VerbKeep)
}

// takeForReply makes an agent who sends a kept reply an owner of the conversation, if the account allows
// another one. It returns false if the reply must not be sent: others have taken the conversation, or it has to
// be taken first.
func (w *work) takeForReply(r Request, m *Message) bool {
	c := r.Conversation
	if isAskedToTake(m) && c.IsHeldByOthers(r.Agent.ID) {
		w.Refuse(r, "taken", ownerNames(w.Conversations.Owners(c))+" took this conversation meanwhile.",
			"To send it all the same, take the conversation yourself first: !take")
		return false
	}

	if !isAskedToTake(m) && w.MustBeTaken(c) {
		w.AskToTake(c, m)
		return false
	}

	mayHaveOneMore := (len(c.Assignees) == 0 || !w.Settings(c).OneOwner) && w.Authorize(r, bridge.VerbTake) == nil
	if !c.IsAssignee(r.Agent.ID) && mayHaveOneMore {
		c.Assignees = append(c.Assignees, r.Agent.ID)
		w.Log.ByAgent(c, r.Agent, store.DeedJoined, nil)
	}

	return true
}

// ownerNames returns the owners' names for a sentence: "Ann, Ben".
func ownerNames(owners []bridge.AgentRef) string {
	var names []string
	for _, o := range owners {
		names = append(names, o.Name)
	}
	return strings.Join(names, ", ")
}
