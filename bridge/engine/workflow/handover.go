package workflow

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/store"
)

// putInQueue opens a conversation and removes its owners, so that it waits for whoever takes it.
func (wf *UseCases) putInQueue(c *book.Conversation) {
	c.Assignees = nil
	if c.BridgeStatus() == bridge.StatusSnoozed {
		wf.EndSnooze(c)
	}
	c.Status = string(bridge.StatusOpen)
	wf.keepStatusFromReplies(c)
	c.Touch()
}

// handOver gives a conversation to a team. If the team works in another channel, the conversation goes on there, in a
// new thread, and each thread leads to the other. If the team has no channel, it goes on in the thread that is its home then.
func (wf *UseCases) handOver(c *book.Conversation, agent *store.Agent, surface store.AccountID, team *store.Team, note string) {
	left := c.Home(wf.Dir)
	wf.putInQueue(c)
	c.TeamID = &team.ID
	wf.Log.ByAgent(c, agent, store.DeedAssigned, book.Detail{Team: team.ID, Text: team.Name, Note: note})
	c.RefreshCard()
	wf.sumUp(c, own.OnHandOver)

	if left == nil {
		return // it has no thread yet: that opens where the team works
	}

	var before bridge.UnassignedLine
	line := bridge.Line{Content: &before, By: wf.Dir.Ref(surface, agent.ID), Args: bridge.Args{Team: team.Name}, Text: note}
	there, channel := wf.Dir.Home(c.Account, c.TeamID)
	hasNoChannel := there == 0
	if hasNoChannel {
		t := c.Home(wf.Dir)
		there, channel = t.AccountID, wf.Dir.ChannelNow(t.AccountID, t.Channel)
	}

	isInChannel := there == left.AccountID && channel == wf.Dir.ChannelNow(there, left.Channel)
	mayLeave := !hasNoChannel && wf.HasNewRootToLand(c, left) // on its way to another team, so that it may have to come back
	if isInChannel && !mayLeave {
		line.Mentions = threads.TeamMentions(wf.Dir, team, left.AccountID, agent.ID)
		wf.Line(c, line)
		return
	}

	line.Mentions = threads.TeamMentions(wf.Dir, team, there, agent.ID)

	switch {
	case there != left.AccountID:
		before.LeftIn = wf.Reading.SurfaceName(wf.Dir, left.AccountID)
	case !isInChannel: // else nobody knows yet which thread it leaves
		before.Left = bridge.Place{Channel: left.Channel, Thread: left.Root, Message: left.Root}
	}

	closing := bridge.Line{Content: bridge.LineHandedOver, By: wf.Dir.As(left.AccountID, line.By), Args: bridge.Args{Team: team.Name}, Customer: c.Customer()}
	root := outbound.Payload{Place: bridge.Place{Channel: channel}}
	isLeftUnknown := there == left.AccountID && (mayLeave || left.Root == "") // until the roots before the new one have landed
	if isLeftUnknown {
		root.Line = &closing
	}

	var moved *book.Thread
	if !hasNoChannel {
		moved = wf.openThreadIn(c, there, root)
	}

	wf.Line(c, line)
	if !isLeftUnknown {
		wf.CloseThread(c, left, there, closing)
	}
	if moved != nil {
		wf.queueCardOfNewRoot(c, moved)
	}
}

// queueCardOfNewRoot has the root of a hand-over brought up to date once it has landed: its attempt may begin before a change, and
// an update in the lane of cards goes to the root that the thread still has. One update shows all that has changed until then.
func (wf *UseCases) queueCardOfNewRoot(c *book.Conversation, t *book.Thread) {
	l := wf.SurfaceLane(c, t, bridge.PostRoot)
	wf.Outbox.Enqueue(l, string(bridge.PostCard), 0, outbound.Payload{}, nil)
}

// openThreadIn queues the root in another channel. The thread moves when that root is posted: deliveries before the
// root in the lane are still posted in the old thread, those behind it in the new one. So nothing is lost or posted
// twice if the process ends in between. The root is also queued where the thread is, if an earlier hand-over may move it
// before: a root that is not needed is passed over. It returns the thread if that is to move, or may be, else nil.
func (wf *UseCases) openThreadIn(c *book.Conversation, surface store.AccountID, root outbound.Payload) (moved *book.Thread) {
	t, channel := c.Threads[surface], root.Place.Channel
	switch {
	case t == nil:
		t = &book.Thread{Dirty: true, Thread: store.Thread{ConversationID: c.ID, AccountID: surface, Channel: channel}}
		c.Threads[surface] = t
		wf.PostTo(c, t, bridge.PostRoot, 0, outbound.Payload{})
	case wf.Dir.ChannelNow(surface, t.Channel) != channel || wf.HasNewRootToLand(c, t):
		wf.PostTo(c, t, bridge.PostRoot, 0, root)
		return t
	}
	return nil
}
