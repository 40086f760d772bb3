package threads

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
)

// QueueCards queues an update of each root that shows an old state of its conversation. Changes
// that come within wait become one update, which comes at once if somebody clicked.
func (th *Writer) QueueCards(wait time.Duration) {
	for _, id := range book.SortedKeys(th.Conversations.Rows) {
		c := th.Conversations.Rows[id]
		if !c.CardMayDiffer {
			continue
		}
		digest := shown(c, th.windowShown(c), th.Conversations.ContinuationOf(c))
		home := c.Home(th.Dir)
		for _, t := range c.Threads {
			card := digest
			if t == home { // the root of a thread that was left doesn't name who is replying
				card += c.ReplyingDigest()
			}
			if t.Card == card {
				continue
			}
			t.Card, t.CardChanged = card, true
			l := th.SurfaceLane(c, t, bridge.PostCard)
			waiting := l.Tail - l.Head
			if l.LeasedUntil != nil {
				waiting-- // the one under way may have read the old state
			}
			if waiting <= 0 && !th.rootUnsent(c, t) {
				th.Outbox.Enqueue(l, string(bridge.PostCard), 0, outbound.Payload{}, nil)
				if !c.Clicked && l.LeasedUntil == nil {
					soon := th.Now.Add(wait)
					th.Outbox.SetDue(l, &soon)
				}
			} else if waiting > 0 && c.Clicked && l.LeasedUntil == nil {
				th.Outbox.SetDue(l, nil) // whoever clicked sees the update at once
			}
		}
	}
}

// shown is a digest of what a root may show of its conversation.
func shown(c *book.Conversation, window string, next *book.Conversation) string {
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
	return bridge.TextMark(fmt.Sprintf("%q %q %q %v %q %q %d %d %d %d %s", c.Status, c.CloseReason, c.Subject, c.Assignees, c.Tags, c.Customer(), team,
		previous, book.OrZero(c.WaitingSince).UnixMilli(), book.OrZero(c.SnoozedUntil).UnixMilli(), window) + copies(c) + c.TraitsDigest())
}

// copies are the people in copy whom a root shows; "" means nobody is.
func copies(c *book.Conversation) (shown string) {
	for _, p := range c.Participants {
		if p.Role == outbound.RoleCc && !p.New || p.Role == outbound.RoleCopied {
			shown += fmt.Sprintf(" %s %q %q", p.Role, p.Name, p.Key)
		}
	}
	return shown
}
