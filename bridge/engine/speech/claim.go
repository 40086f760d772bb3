package speech

import (
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// unclaimedReason marks a reply that waits until somebody takes the conversation.
const unclaimedReason string = "unclaimed"

// MustBeTaken reports whether nobody owns the conversation and that a reply does not make its author the
// owner: reply_claims is off.
func (sp *UseCases) MustBeTaken(c *book.Conversation) bool {
	return len(c.Assignees) == 0 && !sp.Settings(c).ReplyClaims
}

// AskToTake keeps a reply inside, with a line whose button takes the conversation and sends it.
func (sp *UseCases) AskToTake(c *book.Conversation, m *book.Message) {
	if m.Fate != store.FateUndone { // nobody knows yet whether an undone reply reached the customer
		m.Fate = store.FateAsk
	}
	m.Reason, m.Dirty = unclaimedReason, true
	sp.TellAuthor(c, m, &bridge.AskLine{Reason: unclaimedReason}, bridge.VerbSend, bridge.VerbKeep)
}

// claim adds whoever sends a kept reply to the conversation's owners; where an account allows only one
// owner, it does so only if there is none. It returns false if the conversation has to be taken first,
// and then asks for that or tells why.
func (sp *UseCases) claim(r book.Request, m *book.Message) bool {
	switch {
	case m.Reason == unclaimedReason && r.Conversation.IsHeldByOthers(r.Agent.ID):
		sp.Refuse(r, "taken", ownerNames(sp.Conversations.Owners(r.Conversation))+" took this conversation meanwhile.", "To send it all the same, take the conversation yourself first: !take")
		return false
	case sp.MustBeTaken(r.Conversation) && m.Reason != unclaimedReason:
		sp.AskToTake(r.Conversation, m)
		return false
	case !r.Conversation.IsAssignee(r.Agent.ID) && (len(r.Conversation.Assignees) == 0 || !sp.Settings(r.Conversation).OneOwner):
		r.Conversation.Assignees = append(r.Conversation.Assignees, r.Agent.ID)
		sp.Log.ByAgent(r.Conversation, r.Agent, store.DeedJoined, nil)
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
