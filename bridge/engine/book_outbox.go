package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/store"
)

// Outbox holds the deliveries of one batch, with their lanes. A delivery is one reply to a customer, or one post into
// a chat of agents. A lane is the first-in, first-out queue of a conversation's deliveries to one place; only its
// head, the first delivery, may leave. A gate is a rate limit of a provider that several lanes share.
//
// For example, when an agent types two replies, Enqueue gives them Seq 5 and 6 in the customer's lane. A process
// leases the lane, sends 5, and sets Head to 5; then 6 may leave.
type Outbox struct {
	*Moment
	Lanes      map[store.LaneID]*Lane
	laneKeys   map[LaneKey]*Lane
	gates      map[LaneKey]*store.Gate // gates of lanes that the batch makes or moves to another gate
	Deliveries map[store.DeliveryID]*Delivery
	OfMessage  map[store.MessageID][]*Delivery // deliveries by the message that they are about
	shifts     []shift
	knownGates *Gates
	LeaseFor   func(request time.Duration) time.Duration // how long to lease a lane for a request that takes at most the given time
}

func newOutbox(m *Moment, known *Gates, leaseFor func(time.Duration) time.Duration) *Outbox {
	return &Outbox{
		Moment:     m,
		Lanes:      map[store.LaneID]*Lane{},
		laneKeys:   map[LaneKey]*Lane{},
		gates:      map[LaneKey]*store.Gate{},
		Deliveries: map[store.DeliveryID]*Delivery{},
		OfMessage:  map[store.MessageID][]*Delivery{},
		knownGates: known,
		LeaseFor:   leaseFor,
	}
}

// LaneKey identifies a lane, or a gate, of an account.
type LaneKey struct {
	Account store.AccountID
	Key     string
}

// shift moves the stored deliveries of a lane with this seq or a higher one back by one.
type shift struct {
	lane store.LaneID
	seq  int64
}

// Lane is a lane that a batch has loaded or made. Its deliveries are numbered by Seq: those up to Head are over, and
// Head+1 is next. A process that works on the next one has leased the lane.
type Lane struct {
	store.Lane
	Fresh, Dirty bool        // it is new in this batch; the batch changed it
	Gate         *store.Gate // the gate of a new or moved lane, whose id is resolved in Flush
	waiting      []*Delivery // see Outbox.Waiting
	waitingRead  bool
}

// HasRootToLand reports whether a root, the first message of a thread, waits in a lane or is being posted. Until then
// the lane has PriorityRoot, and what is typed below the root waits (store.RootComing). After a root that was
// skipped, the lane keeps the priority until it is empty.
func (l *Lane) HasRootToLand() bool { return l.Priority == store.PriorityRoot && l.Tail > l.Head }

// isUnderWay reports whether a process is working on the delivery with this seq.
func (l *Lane) isUnderWay(seq int64) bool { return seq == l.Head+1 && l.LeasedUntil != nil }

// isNextAndFree reports whether the delivery with this seq is the lane's next one, and no process is working on it.
func (l *Lane) isNextAndFree(seq int64) bool { return seq == l.Head+1 && l.LeasedUntil == nil }

// Enqueue appends a delivery to a lane. A nil notBefore means that it may leave at once.
func (o *Outbox) Enqueue(l *Lane, kind string, messageID store.MessageID, p Payload, notBefore *time.Time) *Delivery {
	d := &Delivery{Fresh: true, Delivery: store.Delivery{
		ID:            store.DeliveryID(o.IDs.Next()),
		LaneID:        l.ID,
		MessageID:     messageID,
		Kind:          kind,
		Payload:       bridge.JSON(p),
		State:         store.Queued,
		DeliveryTimes: store.DeliveryTimes{NotBefore: notBefore},
		CreatedAt:     o.Now,
	}}

	l.Tail++
	d.Seq = l.Tail
	if l.isNextAndFree(d.Seq) {
		o.SetDue(l, notBefore)
	}

	l.Dirty = true
	o.addToIndex(d)
	return d
}

func (o *Outbox) addToIndex(d *Delivery) {
	o.Deliveries[d.ID] = d
	o.OfMessage[d.MessageID] = append(o.OfMessage[d.MessageID], d)
}

// laneOrder converts the order of an agent's message, which is the time in the format of its chat, to seconds with a
// fraction, so that messages from all chats and forms can be compared: "1712345678901" (milliseconds) becomes
// "1712345678.901".
func laneOrder(order string) string {
	at := Time(order)
	if strings.Contains(order, ".") || at.IsZero() {
		return order
	}
	return fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/int(time.Millisecond))
}

// EnqueueInOrder inserts an agent's reply among those that still wait, in the order in which they were typed (invariant 3).
func (o *Outbox) EnqueueInOrder(l *Lane, order string, messageID store.MessageID, p Payload, notBefore *time.Time) *Delivery {
	order = laneOrder(order)
	isLater := func(d *Delivery) bool {
		isQueuedWhole := d.Part == 0 && d.State == store.Queued
		return isQueuedWhole && d.OrderBy > order
	}

	at := slices.IndexFunc(o.Waiting(l), isLater)
	d := o.Enqueue(l, KindReply, messageID, p, notBefore)
	d.OrderBy = order
	if at < 0 {
		l.waiting = append(l.waiting, d)
		return d
	}

	o.moveBefore(l, d, l.waiting[at].Seq)
	l.waiting = slices.Insert(l.waiting, at, d)
	if l.isNextAndFree(d.Seq) {
		o.SetDue(l, notBefore)
	}

	return d
}

// moveBefore gives d the position seq in its lane. The delivery that had it, and all after that one, move back by one.
func (o *Outbox) moveBefore(l *Lane, d *Delivery, seq int64) {
	for _, other := range o.Deliveries {
		isInLane := other.LaneID == l.ID && other != d
		if isInLane && other.Seq >= seq {
			other.Seq++
		}
	}
	o.shifts = append(o.shifts, shift{l.ID, seq})
	d.Seq = seq
}

// LaneOf returns the lane with a key. It makes the lane if it is missing. request is how long a request in that lane may take.
func (o *Outbox) LaneOf(key LaneKey, conversation store.ConversationID, priority int, gate store.Gate, request time.Duration) *Lane {
	if o.laneKeys[key] == nil && conversation == 0 { // those of conversations are loaded with these
		o.need(key, func(n *Prefetch) { n.lanes.Add(key.Account, key.Key) })
	}
	if l := o.laneKeys[key]; l != nil {
		return l
	}

	l := &Lane{Fresh: true, Lane: store.Lane{
		ID:             store.LaneID(o.IDs.Next()),
		AccountID:      key.Account,
		Key:            key.Key,
		ConversationID: conversation,
		Priority:       priority,
		LeaseSeconds:   o.LeaseFor(request).Seconds(),
	}}

	o.SetGate(l, gate)
	o.Lanes[l.ID], o.laneKeys[key] = l, l
	return l
}

// EnqueueFirst inserts a post, such as the new root of a thread, before everything else in its lane. An attempt that
// is running fails with ErrThreadLost, since the old root is gone, and is repeated after the post. message is the
// message that the post shows, or 0.
func (o *Outbox) EnqueueFirst(l *Lane, kind bridge.PostKind, message store.MessageID, p Payload) {
	d := o.Enqueue(l, string(kind), message, p, nil)
	first := l.Head + 1
	if d.Seq == first {
		return
	}
	o.moveBefore(l, d, first)
	if l.LeasedUntil == nil {
		o.SetDue(l, nil)
	}
}

// SetDue sets when the head of a lane may be claimed: at notBefore, or at once if that is nil, but not before the
// lane's rest ends.
func (o *Outbox) SetDue(l *Lane, notBefore *time.Time) {
	due := o.Now
	if notBefore != nil && notBefore.After(due) {
		due = *notBefore
	}
	if l.RestUntil != nil && l.RestUntil.After(due) {
		due = *l.RestUntil
	}
	l.DueAt, l.Dirty = &due, true
}

// IsHead reports whether a delivery is next in its lane and no process is working on it.
func (o *Outbox) IsHead(d *Delivery) bool {
	l := o.Lanes[d.LaneID]
	return l != nil && l.isNextAndFree(d.Seq)
}

// Cancel cancels a waiting delivery. It returns false if the delivery is being sent or was sent. A reply that may have left
// by an earlier attempt is not cancelled but gets the state NeedsDecision: a person has to decide whether it has left.
func (o *Outbox) Cancel(d *Delivery) bool {
	if !o.CanBeTakenBack(d) {
		return false
	}
	state := store.Cancelled
	if d.mayHaveLeft() {
		state = store.NeedsDecision
	}
	d.State, d.Dirty = state, true
	d.NotBefore = nil // deliveries after it need not wait for its hold, the time for taking it back
	if o.IsHead(d) {
		o.SetDue(o.Lanes[d.LaneID], nil) // the dispatcher skips it
	}
	return true
}

// Settle gives a delivery the state that a receipt reports, so that the next one in the lane may leave.
func (o *Outbox) Settle(d *Delivery, state store.DeliveryState) {
	o.MakeDue(d)
	d.State, d.NotBefore, d.Dirty = state, nil, true
}

// MakeDue ends the pause before the next attempt at a delivery, if it is the head of its lane.
func (o *Outbox) MakeDue(d *Delivery) {
	if o.IsHead(d) {
		o.SetDue(o.Lanes[d.LaneID], nil)
	}
}

// Postpone holds a waiting delivery until a time.
func (o *Outbox) Postpone(d *Delivery, until time.Time) {
	d.NotBefore, d.Dirty = &until, true
	if o.IsHead(d) {
		o.SetDue(o.Lanes[d.LaneID], &until)
	}
}

// CanBeTakenBack reports whether a delivery can still be changed or cancelled: it is queued, no attempt is running,
// and no piece of it is known to have left. That includes a reply which may have left before a click sent it again:
// only the click is taken back then.
func (o *Outbox) CanBeTakenBack(d *Delivery) bool {
	if d.State != store.Queued || hasPieceLeft(d) {
		return false
	}
	l := o.Lanes[d.LaneID]
	if l == nil || l.isUnderWay(d.Seq) {
		return false
	}
	return !d.DecodedPayload().Unsure // an unsure post may have been posted already
}

// addDelivery adds a stored delivery, unless it is loaded already.
func (o *Outbox) addDelivery(d store.Delivery) {
	if o.Deliveries[d.ID] != nil {
		return
	}

	row := &Delivery{Delivery: d}
	for _, s := range o.shifts { // the row was read as it is stored, without the moves of this batch
		if s.lane == d.LaneID && row.Seq >= s.seq {
			row.Seq++
		}
	}
	o.addToIndex(row)
	l := o.Lanes[d.LaneID]
	isAgentsMessage := d.OrderBy != ""
	if l == nil || !isAgentsMessage {
		return
	}
	if d.Seq > l.Head && d.State == store.Queued {
		l.waiting = append(l.waiting, row)
		slices.SortFunc(l.waiting, func(a, b *Delivery) int { return int(a.Seq - b.Seq) })
	}
}

// flushLanes writes lanes. If another transaction has inserted the same lane in the meantime, this one fails and is
// repeated: otherwise its deliveries would be in a lane that doesn't exist.
func (o *Outbox) flushLanes(ctx context.Context, p *store.Pipeline) error {
	fresh, changed := newAndChanged(o.Lanes, func(l *Lane) (store.Lane, bool, bool) { return l.Lane, l.Fresh, l.Dirty })
	if err := p.InsertLanes(fresh); err != nil {
		return err
	}
	return store.UpdateLanes(ctx, p, changed)
}

func (o *Outbox) flushDeliveries(ctx context.Context, p *store.Pipeline) error {
	for _, s := range o.shifts {
		if err := store.ShiftDeliveries(ctx, p, s.lane, s.seq); err != nil {
			return err
		}
	}
	fresh, changed := newAndChanged(o.Deliveries, func(d *Delivery) (store.Delivery, bool, bool) { return d.Delivery, d.Fresh, d.Dirty })
	if err := store.UpdateDeliveries(ctx, p, changed); err != nil {
		return err
	}
	return store.InsertDeliveries(ctx, p, fresh)
}

// FilesPost returns the latest post of a message's files in its conversation's thread, or nil. Posts of single files
// that arrived late don't count.
func (o *Outbox) FilesPost(m *Message) *Delivery {
	o.readFilesPosts(m)
	var found *Delivery
	for _, d := range o.OfMessage[m.ID] {
		isFilesPost := d.Kind == string(bridge.PostFiles) && o.Lanes[d.LaneID] != nil
		if !isFilesPost || d.DecodedPayload().Only {
			continue
		}
		if found == nil || ComparePosts(d, found) > 0 {
			found = d
		}
	}
	return found
}

// ComparePosts compares two deliveries by when they were queued: by Seq within one lane, else by time. Ids don't give
// that order, because each batch takes its ids from a block.
func ComparePosts(a, b *Delivery) int {
	if a.LaneID == b.LaneID {
		return cmp.Compare(a.Seq, b.Seq)
	}
	return a.CreatedAt.Compare(b.CreatedAt)
}
