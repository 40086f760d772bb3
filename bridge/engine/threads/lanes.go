package threads

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// minUploadRate is the slowest upload, in bytes per second, for which the files of a message are given time.
const minUploadRate = 128 << 10

// laneClass tells the lanes of one conversation apart. A lane is a queue of deliveries (replies, posts) to one place, which leave
// one after the other. Those of different lanes don't wait for each other.
type laneClass string

// Classes of lanes. They are stored in the lanes' keys.
const (
	sayLane    laneClass = "say"             // replies to the customer, and all that is posted in the order in which it was said
	cardLane   laneClass = outbound.CardLane // the card at the top of the thread
	markLane   laneClass = "mark"            // emoji at agents' messages
	doubleLane laneClass = "double"          // the removal of posts that were made twice
	changeLane laneClass = "change"          // changes of lines that stand in the thread
	eraseLane  laneClass = "erase"           // the removal of what an erased customer wrote
)

// conversationLane returns the key of a conversation's lane.
func conversationLane(conversation store.ConversationID, class laneClass) string {
	return fmt.Sprintf("c%d:%s", conversation, class)
}

// lanes finds the lanes of deliveries, with their gates. A gate limits how many deliveries of all its lanes leave in a second: it
// stands for the budget of an account or of a chat's channel.
type lanes struct {
	book *book.Book
	Chat func(account store.AccountID) bridge.Surface // nil while it isn't there
}

// CustomerLane returns the one lane in which a conversation's replies go to the customer.
func (ls *lanes) CustomerLane(c *book.Conversation) *book.Lane {
	ch := ls.book.Channel(c.AccountID)
	key := book.LaneKey{Account: c.AccountID, Key: conversationLane(c.ID, sayLane)}
	gate := store.Gate{AccountID: c.AccountID, Key: "send", Burst: 1}
	request := time.Minute
	if ch != nil {
		caps := ch.Capabilities()
		request = caps.Sending.Timeout
		gate.PerSecond = caps.Sending.Rate * c.Account.Rate
		gate.Burst = max(1, int(gate.PerSecond))
	}
	return ls.book.Outbox.LaneOf(key, c.ID, store.PrioritySay, gate, request)
}

// SurfaceLane returns the lane for posts of a kind to a conversation's thread. What is said has one lane, so that it is
// posted in order. Cards and marks have lanes of their own, so that they don't delay it.
func (ls *lanes) SurfaceLane(c *book.Conversation, t *book.Thread, kind bridge.PostKind) *book.Lane {
	class, priority := sayLane, store.PrioritySay
	switch kind {
	case bridge.PostCard:
		class, priority = cardLane, store.PriorityCard
	case bridge.PostMark:
		class, priority = markLane, store.PriorityMark
	case bridge.PostDouble:
		class, priority = doubleLane, store.PriorityCard
	case bridge.PostRoot, bridge.PostSaid, bridge.PostFiles, bridge.PostLine, bridge.PostEphemeral, bridge.PostErased:
		// They stay in the order of what is said.
	}
	return ls.laneOfClass(c, t, kind, class, priority)
}

// ChangesLane returns the lane for changes of a thread's lines. It is a lane of their own, so that new posts don't wait
// for them.
func (ls *lanes) ChangesLane(c *book.Conversation, t *book.Thread) *book.Lane {
	return ls.laneOfClass(c, t, bridge.PostCard, changeLane, store.PriorityCard)
}

// laneOfClass returns the lane of a class of posts, with the gate that has the surface's budget for kind. An existing lane gets
// that gate if its thread was moved to another channel, and the priority.
func (ls *lanes) laneOfClass(c *book.Conversation, t *book.Thread, kind bridge.PostKind, class laneClass, priority int) *book.Lane {
	if class == sayLane && t.Root == "" {
		priority = store.PriorityRoot
	}

	gate, request := ls.budgetOf(t.AccountID, kind, t.Channel)
	l := ls.book.Outbox.LaneOf(book.LaneKey{Account: t.AccountID, Key: conversationLane(c.ID, class)}, c.ID, priority, gate, request)
	keepsGate := l.Fresh || l.Gate != nil // this batch has set the lane's gate
	if t.Rerooted > 0 && !keepsGate {     // the thread may be in another channel now, which has another budget
		ls.book.Outbox.SetGate(l, gate)
		l.Dirty = true
	}
	if l.Priority != priority && !l.HasRootToLand() {
		l.Priority, l.Dirty = priority, true
	}

	return l
}

// HasNewRootToLand reports whether a conversation's thread is about to move: it was handed over, and its new root waits or is being
// posted.
func (ls *lanes) HasNewRootToLand(c *book.Conversation, t *book.Thread) bool {
	return t.Root != "" && ls.SurfaceLane(c, t, bridge.PostRoot).HasRootToLand()
}

// AllowUpload makes a lane's leases long enough to upload a message's files over a slow connection.
func (ls *lanes) AllowUpload(l *book.Lane, t *book.Thread, m *book.Message) {
	var size int64
	for _, f := range m.Files {
		size += f.SizeBytes
	}
	_, request := ls.budgetOf(t.AccountID, bridge.PostFiles, t.Channel)
	longer := min(request+time.Duration(size/minUploadRate)*time.Second, outbound.MaxUploadTime)
	if lease := ls.book.Outbox.LeaseFor(longer).Seconds(); lease > l.LeaseSeconds {
		l.LeaseSeconds, l.Dirty = lease, true
	}
}

// budgetOf returns the gate whose budget a kind of post in a channel spends, and how long one request may take. While the surface
// isn't connected, it returns a gate for slow posts.
func (ls *lanes) budgetOf(surface store.AccountID, kind bridge.PostKind, channel string) (store.Gate, time.Duration) {
	s := ls.Chat(surface)
	if s == nil {
		return store.Gate{AccountID: surface, Key: "post:" + channel, PerSecond: 1, Burst: 1}, 30 * time.Second
	}
	b := s.Budget(kind, channel)
	gate := store.Gate{
		AccountID:     surface,
		Key:           b.Key,
		PerSecond:     b.PerSecond,
		Burst:         max(b.Burst, 1),
		WidePerSecond: b.WidePerSecond,
		WideBurst:     b.WideBurst,
	}
	return gate, s.Limits().RequestTimeout
}

// channelLaneOf returns the lane for posts in a channel that belong to no conversation.
func (ls *lanes) channelLaneOf(surface store.AccountID, channel string, kind bridge.PostKind) *book.Lane {
	gate, request := ls.budgetOf(surface, kind, channel)
	return ls.book.Outbox.LaneOf(book.LaneKey{Account: surface, Key: outbound.ChannelLane(channel)}, 0, store.PrioritySay, gate, request)
}
