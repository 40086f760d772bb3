package engine

import (
	"cmp"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// maxTold is the size of the largest team whose members are mentioned when a conversation is handed to
// it. A larger team notices the new thread in its channel.
const maxTold = 8

// queue opens a conversation and takes all assignees off it, so that it waits for whoever takes it.
func (w *work) queue(c *conv) {
	c.Assignees = nil
	if c.status() == bridge.StatusSnoozed {
		w.endSnooze(c)
	}
	c.Status = string(bridge.StatusOpen)
	w.keepStatus(c)
	c.touch()
}

// handOver gives a conversation to a team. Where the team works in another channel the
// conversation goes on there, in a thread of its own, and each thread leads to the other.
func (w *work) handOver(c *conv, agent *store.Agent, surface int64, team *store.Team, note string) {
	left := c.home(w.dir)
	w.queue(c)
	c.TeamID = &team.ID
	w.log.byAgent(c, agent, store.DeedAssigned, detail{Team: team.ID, Text: team.Name, Note: note})
	c.refreshCard()
	if left == nil {
		return // its thread opens where the team works
	}
	var before bridge.UnassignedLine
	line := bridge.Line{Content: &before, By: w.dir.Ref(surface, agent.ID), Args: bridge.Args{Team: team.Name}, Text: note}
	there, channel := w.dir.Home(c.account, c.TeamID)
	if there == 0 || there == left.AccountID && channel == w.dir.ChannelNow(there, left.Channel) {
		line.Mentions = w.membersToTell(team, left.AccountID, agent.ID)
		w.line(c, line)
		return
	}
	line.Mentions = w.membersToTell(team, there, agent.ID)
	if there == left.AccountID {
		before.Left = bridge.Place{Channel: left.Channel, Thread: left.Root, Message: left.Root}
	} else {
		before.LeftIn = w.e.surfaceName(w.dir, left.AccountID)
	}
	w.openThere(c, there, channel)
	w.line(c, line)
	w.closeThread(c, left, there, bridge.Line{Content: bridge.LineHandedOver, By: w.dir.As(left.AccountID, line.By),
		Args: bridge.Args{Team: team.Name}, Customer: c.customer()})
}

// openThere queues the root in another channel. The thread moves when that root lands: deliveries before
// the root in the lane are still posted in the old thread, those behind it in the new one. So nothing
// is lost or posted twice if the process ends in between.
func (w *work) openThere(c *conv, surface int64, channel string) {
	t := c.threads[surface]
	switch {
	case t == nil:
		t = &thread{dirty: true, Thread: store.Thread{ConversationID: c.ID, AccountID: surface, Channel: channel}}
		c.threads[surface] = t
		w.postTo(c, t, bridge.PostRoot, 0, outbound.Payload{})
	case w.dir.ChannelNow(surface, t.Channel) != channel:
		w.postTo(c, t, bridge.PostRoot, 0, outbound.Payload{Place: bridge.Place{Channel: channel}})
	}
}

// closeThread tells in a thread that was left where the conversation goes on. A root in the same
// chat becomes a line that says so; one in another chat does with its next update.
func (th *threads) closeThread(c *conv, left *thread, there int64, line bridge.Line) {
	if left.Root == "" {
		return
	}
	th.postTo(c, left, bridge.PostLine, 0, outbound.Payload{Left: true, Place: bridge.Place{Channel: left.Channel, Thread: left.Root}, Line: &line})
	if there == left.AccountID { // in the lane that has the new root: only once that is posted, the line is true
		l := th.surfaceLane(c, left, bridge.PostLine)
		th.outbox.enqueue(l, string(bridge.PostCard), 0, outbound.Payload{Left: true, Place: bridge.Place{Channel: left.Channel, Message: left.Root}}, nil)
	}
}

// membersToTell gives the members of a team who can be mentioned in a surface, without except; none if
// they are more than maxTold.
func (w *work) membersToTell(team *store.Team, surface, except int64) []bridge.AgentRef {
	var list []bridge.AgentRef
	for _, id := range team.Members {
		if ref := w.dir.Ref(surface, id); id != except && ref.User != "" {
			list = append(list, ref)
		}
	}
	if len(list) > maxTold {
		return nil
	}
	return list
}

// surfaceName names a chat for people.
func (e *Engine) surfaceName(dir *directory.Directory, surface int64) string {
	a := dir.Account(surface)
	if a == nil {
		return "another chat"
	}
	return cmp.Or(e.opt.SurfaceNames[a.Kind], a.Name)
}
