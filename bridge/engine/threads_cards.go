package engine

import (
	"fmt"
	"time"

	"parley/bridge"
)

// The first message of a conversation's thread, its root, is a card that shows the conversation's status,
// owners, tags and so on. A hash of everything the card shows is stored with the thread. Whenever a
// conversation changes, this file compares the hash with that of the new state. If they differ, it queues an
// update of the card. A conversation that has moved has several threads, each with a root.

// QueueCards queues updates of all outdated cards. Changes within wait are combined into one update. If
// somebody clicked on the card, and so is looking at it, it is updated at once.
func (th *Writer) QueueCards(wait time.Duration) {
	for _, id := range SortedKeys(th.Conversations.Rows) {
		if c := th.Conversations.Get(id); c.CardMayDiffer {
			cards{th}.queueOf(c, wait)
		}
	}
}

// cards has the methods of this file.
type cards struct{ *Writer }

// queueOf queues updates of a conversation's outdated cards.
func (cs cards) queueOf(c *Conversation, wait time.Duration) {
	digest := cardDigest(c, cs.Dir.TagsNamed(c.Tags), cs.windowDigest(c), cs.Conversations.ContinuationOf(c))
	home := c.Home(cs.Dir)
	for _, t := range c.Threads {
		card := digest
		switch {
		case t == home: // only the card of the current thread shows who is replying
			card += c.ReplyingDigest()
		case home != nil && cs.Dir.IsOutsideOwnChannel(c.Account, c.Conversation, t.AccountID, t.Channel):
			card = secludedDigest(c, home)
		}
		if t.Card != card {
			t.Card, t.CardChanged = card, true
			cs.queueUpdate(c, t, wait)
		}
	}
}

// queueUpdate queues an update of a card, unless an update that is queued already, or the unposted root itself,
// will show the new state.
func (cs cards) queueUpdate(c *Conversation, t *Thread, wait time.Duration) {
	lane := cs.SurfaceLane(c, t, bridge.PostCard) // the queue of updates of this card
	isIdle := lane.LeasedUntil == nil
	waiting := lane.Tail - lane.Head // updates that haven't started, which will read the new state
	if !isIdle {
		waiting-- // an update is being sent, which may have read the old state
	}

	if waiting > 0 {
		if c.CardIsUrgent && isIdle {
			cs.Outbox.SetDue(lane, nil)
		}
		return
	}
	if cs.isRootUnsent(c, t) {
		return
	}

	cs.Outbox.Enqueue(lane, string(bridge.PostCard), NoMessage, Payload{}, nil)
	if !c.CardIsUrgent && isIdle {
		soon := cs.Now.Add(wait)
		cs.Outbox.SetDue(lane, &soon)
	}
}

// cardDigest returns a hash of what a card shows of its conversation, except who is replying. window stands for
// the state of the reply window, and next is the conversation that continues this one, or nil.
func cardDigest(c *Conversation, tags []bridge.Tag, window string, next *Conversation) string {
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

	waitingSince := OrZero(c.WaitingSince).UnixMilli()
	snoozedUntil := OrZero(c.SnoozedUntil).UnixMilli()
	customer := c.Customer()
	shown := fmt.Sprintf("%q %q %q %v %v {%q %q} %d %d %d %d %s", c.Status, c.CloseReason, c.Subject, c.Assignees, tags,
		customer.Name, customer.Address, team, previous, waitingSince, snoozedUntil, window)
	if customer.Phone != "" { // the others keep the hashes of versions that knew no phone numbers
		shown += fmt.Sprintf(" phone %q", customer.Phone)
	}
	if c.IsRestricted() {
		shown += fmt.Sprintf(" visible %v", c.VisibleTo)
	}
	if c.UnreadSince != nil && c.BridgeStatus().Open() {
		shown += " unread"
	}
	return bridge.TextMark(shown + recipientsDigest(c) + c.TraitsDigest())
}

// secludedDigest returns the hash for a card in a channel that the conversation has left and whose members may
// not all read it (bridge.Thread.Secluded). Such a card only shows where the conversation has moved.
func secludedDigest(c *Conversation, home *Thread) string {
	var team bridge.TeamID
	if c.TeamID != nil {
		team = *c.TeamID
	}
	return bridge.TextMark(fmt.Sprintf("left %d %d", team, home.AccountID))
}

// recipientsDigest returns the part of a card's hash for people other than the customer who get replies or copies, or "".
func recipientsDigest(c *Conversation) (shown string) {
	for _, p := range c.Participants {
		isCustomer := p.Role == RoleTo && c.Identity != nil && p.Key == c.Identity.Key
		getsReplies := !p.New && !isCustomer
		if getsReplies || p.Role == RoleCopied {
			shown += fmt.Sprintf(" %s %q %q", p.Role, p.Name, p.Key)
		}
	}
	return shown
}
