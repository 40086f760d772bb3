package engine

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/store"
)

// minUploadRate is the slowest upload rate, in bytes per second, that timeouts allow for.
const minUploadRate = 128 << 10

// laneClass distinguishes the lanes of one conversation. A lane is a first-in, first-out queue of deliveries:
// replies to the customer, or posts in the agents' chat. Different lanes don't wait for each other. So a slow
// update of a card, for example, doesn't delay a customer's next message in the thread.
type laneClass string

// Classes of lanes. They are stored in the lanes' keys.
const (
	sayLane    laneClass = "say"    // replies to the customer, and posts whose order matters
	cardLane   laneClass = CardLane // updates of the card at the top of the thread
	markLane   laneClass = "mark"   // emoji on agents' messages
	doubleLane laneClass = "double" // searches for posts that exist twice
	changeLane laneClass = "change" // changes of earlier lines in the thread
	eraseLane  laneClass = "erase"  // removals of what an erased customer wrote
)

// conversationLane returns the key of a conversation's lane.
func conversationLane(conversation store.ConversationID, class laneClass) string {
	return fmt.Sprintf("c%d:%s", conversation, class)
}

// lanes chooses the lane of a delivery and the lane's gate. A gate is a rate limit that several lanes share,
// such as the budget of an account or of a chat channel.
type lanes struct {
	book *Book
	Chat func(account store.AccountID) bridge.Surface // returns nil while the chat isn't connected
}

// CustomerLane returns the lane of a conversation's replies to its customer.
func (ls *lanes) CustomerLane(c *Conversation) *Lane {
	ch := ls.book.Channel(c.AccountID)
	key := LaneKey{Account: c.AccountID, Key: conversationLane(c.ID, sayLane)}
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

// SurfaceLane returns the lane for posts of a kind in a conversation's thread. Messages and lines share one
// lane, which keeps them in order. Cards and marks have lanes of their own, so that they don't delay messages.
func (ls *lanes) SurfaceLane(c *Conversation, t *Thread, kind bridge.PostKind) *Lane {
	class, priority := sayLane, store.PrioritySay
	switch kind {
	case bridge.PostCard:
		class, priority = cardLane, store.PriorityCard
	case bridge.PostMark:
		class, priority = markLane, store.PriorityMark
	case bridge.PostDouble:
		class, priority = doubleLane, store.PriorityCard
	case bridge.PostRoot, bridge.PostSaid, bridge.PostFiles, bridge.PostLine, bridge.PostEphemeral, bridge.PostErased:
		// These share sayLane.
	}
	return ls.laneOfClass(c, t, kind, class, priority)
}

// ChangesLane returns the lane for changes of earlier lines in a thread, so that new posts don't wait for them.
func (ls *lanes) ChangesLane(c *Conversation, t *Thread) *Lane {
	return ls.laneOfClass(c, t, bridge.PostCard, changeLane, store.PriorityCard)
}

// laneOfClass returns the lane of a class, with the gate for posts of a kind. It updates the priority of an
// existing lane, and its gate if the thread was moved to another channel.
func (ls *lanes) laneOfClass(c *Conversation, t *Thread, kind bridge.PostKind, class laneClass, priority int) *Lane {
	if class == sayLane && t.Root == "" {
		priority = store.PriorityRoot
	}

	gate, request := ls.budgetOf(t.AccountID, kind, t.Channel)
	key := LaneKey{Account: t.AccountID, Key: conversationLane(c.ID, class)}
	lane := ls.book.Outbox.LaneOf(key, c.ID, priority, gate, request)
	hasNewGate := lane.Fresh || lane.Gate != nil // set in this batch
	if t.Rerooted > 0 && !hasNewGate {           // the thread may be in another channel, with a budget of its own
		ls.book.Outbox.SetGate(lane, gate)
		lane.Dirty = true
	}
	if lane.Priority != priority && !lane.HasRootToLand() {
		lane.Priority, lane.Dirty = priority, true
	}

	return lane
}

// HasNewRootToLand reports whether a conversation was handed over and the first message (root) of its new
// thread hasn't been posted yet.
func (ls *lanes) HasNewRootToLand(c *Conversation, t *Thread) bool {
	return t.Root != "" && ls.SurfaceLane(c, t, bridge.PostRoot).HasRootToLand()
}

// AllowUpload extends the leases of a lane, so that a message's files can be uploaded over a slow connection. A
// lease is the time for which a process claims the lane.
func (ls *lanes) AllowUpload(lane *Lane, t *Thread, m *store.Message) {
	var size int64
	for _, f := range m.Files {
		size += f.SizeBytes
	}
	_, request := ls.budgetOf(t.AccountID, bridge.PostFiles, t.Channel)
	longer := min(request+time.Duration(size/minUploadRate)*time.Second, MaxUploadTime)
	if lease := ls.book.Outbox.LeaseFor(longer).Seconds(); lease > lane.LeaseSeconds {
		lane.LeaseSeconds, lane.Dirty = lease, true
	}
}

// budgetOf returns the gate for posts of a kind in a channel, and the timeout of one request. While the surface
// (the chat) isn't connected, it returns cautious defaults.
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
func (ls *lanes) channelLaneOf(surface store.AccountID, channel string, kind bridge.PostKind) *Lane {
	gate, request := ls.budgetOf(surface, kind, channel)
	key := LaneKey{Account: surface, Key: ChannelLane(channel)}
	const noConversation store.ConversationID = 0
	return ls.book.Outbox.LaneOf(key, noConversation, store.PrioritySay, gate, request)
}
