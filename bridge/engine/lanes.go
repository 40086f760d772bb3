package engine

import (
	"fmt"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// The slowest line that the files of a message are given time for.
const (
	slowestUpload = 128 << 10 // bytes per second
)

func conversationLane(conversation int64, class string) string {
	return fmt.Sprintf("c%d:%s", conversation, class)
}

// threads writes into the book what one batch posts in conversations' threads and tells people.
type threads struct {
	*book
	chat func(account int64) bridge.Surface // nil while it isn't there
}

// customerLane gives the one lane in which a conversation's replies go to the customer.
func (th *threads) customerLane(c *conv) *lane {
	ch := th.channel(c.AccountID)
	key := laneKey{c.AccountID, conversationLane(c.ID, "say")}
	gate := store.Gate{AccountID: c.AccountID, Key: "send", Burst: 1}
	request := time.Minute
	if ch != nil {
		caps := ch.Capabilities()
		gate.PerSecond, request = caps.Rate*c.account.Rate, caps.RequestTimeout
		gate.Burst = max(1, int(gate.PerSecond))
	}
	return th.outbox.lane(key, c.ID, store.PrioritySay, gate, request)
}

// surfaceLane gives the lane of a class of posts to a conversation's thread.
func (th *threads) surfaceLane(c *conv, t *thread, kind bridge.PostKind) *lane {
	class, priority := "say", store.PrioritySay
	switch kind {
	case bridge.PostCard:
		class, priority = "card", store.PriorityCard
	case bridge.PostMark:
		class, priority = "mark", store.PriorityMark
	}
	return th.laneOfClass(c, t, kind, class, priority)
}

// changesLane gives the lane of the changes to a thread's lines, so that new posts don't wait for
// them.
func (th *threads) changesLane(c *conv, t *thread) *lane {
	return th.laneOfClass(c, t, bridge.PostCard, "change", store.PriorityCard)
}

// laneOfClass gives the lane of a class of posts; it spends the surface's budget for kind.
func (th *threads) laneOfClass(c *conv, t *thread, kind bridge.PostKind, class string, priority int) *lane {
	if class == "say" && t.Root == "" {
		priority = store.PriorityRoot
	}
	gate, request := th.budget(t.AccountID, kind, t.Channel)
	l := th.outbox.lane(laneKey{t.AccountID, conversationLane(c.ID, class)}, c.ID, priority, gate, request)
	if t.Rerooted > 0 && !l.fresh && l.gate == nil { // it may be in another channel now
		th.outbox.setGate(l, gate)
		l.dirty = true
	}
	if l.Priority != priority {
		l.Priority, l.dirty = priority, true
	}
	return l
}

// allowUpload makes a lane's leases long enough for a message's files on a slow line.
func (th *threads) allowUpload(l *lane, t *thread, m *message) {
	var size int64
	for _, f := range m.Files {
		size += f.SizeBytes
	}
	_, request := th.budget(t.AccountID, bridge.PostFiles, t.Channel)
	longer := min(request+time.Duration(size/slowestUpload)*time.Second, outbound.LongestUpload)
	if lease := th.outbox.leaseFor(longer).Seconds(); lease > l.LeaseSeconds {
		l.LeaseSeconds, l.dirty = lease, true
	}
}

func (th *threads) budget(surface int64, kind bridge.PostKind, channel string) (store.Gate, time.Duration) {
	s := th.chat(surface)
	if s == nil {
		return store.Gate{AccountID: surface, Key: "post:" + channel, PerSecond: 1, Burst: 1}, 30 * time.Second
	}
	b := s.Budget(kind, channel)
	return store.Gate{AccountID: surface, Key: b.Key, PerSecond: b.PerSecond, Burst: max(b.Burst, 1),
		WidePerSecond: b.WidePerSecond, WideBurst: b.WideBurst}, s.Limits().RequestTimeout
}
