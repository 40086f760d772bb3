package engine

import (
	"context"
	"slices"

	"parley/store"
)

// ownReplying tells that a form of a reply was opened or closed, or that its time is over.
const ownReplying = "replying"

// replyChanges is what a batch changes about the forms of replies.
type replyChanges struct {
	*moment
	conversations, agents []int64 // pairs: agents[i] answered in conversations[i]
	outdated              []int64 // conversations in which the time of a form may be over
}

// end notes that the form of an agent who answered is closed: the card no longer names the agent.
func (rc *replyChanges) end(c *conv, agent *store.Agent) {
	if agent == nil {
		return
	}
	i := slices.IndexFunc(c.Replying, func(r store.Replying) bool { return r.AgentID == agent.ID })
	if i < 0 {
		return
	}
	c.Replying = slices.Delete(slices.Clone(c.Replying), i, i+1)
	rc.conversations, rc.agents = append(rc.conversations, c.ID), append(rc.agents, agent.ID)
	c.refreshCard()
}

// outdate makes the card show who has a form open now. A timer calls for it after a form was opened or
// closed, and when a form's time is over.
func (rc *replyChanges) outdate(c *conv) {
	rc.outdated = append(rc.outdated, c.ID)
	c.clicked = true // the timer has waited for more already
	c.refreshCard()
}

func (rc *replyChanges) flush(ctx context.Context, p *store.Pipeline) error {
	if err := store.EndReplies(ctx, p, rc.conversations, rc.agents, ownReplying); err != nil {
		return err
	}
	return store.OutdateReplies(ctx, p, compact(rc.outdated), rc.now, ownReplying)
}
