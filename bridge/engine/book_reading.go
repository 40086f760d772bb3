package engine

import (
	"iter"
	"slices"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A use case reads what it asks for. What Load has read beforehand is there; everything else is read by the functions here when it
// is asked for, under the lock of its conversation, which the batch holds. Load only saves round trips.

// read runs the queries that add collects, in the batch's transaction. The first error ends all reading, and the batch: see Err.
// Without a database, as in tests of decisions, nothing is stored.
func (m *Moment) read(add func(*store.Pipeline)) {
	if m == nil || m.run == nil || m.Err != nil {
		return
	}
	var p store.Pipeline
	add(&p)
	m.Err = m.run(&p)
}

// lastMessages is how many of a conversation's latest messages count where it matters who spoke last. That many must be the
// customer's or ours to the customer: else there might be only notes among them.
const lastMessages = 5

// Latest returns the latest messages of a conversation: first the stored ones, newest first, then those of this batch.
func (ms *Messages) Latest(c *Conversation) []store.Message {
	if !c.latestRead && !c.Fresh {
		var found []store.Message
		ms.read(func(p *store.Pipeline) {
			p.LatestMessages(&found, []store.ConversationID{c.ID}, lastMessages, lastMessages)
		})
		ms.keepLatest(c, found)
		ms.keep(found)
	}
	return c.last
}

// keepLatest adds the stored messages of a conversation, newest first.
func (ms *Messages) keepLatest(c *Conversation, found []store.Message) {
	hasMoved := func(m store.Message) bool { return ms.Rows[m.ID] != nil && ms.Rows[m.ID].ConversationID != c.ID } // in this batch
	found = slices.DeleteFunc(slices.Clone(found), hasMoved)
	c.last, c.latestRead = append(found, c.last...), true
}

// keep adds messages, and reads their deliveries. Messages that the book has already stay as they are.
func (ms *Messages) keep(found []store.Message) {
	var ids []store.MessageID
	for _, m := range found {
		if ms.Rows[m.ID] == nil {
			ms.Rows[m.ID] = &Message{Message: m}
			ms.deliveriesRead[m.ID] = true
			ids = append(ids, m.ID)
		}
	}
	var deliveries []store.Delivery
	ms.read(func(p *store.Pipeline) { p.DeliveriesOf(&deliveries, ids, nil) })
	ms.outbox.keep(deliveries)
}

// keep adds stored deliveries.
func (o *Outbox) keep(found []store.Delivery) {
	for _, d := range found {
		o.addDelivery(d)
	}
}

// Waiting returns the messages of agents that wait in a lane, in order.
func (o *Outbox) Waiting(l *Lane) []*Delivery {
	if !l.waitingRead && !l.Fresh && l.Tail > l.Head {
		var found []store.Delivery
		o.read(func(p *store.Pipeline) { p.WaitingDeliveries(&found, []store.LaneID{l.ID}) })
		o.keep(found)
	}
	l.waitingRead = true
	return l.waiting
}

// replyLanes returns a conversation's lanes to its customer.
func (o *Outbox) replyLanes(c *Conversation) (list []*Lane) {
	for _, id := range SortedKeys(o.Lanes) {
		if l := o.Lanes[id]; l.ConversationID == c.ID && l.AccountID == c.AccountID {
			list = append(list, l)
		}
	}
	return list
}

// readWaiting reads the replies that wait to leave for a conversation's customer.
func (o *Outbox) readWaiting(c *Conversation) (waiting []*Delivery) {
	for _, l := range o.replyLanes(c) {
		waiting = append(waiting, o.Waiting(l)...)
	}
	return waiting
}

// WaitingReplies returns the replies that wait to leave for a conversation's customer, in the order of their ids.
func (ms *Messages) WaitingReplies(c *Conversation) (list []*Message) {
	ms.readOf(ms.outbox.readWaiting(c))
	for _, id := range SortedKeys(ms.Rows) {
		if m := ms.Rows[id]; m.ConversationID == c.ID && m.Fate == store.FateWaiting {
			list = append(list, m)
		}
	}
	return list
}

// readOf reads the messages of deliveries, with all their other deliveries.
func (ms *Messages) readOf(deliveries []*Delivery) {
	var missing []store.MessageID
	for _, d := range deliveries {
		if ms.Rows[d.MessageID] == nil {
			missing = append(missing, d.MessageID)
		}
	}
	var found []store.Message
	ms.read(func(p *store.Pipeline) { p.Messages(&found, sortedUnique(missing)) })
	ms.keep(found)
}

// SentLately returns the replies among the latest deliveries to a conversation's customer that were sent or are being sent, in the
// order of their ids.
func (ms *Messages) SentLately(c *Conversation) (sent []*Delivery) {
	var lanes []store.LaneID
	for _, l := range ms.outbox.replyLanes(c) {
		lanes = append(lanes, l.ID)
	}
	var found []store.Delivery
	ms.read(func(p *store.Pipeline) { p.SentLately(&found, lanes) })
	ms.outbox.keep(found)

	for _, id := range SortedKeys(ms.outbox.Deliveries) {
		if d := ms.outbox.Deliveries[id]; d.Kind == KindReply && slices.Contains(lanes, d.LaneID) && d.SentAt != nil {
			sent = append(sent, d)
		}
	}
	ms.readOf(sent)
	return sent
}

// readRuns reads the deliveries that left as one message with those named.
func (o *Outbox) readRuns(first []store.DeliveryID) {
	var found []store.Delivery
	o.read(func(p *store.Pipeline) { p.JoinedTo(&found, first) })
	o.keep(found)
	for _, id := range first {
		o.Deliveries[id].runRead = true
	}
}

// replies returns the loaded deliveries to customers.
func (o *Outbox) replies() (list []*Delivery) {
	for _, id := range SortedKeys(o.Deliveries) {
		if d := o.Deliveries[id]; d.Kind == KindReply {
			list = append(list, d)
		}
	}
	return list
}

// Parked returns the oldest replies in a conversation that wait until its provider allows free text, at most ten.
func (ms *Messages) Parked(c *Conversation) (list []*Message) {
	if !c.parkedRead && !c.Fresh {
		var found []store.Message
		ms.read(func(p *store.Pipeline) {
			p.ParkedMessages(&found, []store.ConversationID{c.ID}, bridge.ReasonWindow, maxOffered)
		})
		ms.keep(found)
		c.parkedRead = true
	}
	for _, id := range SortedKeys(ms.Rows) {
		if m := ms.Rows[id]; m.ConversationID == c.ID && m.Fate == store.FateParked && m.Reason == bridge.ReasonWindow {
			list = append(list, m)
		}
	}
	return list
}

// HasUnshown reports whether something that the customer said in a conversation isn't posted yet.
func (o *Outbox) HasUnshown(c *Conversation) bool {
	if !c.Unshown && !c.unshownRead && !c.Fresh {
		var found []store.ConversationID
		o.read(func(p *store.Pipeline) { p.Unshown(&found, []store.ConversationID{c.ID}) })
		c.Unshown, c.unshownRead = len(found) > 0, true
	}
	return c.Unshown
}

// need reads the rows with a key, which add names, unless they were looked for before. Rows that have to be locked are locked later
// than those of Load, so that two batches may wait for each other; the database then ends one of them, which is applied again.
func (m *Moment) need(key any, add func(*Prefetch)) {
	if m == nil || m.LoadMore == nil || m.Err != nil || m.asked[key] {
		return
	}
	n := NewPrefetch(1)
	add(n)
	m.Err = m.LoadMore(n)
}

// Keys of rows that are looked for by other things than their ids.
type (
	externalKey NameKey // a message by the provider's id
	personKey   NameKey // the customer who has an address or a number
	admittedKey NameKey // the same, who is made if there is none
)

// noteAsked records what n looks for.
func (n *Prefetch) noteAsked(asked map[any]bool) {
	for id := range n.conversations {
		asked[id] = true
	}
	for _, id := range n.Messages {
		asked[id] = true
	}
	for _, id := range n.Deliveries {
		asked[id] = true
	}
	for _, k := range n.Posts {
		asked[k] = true
	}
	for k := range n.External.all() {
		asked[externalKey(k)] = true
	}
	for _, k := range n.parties.keys {
		asked[personKey(k)], asked[admittedKey(k)] = true, true
	}
	for k := range n.Peeked.all() {
		asked[personKey(k)] = true
	}
	for k := range n.people.all() {
		asked[personKey(k)] = true
	}
	for k := range n.lanes.all() {
		asked[LaneKey{k.Account, k.Name}] = true
	}
}

// all returns the pairs of a list.
func (l KeyList) all() iter.Seq[NameKey] {
	return func(yield func(NameKey) bool) {
		for i, account := range l.accounts {
			if !yield(NameKey{account, l.names[i]}) {
				return
			}
		}
	}
}

// Get returns a conversation, or nil if there is none with this number. The batch locks it.
func (cs *Conversations) Get(id store.ConversationID) *Conversation {
	if cs.Rows[id] == nil && id != 0 {
		cs.need(id, func(n *Prefetch) { n.AddConversation(id) })
	}
	return cs.Rows[id]
}

// Get returns a message, or nil if there is none with this id. The batch locks its conversation.
func (ms *Messages) Get(id store.MessageID) *Message {
	if ms.Rows[id] == nil && id != 0 {
		ms.need(id, func(n *Prefetch) { n.Messages = append(n.Messages, id) })
	}
	return ms.Rows[id]
}

// ByExternalID returns the message that a provider's id belongs to, and whether one is recorded; see LinkExternalID.
func (ms *Messages) ByExternalID(k NameKey) (link store.ExternalID, known bool) {
	if !ms.isLinked(k) && k.Name != "" {
		ms.need(externalKey(k), func(n *Prefetch) { n.External.Add(k.Account, k.Name) })
	}
	link, known = ms.External[k]
	return link, known
}

func (ms *Messages) isLinked(k NameKey) bool {
	_, known := ms.External[k]
	return known
}

// ReactionTo returns a customer's reaction to a message; an unknown one is the zero one.
func (ms *Messages) ReactionTo(k ReactionKey) store.Reaction {
	if _, known := ms.Reactions[k]; !known {
		var found []store.Reaction
		ms.read(func(p *store.Pipeline) { p.FindReactions(&found, []store.AccountID{k.Account}, []string{k.Target}) })
		if i := slices.IndexFunc(found, func(r store.Reaction) bool { return r.IdentityID == k.Identity }); i >= 0 {
			ms.Reactions[k] = found[i]
		}
	}
	return ms.Reactions[k]
}

// At returns the message in a surface with this key, or nil if none is recorded.
func (ps *Posts) At(k PostKey) *store.Post {
	if ps.Rows[k] == nil && k.Message != "" {
		ps.need(k, func(n *Prefetch) { n.Posts = append(n.Posts, k) })
	}
	return ps.Rows[k]
}

// Delivery returns a delivery, or nil if there is none with this id.
func (o *Outbox) Delivery(id store.DeliveryID) *Delivery {
	if o.Deliveries[id] == nil && id != 0 {
		o.need(id, func(n *Prefetch) { n.Deliveries = append(n.Deliveries, id) })
	}
	return o.Deliveries[id]
}

// LockLanes locks many lanes that belong to no conversation at once. LaneOf does so for one.
func (o *Outbox) LockLanes(keys []LaneKey) {
	if o.LoadMore == nil || o.Err != nil {
		return
	}
	n := NewPrefetch(1)
	for _, k := range keys {
		if !o.asked[k] {
			n.lanes.Add(k.Account, k.Key)
		}
	}
	o.Err = o.LoadMore(n)
}

// At returns the root of the customer who has a key on an account, or nil if nobody has.
func (ps *People) At(k NameKey) *store.Identity {
	if ps.ByAddress[k] == nil && k.Name != "" {
		ps.need(personKey(k), func(n *Prefetch) { n.people.Add(k.Account, k.Name) })
	}
	return ps.ByAddress[k]
}

// Admit returns the root of the customer who has a party's key, and makes the customer if nobody has.
func (ps *People) Admit(account store.AccountID, p, previous channels.Party) *store.Identity {
	k := NameKey{account, p.Key}
	if ps.ByAddress[k] == nil {
		ps.need(admittedKey(k), func(n *Prefetch) { n.AddParty(account, p, previous) })
	}
	return ps.ByAddress[k]
}

// readFilesPosts reads the posts of a message's files.
func (o *Outbox) readFilesPosts(m *Message) {
	if m.filesRead || m.Fresh {
		return
	}
	m.filesRead = true
	var found []store.Delivery
	o.read(func(p *store.Pipeline) { p.FilesOf(&found, []store.MessageID{m.ID}) })
	o.keep(found)
}
