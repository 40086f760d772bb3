package threads

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
)

// A thread's root, its first message, is a card that shows the state of the conversation. A digest of what it shows is stored with
// the thread; if the digest changes, the card is posted again in its place.

// QueueCards queues an update of each root that shows an old state of its conversation. Changes that come within wait become one
// update. If somebody clicked, and therefore looks at the root, the update comes at once.
func (th *Writer) QueueCards(wait time.Duration) {
	for _, id := range book.SortedKeys(th.Conversations.Rows) {
		if c := th.Conversations.Rows[id]; c.CardMayDiffer {
			cards{th}.queueOf(c, wait)
		}
	}
}

// cards queues updates of roots.
type cards struct{ *Writer }

// queueOf queues an update of those roots of a conversation that show an old state, which their digest tells.
func (cs cards) queueOf(c *book.Conversation, wait time.Duration) {
	digest := cardDigest(c, cs.Dir.TagsNamed(c.Tags), cs.windowDigest(c), cs.Conversations.ContinuationOf(c))
	home := c.Home(cs.Dir)
	for _, t := range c.Threads {
		card := digest
		switch {
		case t == home: // only this root names who is replying
			card += c.ReplyingDigest()
		case home != nil && cs.Dir.IsOutsideOwnChannel(c.Account, t.AccountID, t.Channel):
			card = secludedDigest(c, home)
		}
		if t.Card != card {
			t.Card, t.CardChanged = card, true
			cs.queueUpdate(c, t, wait)
		}
	}
}

// queueUpdate queues an update of a root, unless one is queued that will show the new state, or the root itself will.
func (cs cards) queueUpdate(c *book.Conversation, t *book.Thread, wait time.Duration) {
	l := cs.SurfaceLane(c, t, bridge.PostCard)
	isIdle := l.LeasedUntil == nil
	waiting := l.Tail - l.Head // updates that have not begun, and so will show the new state
	if !isIdle {
		waiting-- // an update is under way, which may have read the old state
	}

	if waiting > 0 {
		if c.CardIsUrgent && isIdle {
			cs.Outbox.SetDue(l, nil)
		}
		return
	}
	if cs.isRootUnsent(c, t) {
		return
	}

	cs.Outbox.Enqueue(l, string(bridge.PostCard), NoMessage, outbound.Payload{}, nil)
	if !c.CardIsUrgent && isIdle {
		soon := cs.Now.Add(wait)
		cs.Outbox.SetDue(l, &soon)
	}
}

// cardDigest returns a digest of what a root may show of its conversation. window is the part that stands for the reply window,
// next the conversation that continues it, or nil.
func cardDigest(c *book.Conversation, tags []bridge.Tag, window string, next *book.Conversation) string {
	var team bridge.TeamID
	var previous bridge.ConversationID
	if c.TeamID != nil {
		team = *c.TeamID
	}
	if c.PreviousID != nil {
		previous = *c.PreviousID
	}
	if next != nil {
		window += fmt.Sprintf(" next %d", next.ID)
	}

	waitingSince := book.OrZero(c.WaitingSince).UnixMilli()
	snoozedUntil := book.OrZero(c.SnoozedUntil).UnixMilli()
	shown := fmt.Sprintf("%q %q %q %v %v %q %d %d %d %d %s", c.Status, c.CloseReason, c.Subject, c.Assignees, tags, c.Customer(), team,
		previous, waitingSince, snoozedUntil, window)
	return bridge.TextMark(shown + recipientsDigest(c) + c.TraitsDigest())
}

// secludedDigest returns a digest of what a root shows in a channel that the conversation has left, if not everybody there may
// read the conversation (bridge.Thread.Secluded): only where it goes on.
func secludedDigest(c *book.Conversation, home *book.Thread) string {
	var team bridge.TeamID
	if c.TeamID != nil {
		team = *c.TeamID
	}
	return bridge.TextMark(fmt.Sprintf("left %d %d", team, home.AccountID))
}

// recipientsDigest is the part of a card's digest that stands for the people in copy, and for others than the customer who get
// replies; "" if there are none.
func recipientsDigest(c *book.Conversation) (shown string) {
	for _, p := range c.Participants {
		isCustomer := p.Role == outbound.RoleTo && c.Identity != nil && p.Key == c.Identity.Key
		getsReplies := !p.New && !isCustomer
		if getsReplies || p.Role == outbound.RoleCopied {
			shown += fmt.Sprintf(" %s %q %q", p.Role, p.Name, p.Key)
		}
	}
	return shown
}
