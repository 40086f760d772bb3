package engine

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
)

// cardWait is how long a root waits for further changes, unless somebody clicked.
const cardWait = 1500 * time.Millisecond

// queueCards queues an update of each root that shows an old state of its conversation. Changes
// that come close together become one update.
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
			if t == home { // the root of a thread that was left doesn't name who is replying
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
				w.outbox.due(l, nil) // whoever clicked sees the update at once
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
