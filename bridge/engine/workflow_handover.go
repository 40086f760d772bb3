package engine

import (
	"parley/bridge"
	"parley/store"
)

// putInQueue opens a conversation and removes its owners (the agents it is assigned to), so that any agent can take it.
func (w *work) putInQueue(c *Conversation) {
	c.Assignees = nil
	w.EndSnooze(c)
	c.Status = string(bridge.StatusOpen)
	keepStatusFromReplies(w.Book, c)
	c.Touch()
}

// handover moves a conversation to the place where another team works. Each team works in one channel of a chat (called
// a surface here), such as #support in Slack. A conversation is a thread in that channel. When Ann hands the conversation
// over to the team Billing, it continues in a new thread in #billing, and each of the two threads links to the other.
//
// The first message of a thread is its root, a card that shows the conversation's state. The new root is queued in the
// lane of the old thread. A lane is a queue of posts that are sent one after the other. So posts that were queued
// earlier still go to the old thread, and later ones go to the new thread. Until the root is posted, nothing has moved,
// so that nothing is lost or posted twice if the process stops in between.
type handover struct {
	*work
	c    *Conversation
	from *Thread // the thread that the conversation leaves
	to   destination
}

// destination is the place in which a conversation continues.
type destination struct {
	surface store.AccountID
	channel string

	// hasNoChannel means that the team has no channel. Then surface and channel are those of a thread that the
	// conversation has already, and it continues there.
	hasNoChannel bool
}

// destinationOf returns where a conversation continues after its team was changed. The conversation must have a thread.
func (w *work) destinationOf(c *Conversation) destination {
	surface, channel := w.Dir.HomeOf(c.Account, c.Conversation)
	if surface != 0 {
		return destination{surface: surface, channel: channel}
	}
	t := c.Home(w.Dir)
	return destination{surface: t.AccountID, channel: w.Dir.ChannelNow(t.AccountID, t.Channel), hasNoChannel: true}
}

// handOver assigns a request's conversation to a team instead of its owners, and moves it to the team's channel. If the
// request has a note, it is for the team.
func (w *work) handOver(r Request, team *store.Team) {
	w.Log.Did(r, Detail{Team: team.ID, Text: team.Name, Note: r.Args.Note})
	w.moveToTeam(r.Conversation, team, w.Dir.Ref(r.Surface, r.Agent.ID), r.Args.Note)
}

// moveToTeam moves a conversation to a team. by is zero if a rule does so.
func (w *work) moveToTeam(c *Conversation, team *store.Team, by bridge.AgentRef, note string) {
	from := c.Home(w.Dir)
	w.putInQueue(c)
	c.TeamID = &team.ID
	c.RefreshCard()
	w.sumUp(c, OnHandOver)
	if from == nil {
		return // the first thread has yet to be opened, which happens in the new team's channel
	}

	h := handover{work: w, c: c, from: from, to: w.destinationOf(c)}
	line := bridge.Line{
		Content:  &bridge.UnassignedLine{},
		By:       by,
		Mentions: TeamMentions(w.Dir, team, h.to.surface, by.ID),
		Args:     bridge.Args{Team: team.Name},
		Text:     note,
	}
	TellTeamElsewhere(w.Writer, c, team, h.to.surface, line)

	switch h.distance() {
	case sameThread:
		w.Line(c, line)
	case sameChannel: // the line can't link to the old thread, since it isn't known yet which one that will be
		h.continueElsewhere(line)
	case sameChat:
		root := bridge.Place{Channel: from.Channel, Thread: from.Root, Message: from.Root}
		line.Content = &bridge.UnassignedLine{Left: root}
		h.continueElsewhere(line)
	case otherChat:
		line.Content = &bridge.UnassignedLine{LeftIn: w.Reading.SurfaceName(w.Dir, from.AccountID)}
		h.continueElsewhere(line)
	}
}

// distance is how far a conversation moves.
type distance int

const (
	sameThread  distance = iota
	sameChannel          // to the old thread's channel, but an earlier hand-over may be moving that thread to another one
	sameChat             // to another channel
	otherChat
)

func (h handover) distance() distance {
	switch {
	case h.to.surface != h.from.AccountID:
		return otherChat
	case h.to.channel != h.Dir.ChannelNow(h.from.AccountID, h.from.Channel):
		return sameChat
	case h.mayBeMoving():
		return sameChannel
	default:
		return sameThread
	}
}

// mayBeMoving reports whether an earlier hand-over has queued a new root for the old thread, which isn't posted yet. It
// is false if the team has no channel, because then the conversation continues in that thread, wherever it is.
func (h handover) mayBeMoving() bool {
	return !h.to.hasNoChannel && h.HasNewRootToLand(h.c, h.from)
}

// continueElsewhere opens the new thread and posts line there. The old thread gets a closing line, which links to the
// new thread.
func (h handover) continueElsewhere(line bridge.Line) {
	closing := bridge.Line{
		Content:  bridge.LineHandedOver,
		By:       h.Dir.ConvertRef(h.from.AccountID, line.By),
		Args:     line.Args,
		Customer: h.c.Customer(),
	}

	// The root carries a closing line if only the time at which it is posted shows which thread the conversation leaves.
	// That thread then gets the line (see threads.CloseLeft).
	root := Payload{Place: bridge.Place{Channel: h.to.channel}}
	isInSameChat := h.to.surface == h.from.AccountID
	isFromUnknown := isInSameChat && (h.from.Root == "" || h.mayBeMoving())
	switch {
	case isFromUnknown:
		root.Line = &closing
	case !isInSameChat: // the conversation may have an older thread in the new chat, in another channel
		closingInNewChat := closing
		closingInNewChat.By = h.Dir.ConvertRef(h.to.surface, line.By)
		root.Line = &closingInNewChat
	}

	var moved *Thread
	if !h.to.hasNoChannel {
		moved = h.openThread(root)
	}
	h.Line(h.c, line)
	if !isFromUnknown {
		h.CloseThread(h.c, h.from, h.to.surface, closing)
	}
	if moved != nil {
		h.queueCardUpdate(moved)
	}
}

// openThread queues the root of the new thread. A conversation has one thread in each chat. If it has a thread in the
// new chat, that thread moves to the new channel when the root is posted, and openThread returns it. Otherwise
// openThread returns nil.
func (h handover) openThread(root Payload) (moved *Thread) {
	surface, channel := h.to.surface, h.to.channel
	t := h.c.Threads[surface]
	if t == nil {
		t = &Thread{Dirty: true, Thread: store.Thread{ConversationID: h.c.ID, AccountID: surface, Channel: channel}}
		h.c.Threads[surface] = t
		h.PostTo(h.c, t, bridge.PostRoot, NoMessage, Payload{})
		return nil
	}

	isInChannel := h.Dir.ChannelNow(surface, t.Channel) == channel
	if isInChannel && h.isSettled(t) {
		return nil
	}
	h.PostTo(h.c, t, bridge.PostRoot, NoMessage, root)
	t.Moves = true
	return t
}

// isSettled reports whether it is certain that a thread stays in its channel: its root is posted, and no new root is
// queued. A root that is queued for a thread that isn't settled is skipped if it turns out not to be needed.
func (h handover) isSettled(t *Thread) bool {
	return t.Root != "" && !h.HasNewRootToLand(h.c, t)
}

// queueCardUpdate queues an update of the new root, since the conversation may change before the root is posted. The
// update is queued in the same lane as the root. Other updates of cards have a lane of their own, in which this one could
// overtake the root, and would change the old root.
func (h handover) queueCardUpdate(t *Thread) {
	lane := h.SurfaceLane(h.c, t, bridge.PostRoot)
	h.Outbox.Enqueue(lane, string(bridge.PostCard), NoMessage, Payload{}, nil)
}
