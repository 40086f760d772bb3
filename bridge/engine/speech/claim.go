package speech

import (
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// isAskedToTake reports whether a reply's author was asked to take the conversation, and the reply still waits for that.
func isAskedToTake(m *book.Message) bool { return m.Reason == bridge.ReasonUnclaimed }

// MustBeTaken reports whether an agent has to become the conversation's owner (!take) before a reply leaves: nobody owns it, and
// a reply doesn't make its author the owner, since the setting reply_claims is off.
func (sp *UseCases) MustBeTaken(c *book.Conversation) bool {
	return len(c.Assignees) == 0 && !sp.Settings(c).ReplyClaims
}

// AskToTake keeps a reply from the customer until somebody takes the conversation. A line asks the reply's author: one of its buttons
// takes the conversation and sends the reply, the other keeps the reply among colleagues.
func (sp *UseCases) AskToTake(c *book.Conversation, m *book.Message) {
	// A reply that was taken back stays so until it is sent.
	if m.Fate != store.FateUndone {
		m.Fate = store.FateAsk
	}
	m.Reason, m.Dirty = bridge.ReasonUnclaimed, true
	sp.TellAuthor(c, m, &bridge.AskLine{Why: bridge.Because(bridge.ReasonUnclaimed)}, bridge.VerbSend, bridge.VerbKeep)
}

// takeForReply adds whoever sends a kept reply to the conversation's owners, if the account allows one more. It returns false
// if the conversation has to be taken first; then it asks for that, or says why not.
func (sp *UseCases) takeForReply(r book.Request, m *book.Message) bool {
	c := r.Conversation
	if isAskedToTake(m) && c.IsHeldByOthers(r.Agent.ID) {
		sp.Refuse(r, "taken", ownerNames(sp.Conversations.Owners(c))+" took this conversation meanwhile.",
			"To send it all the same, take the conversation yourself first: !take")
		return false
	}

	if !isAskedToTake(m) && sp.MustBeTaken(c) {
		sp.AskToTake(c, m)
		return false
	}

	mayHaveOneMore := len(c.Assignees) == 0 || !sp.Settings(c).OneOwner
	if !c.IsAssignee(r.Agent.ID) && mayHaveOneMore {
		c.Assignees = append(c.Assignees, r.Agent.ID)
		sp.Log.ByAgent(c, r.Agent, store.DeedJoined, nil)
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
