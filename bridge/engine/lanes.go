package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// What an upload is given time for.
const (
	slowestUpload = 128 << 10 // bytes per second
)

func conversationLane(conversation int64, class string) string {
	return fmt.Sprintf("c%d:%s", conversation, class)
}

// customerLane gives the conversation's one lane to the customer.
func (w *work) customerLane(c *conv) *lane {
	ch := w.e.Channel(c.AccountID)
	key := laneKey{c.AccountID, conversationLane(c.ID, "say")}
	gate := store.Gate{AccountID: c.AccountID, Key: "send", Burst: 1}
	request := time.Minute
	if ch != nil {
		caps := ch.Capabilities()
		gate.PerSecond, request = caps.Rate*c.account.Rate, caps.RequestTimeout
		gate.Burst = max(1, int(gate.PerSecond))
	}
	return w.lane(key, c.ID, store.PrioritySay, gate, request)
}

// surfaceLane gives the lane of a class of posts to a conversation's thread.
func (w *work) surfaceLane(c *conv, t *thread, kind bridge.PostKind) *lane {
	class, priority := "say", store.PrioritySay
	switch kind {
	case bridge.PostCard:
		class, priority = "card", store.PriorityCard
	case bridge.PostMark:
		class, priority = "mark", store.PriorityMark
	}
	return w.laneOfClass(c, t, kind, class, priority)
}

// changesLane gives the lane in which lines of a thread are changed: what is said doesn't wait
// for them.
func (w *work) changesLane(c *conv, t *thread) *lane {
	return w.laneOfClass(c, t, bridge.PostCard, "change", store.PriorityCard)
}

// laneOfClass gives the lane of a class of posts, which spends the budget of a kind.
func (w *work) laneOfClass(c *conv, t *thread, kind bridge.PostKind, class string, priority int) *lane {
	if class == "say" && t.Root == "" {
		priority = store.PriorityRoot
	}
	gate, request := w.budget(t.AccountID, kind, t.Channel)
	l := w.lane(laneKey{t.AccountID, conversationLane(c.ID, class)}, c.ID, priority, gate, request)
	if t.Rerooted > 0 && !l.fresh && l.gate == nil { // it may be in another channel now
		w.setGate(l, gate)
		l.dirty = true
	}
	if l.Priority != priority {
		l.Priority, l.dirty = priority, true
	}
	return l
}

// allowUpload makes a lane's leases long enough for a message's files on a slow line.
func (w *work) allowUpload(l *lane, t *thread, m *message) {
	var size int64
	for _, f := range m.Files {
		size += f.SizeBytes
	}
	_, request := w.budget(t.AccountID, bridge.PostFiles, t.Channel)
	longer := min(request+time.Duration(size/slowestUpload)*time.Second, outbound.LongestUpload)
	if lease := w.e.opt.Relay.LeaseFor(longer).Seconds(); lease > l.LeaseSeconds {
		l.LeaseSeconds, l.dirty = lease, true
	}
}

func (w *work) budget(surface int64, kind bridge.PostKind, channel string) (store.Gate, time.Duration) {
	s := w.e.Surface(surface)
	if s == nil {
		return store.Gate{AccountID: surface, Key: "post:" + channel, PerSecond: 1, Burst: 1}, 30 * time.Second
	}
	b := s.Budget(kind, channel)
	return store.Gate{AccountID: surface, Key: b.Key, PerSecond: b.PerSecond, Burst: max(b.Burst, 1),
		WidePerSecond: b.WidePerSecond, WideBurst: b.WideBurst}, s.Limits().RequestTimeout
}

func (w *work) lane(key laneKey, conversation int64, priority int, gate store.Gate, request time.Duration) *lane {
	if l := w.laneKeys[key]; l != nil {
		return l
	}
	l := &lane{fresh: true, Lane: store.Lane{ID: w.ids.Next(), AccountID: key.account, Key: key.key, ConversationID: conversation,
		Priority: priority, LeaseSeconds: w.e.opt.Relay.LeaseFor(request).Seconds()}}
	w.setGate(l, gate)
	w.lanes[l.ID], w.laneKeys[key] = l, l
	return l
}

// setGate says whose budget a lane spends.
func (w *work) setGate(l *lane, gate store.Gate) {
	gk := laneKey{gate.AccountID, gate.Key}
	if w.gates[gk] == nil {
		w.gates[gk] = &gate
	}
	l.gate = w.gates[gk]
}

// enqueue puts a delivery at the end of a lane.
func (w *work) enqueue(l *lane, kind string, messageID int64, p outbound.Payload, notBefore *time.Time) *delivery {
	body, err := json.Marshal(p)
	if err != nil {
		panic("bridge: payload: " + err.Error()) // our own plain struct
	}
	d := &delivery{fresh: true, Delivery: store.Delivery{ID: w.ids.Next(), LaneID: l.ID, MessageID: messageID, Kind: kind, Payload: body,
		State: store.Queued, NotBefore: notBefore, CreatedAt: w.now}}
	l.Tail++
	d.Seq = l.Tail
	if d.Seq == l.Head+1 && l.LeasedUntil == nil {
		w.due(l, notBefore)
	}
	l.dirty = true
	w.deliveries[d.ID] = d
	return d
}

// laneOrder makes the orders of all surfaces comparable with each other and with that of
// forms: one in milliseconds becomes one in seconds with a fraction.
func laneOrder(order string) string {
	at := orderTime(order)
	if strings.Contains(order, ".") || at.IsZero() {
		return order
	}
	return fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/int(time.Millisecond))
}

// enqueueInOrder puts an agent's message among those that still wait, by the
// surface's own order (invariant 3).
func (w *work) enqueueInOrder(l *lane, order string, messageID int64, p outbound.Payload, notBefore *time.Time) *delivery {
	order = laneOrder(order)
	at := slices.IndexFunc(l.waiting, func(d *delivery) bool { return d.OrderBy > order && d.Part == 0 && d.State == store.Queued })
	d := w.enqueue(l, outbound.KindReply, messageID, p, notBefore)
	d.OrderBy = order
	if at < 0 {
		l.waiting = append(l.waiting, d)
		return d
	}
	// Take the place of the first later one; it and those behind it move back.
	seq := l.waiting[at].Seq
	for _, later := range w.deliveries {
		if later.LaneID == l.ID && later != d && later.Seq >= seq {
			later.Seq++
		}
	}
	w.shifts = append(w.shifts, shift{l.ID, seq})
	d.Seq = seq
	l.waiting = slices.Insert(l.waiting, at, d)
	if seq == l.Head+1 && l.LeasedUntil == nil {
		w.due(l, notBefore)
	}
	return d
}
