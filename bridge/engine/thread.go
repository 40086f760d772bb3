package engine

import (
	"fmt"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/bridge/relay"
	"parley/store"
)

// openThread makes sure that a conversation has a thread, and opens one in its home surface if not. The
// root is the first delivery in the thread's lane.
// Errors: *relay.EventError when no channel is configured: nothing is dropped, the
// event can be replayed.
func (th *threads) openThread(c *conv) (*thread, error) {
	if t := c.home(th.dir); t != nil {
		return t, nil
	}
	surface, channel := th.dir.Home(c.account, c.TeamID)
	if surface == 0 {
		return nil, &relay.EventError{EventID: th.event.ID, Err: fmt.Errorf(
			"engine: account %q has no channel for its threads; give its team a channel, then replay", c.account.Name)}
	}
	t := &thread{dirty: true, Thread: store.Thread{ConversationID: c.ID, AccountID: surface, Channel: channel}}
	c.threads[surface] = t
	th.postTo(c, t, bridge.PostRoot, 0, outbound.Payload{})
	return t, nil
}

// postTo queues a post for a conversation's thread.
func (th *threads) postTo(c *conv, t *thread, kind bridge.PostKind, messageID int64, p outbound.Payload) *delivery {
	l := th.surfaceLane(c, t, kind)
	return th.outbox.enqueue(l, string(kind), messageID, p, nil)
}

func (th *threads) channelLaneOf(surface int64, channel string, kind bridge.PostKind) *lane {
	gate, request := th.budget(surface, kind, channel)
	return th.outbox.lane(laneKey{surface, outbound.ChannelLane(channel)}, 0, store.PrioritySay, gate, request)
}

// rootUnsent says that no attempt at the root has begun, so that it will show the newest state.
func (th *threads) rootUnsent(c *conv, t *thread) bool {
	if t.Root != "" {
		return false
	}
	l := th.surfaceLane(c, t, bridge.PostLine)
	return l.LeasedUntil == nil && l.Head == 0
}

// threadLost posts a new root after the old one was deleted, once for each root.
// Errors: notYet while a post is under way, which nothing may overtake.
func (th *threads) threadLost(c *conv, surface int64, root string) error {
	t := c.threads[surface]
	if t == nil || t.Root == "" || t.Root != root {
		return nil // a later root is in place already
	}
	l := th.surfaceLane(c, t, bridge.PostLine)
	if l.LeasedUntil != nil && l.LeasedUntil.After(th.event.ReceivedAt) && !l.fresh {
		return th.wait(l.LeasedUntil.Sub(th.real))
	}
	t.Root, t.dirty = "", true
	t.Rerooted++
	l.Priority, l.dirty = store.PriorityRoot, true
	th.outbox.enqueueFirst(l, bridge.PostRoot)
	th.log.byParley(c, store.DeedRerooted, nil)
	return nil
}
