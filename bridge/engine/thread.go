package engine

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/bridge/relay"
	"parley/store"
)

// openThread makes sure that a conversation has a thread in its home surface: the
// root is the first thing in its lane.
// Errors: *relay.EventError when no channel is configured: nothing is dropped, the
// event can be replayed.
func (th *threads) openThread(c *conv) (*thread, error) {
	if t := c.home(th.dir); t != nil {
		return t, nil
	}
	surface, channel := th.dir.Home(c.account, c.TeamID)
	if surface == 0 {
		return nil, &relay.EventError{EventID: th.event.ID, Err: fmt.Errorf(
			"bridge: account %q has no channel for its threads; give its team a channel, then replay", c.account.Name)}
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

// cardWait is how long a root waits for further changes, unless somebody clicked.
const cardWait = 1500 * time.Millisecond

// queueCards brings roots up to date: coalesced, the latest state wins.
func (w *work) queueCards() {
	for _, id := range keys(w.convs.rows) {
		c := w.convs.rows[id]
		if !c.showsNew {
			continue
		}
		shown := c.shown(w.windowShown(c), w.convs.next(c))
		home := c.home(w.dir)
		for _, t := range c.threads {
			card := shown
			if t == home { // one that was left names nobody
				card += c.replyingShown()
			}
			if t.Card == card {
				continue
			}
			t.Card, t.newCard = card, true
			l := w.surfaceLane(c, t, bridge.PostCard)
			waiting := l.Tail - l.Head
			if l.LeasedUntil != nil {
				waiting-- // the one under way may have read the old state
			}
			if waiting <= 0 && !w.rootUnsent(c, t) {
				w.outbox.enqueue(l, string(bridge.PostCard), 0, outbound.Payload{}, nil)
				if !c.clicked && l.LeasedUntil == nil {
					soon := w.now.Add(cardWait)
					w.outbox.due(l, &soon)
				}
			} else if waiting > 0 && c.clicked && l.LeasedUntil == nil {
				w.outbox.due(l, nil) // it waits for more no longer
			}
		}
	}
}

// shown is a digest of what a root may show of its conversation.
func (c *conv) shown(window string, next *conv) string {
	var team, previous int64
	if c.TeamID != nil {
		team = *c.TeamID
	}
	if c.PreviousID != nil {
		previous = *c.PreviousID
	}
	if next != nil {
		window += fmt.Sprintf(" next %d", next.ID)
	}
	return bridge.TextMark(fmt.Sprintf("%q %q %q %v %q %q %d %d %d %d %s", c.Status, c.CloseReason, c.Subject, c.Assignees, c.Tags, c.customer(), team,
		previous, orZero(c.WaitingSince).UnixMilli(), orZero(c.SnoozedUntil).UnixMilli(), window) + c.copies() + c.traitsShown())
}

// copies are the people in copy whom a root shows; "" = nobody is.
func (c *conv) copies() (shown string) {
	for _, p := range c.Participants {
		if p.Role == roleCc && !p.New || p.Role == roleCopied {
			shown += fmt.Sprintf(" %s %q %q", p.Role, p.Name, p.Key)
		}
	}
	return shown
}

// rootUnsent says that the root isn't even on its way: it will show the newest state.
func (th *threads) rootUnsent(c *conv, t *thread) bool {
	if t.Root != "" {
		return false
	}
	l := th.surfaceLane(c, t, bridge.PostLine)
	return l.LeasedUntil == nil && l.Head == 0
}

// threadLost opens a new root when the old one was deleted, once for each root.
// Errors: notYet while a post is under way: nothing may overtake it.
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
	th.log.byParley(c, "rerooted", nil)
	return nil
}
