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
	wf.EndSnooze(c)
	c.Status = string(bridge.StatusOpen)
	keepStatusFromReplies(wf.Book, c)
	c.Touch()
}

// Each team works in a channel of a chat. A conversation that is handed to another team goes on in that team's channel, in a new
// thread with a new root (first message). The new root waits in the queue of the old thread's posts, its lane: what stands before it
// is posted in the old thread, and what stands behind it in the new one.

// handover moves a conversation to where another team works.
type handover struct{ *UseCases }

// destination is where a conversation goes on that was handed to a team.
type destination struct {
	surface      store.AccountID
	channel      string
	hasNoChannel bool // the team has none: surface and channel are those of the thread that is the conversation's home now
}

// destinationOf returns where a conversation goes on now that it has another team. The conversation has a thread.
func (ho handover) destinationOf(c *book.Conversation) destination {
	surface, channel := ho.Dir.Home(c.Account, c.TeamID)
	if surface != 0 {
		return destination{surface: surface, channel: channel}
	}
	t := c.Home(ho.Dir)
	return destination{surface: t.AccountID, channel: ho.Dir.ChannelNow(t.AccountID, t.Channel), hasNoChannel: true}
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

	to := handover{wf}.destinationOf(c)
	line := bridge.Line{
		Content:  &bridge.UnassignedLine{},
		By:       wf.Dir.Ref(surface, agent.ID),
		Mentions: threads.TeamMentions(wf.Dir, team, to.surface, agent.ID),
		Args:     bridge.Args{Team: team.Name},
		Text:     note,
	}

	threads.TellTeamElsewhere(wf.Writer, c, team, to.surface, line)
	isInChannel := to.surface == left.AccountID && to.channel == wf.Dir.ChannelNow(to.surface, left.Channel)
	if isInChannel && !(handover{wf}).mayMove(c, left, to) {
		wf.Line(c, line)
		return
	}

	switch {
	case to.surface != left.AccountID:
		line.Content = &bridge.UnassignedLine{LeftIn: wf.Reading.SurfaceName(wf.Dir, left.AccountID)}
	case !isInChannel:
		line.Content = &bridge.UnassignedLine{Left: bridge.Place{Channel: left.Channel, Thread: left.Root, Message: left.Root}}
	default: // nobody knows yet which thread it leaves
	}
	handover{wf}.goOnElsewhere(c, left, to, line)
}

// mayMove reports whether the thread that a conversation leaves may be moving to another channel, by an earlier hand-over. It is
// false if the new team has no channel: the conversation goes on in that thread then.
func (ho handover) mayMove(c *book.Conversation, left *book.Thread, to destination) bool {
	return !to.hasNoChannel && ho.HasNewRootToLand(c, left)
}

// goOnElsewhere opens a thread where a conversation goes on, and posts line there. The thread that it leaves (left) gets a line with
// a link to it.
func (ho handover) goOnElsewhere(c *book.Conversation, left *book.Thread, to destination, line bridge.Line) {
	closing := bridge.Line{
		Content:  bridge.LineHandedOver,
		By:       ho.Dir.As(left.AccountID, line.By),
		Args:     line.Args,
		Customer: c.Customer(),
	}

	// While the thread that is left may itself be moving in the same chat, nobody knows which one it will be. Then the new root carries
	// the closing line, which is posted once the root has landed (threads.CloseLeft).
	isInSameChat := to.surface == left.AccountID
	isLeftUnknown := isInSameChat && (left.Root == "" || ho.mayMove(c, left, to))
	root := outbound.Payload{Place: bridge.Place{Channel: to.channel}}
	if isLeftUnknown {
		root.Line = &closing
	}
	if !isInSameChat { // the thread that it had in that chat says so, if it is in another channel
		there := closing
		there.By = ho.Dir.As(to.surface, line.By)
		root.Line = &there
	}

	var moved *book.Thread
	if !to.hasNoChannel {
		moved = ho.openThreadIn(c, to.surface, root)
	}
	ho.Line(c, line)
	if !isLeftUnknown {
		ho.CloseThread(c, left, to.surface, closing)
	}
	if moved != nil {
		ho.queueCardOfNewRoot(c, moved)
	}
}

// queueCardOfNewRoot queues an update of a hand-over's new root, since the conversation may change after the root is posted. The
// update stands behind the root in the root's lane: in the lane of cards it would change the root that the thread still has.
func (ho handover) queueCardOfNewRoot(c *book.Conversation, t *book.Thread) {
	l := ho.SurfaceLane(c, t, bridge.PostRoot)
	ho.Outbox.Enqueue(l, string(bridge.PostCard), threads.NoMessage, outbound.Payload{}, nil)
}

// openThreadIn queues the root in another channel. The thread moves when that root is posted, so that nothing is lost or posted twice
// if the process ends in between. A root is also queued for the channel in which the thread is already, if an earlier hand-over may
// move the thread before, or if its first root is not there: one that isn't needed is passed over. openThreadIn returns the thread
// if it moves, or may move, and nil otherwise.
func (ho handover) openThreadIn(c *book.Conversation, surface store.AccountID, root outbound.Payload) (moved *book.Thread) {
	t, channel := c.Threads[surface], root.Place.Channel
	switch {
	case t == nil:
		t = &book.Thread{Dirty: true, Thread: store.Thread{ConversationID: c.ID, AccountID: surface, Channel: channel}}
		c.Threads[surface] = t
		ho.PostTo(c, t, bridge.PostRoot, threads.NoMessage, outbound.Payload{})
	case t.Root == "" || ho.Dir.ChannelNow(surface, t.Channel) != channel || ho.HasNewRootToLand(c, t):
		ho.PostTo(c, t, bridge.PostRoot, threads.NoMessage, root)
		t.Moves = true
		return t
	}
	return nil
}
