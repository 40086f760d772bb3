package engine

import (
	"context"
	"slices"

	"parley/store"
)

// Replying is what a batch changes about open forms of replies, which the card shows ("Ben Katz is replying").
type Replying struct {
	*Moment
	conversations []store.ConversationID
	agents        []store.AgentID        // pairs: agents[i] answered in conversations[i]
	outdated      []store.ConversationID // conversations in which the time of a form may be over
}

// End notes that an agent, who may be nil, has answered and has no form open any more: the card no longer names the agent.
func (rc *Replying) End(c *Conversation, agent *store.Agent) {
	if agent == nil {
		return
	}
	i := slices.IndexFunc(c.Replying, func(r store.Replying) bool { return r.AgentID == agent.ID })
	if i < 0 {
		return
	}
	c.Replying = slices.Delete(slices.Clone(c.Replying), i, i+1)
	rc.conversations, rc.agents = append(rc.conversations, c.ID), append(rc.agents, agent.ID)
	c.RefreshCard()
}

// Outdate removes forms whose time is over, so that the card shows who has a form open now. It is called when the timer fires that was
// started as a form was opened or closed.
func (rc *Replying) Outdate(c *Conversation) {
	rc.outdated = append(rc.outdated, c.ID)
	c.CardIsUrgent = true // the timer has waited for further changes already
	c.RefreshCard()
}

func (rc *Replying) flush(ctx context.Context, p *store.Pipeline) error {
	if err := store.EndReplyForms(ctx, p, rc.conversations, rc.agents, OwnReplying); err != nil {
		return err
	}
	return store.OutdateReplyForms(ctx, p, sortedUnique(rc.outdated), rc.Now, OwnReplying)
}
