package book

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// Outbox holds what one batch has loaded or made for the relay to send. A delivery is one reply to a customer or one post into
// a chat. A lane is the queue of a conversation's deliveries to one place: its head, the first one, is the only one that may
// leave. A gate is a budget of a provider that several lanes spend.
type Outbox struct {
	*Moment
	Lanes      map[store.LaneID]*Lane
	laneKeys   map[LaneKey]*Lane
	named      map[LaneKey]bool        // lanes that belong to no conversation and were looked for, whether they exist or not
	gates      map[LaneKey]*store.Gate // those of lanes that the batch makes or moves to another gate
	Deliveries map[store.DeliveryID]*Delivery
	OfMessage  map[store.MessageID][]*Delivery // deliveries by the message that they are about
	shifts     []shift
	knownGates *Gates
	LeaseFor   func(request time.Duration) time.Duration // how long a lane has to be leased for a request that takes at most so long
}

func newOutbox(m *Moment, known *Gates, leaseFor func(time.Duration) time.Duration) *Outbox {
	return &Outbox{
		Moment:     m,
		Lanes:      map[store.LaneID]*Lane{},
		laneKeys:   map[LaneKey]*Lane{},
		named:      map[LaneKey]bool{},
		gates:      map[LaneKey]*store.Gate{},
		Deliveries: map[store.DeliveryID]*Delivery{},
		OfMessage:  map[store.MessageID][]*Delivery{},
		knownGates: known,
		LeaseFor:   leaseFor,
	}
}

// LaneKey names a lane, or a gate, of an account.
type LaneKey struct {
	Account store.AccountID
	Key     string
}

// shift moves the stored deliveries of a lane back by one place, from seq on.
type shift struct {
	lane store.LaneID
	seq  int64
}

// Lane is a lane that a batch has loaded or made. Deliveries have their place in it by Seq: those up to Head are over, and the
// one behind it is next. A process that works on that one has leased the lane.
type Lane struct {
	store.Lane
	Fresh, Dirty bool        // it is new in this batch; the batch changed it
	Gate         *store.Gate // the gate of a new or moved lane: its id becomes known in Flush
	Waiting      []*Delivery // agents' messages that wait in the lane, in order, as far as they were loaded
}

// HasRootToLand reports whether a root, the first message of a thread, waits in a lane or is being posted: the lane has
// PriorityRoot until then, and what is typed below the root waits (store.RootComing). After a root that was passed over, the
// lane keeps the priority until it is empty.
func (l *Lane) HasRootToLand() bool { return l.Priority == store.PriorityRoot && l.Tail > l.Head }

// isUnderWay reports whether a process works on the delivery with this place in the lane.
func (l *Lane) isUnderWay(seq int64) bool { return seq == l.Head+1 && l.LeasedUntil != nil }

// isNextAndFree reports whether the delivery with this place is the lane's next one, and no process works on it.
func (l *Lane) isNextAndFree(seq int64) bool { return seq == l.Head+1 && l.LeasedUntil == nil }

// Enqueue puts a delivery at the end of a lane.
func (o *Outbox) Enqueue(l *Lane, kind string, messageID store.MessageID, p outbound.Payload, notBefore *time.Time) *Delivery {
	d := &Delivery{Fresh: true, Delivery: store.Delivery{
		ID:        store.DeliveryID(o.IDs.Next()),
		LaneID:    l.ID,
		MessageID: messageID,
		Kind:      kind,
		Payload:   bridge.JSON(p),
		State:     store.Queued,
		NotBefore: notBefore,
		CreatedAt: o.Now,
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

// addToIndex makes a delivery known by its id and by its message.
func (o *Outbox) addToIndex(d *Delivery) {
	o.Deliveries[d.ID] = d
	o.OfMessage[d.MessageID] = append(o.OfMessage[d.MessageID], d)
}

// laneOrder makes the orders of all surfaces comparable with each other and with those of forms. An order in milliseconds
// becomes one in seconds with a fraction.
func laneOrder(order string) string {
	at := OrderTime(order)
	if strings.Contains(order, ".") || at.IsZero() {
		return order
	}
	return fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/int(time.Millisecond))
}

// EnqueueInOrder puts an agent's message among those that still wait, in the order in which they were typed (invariant 3).
func (o *Outbox) EnqueueInOrder(l *Lane, order string, messageID store.MessageID, p outbound.Payload, notBefore *time.Time) *Delivery {
	order = laneOrder(order)
	isLater := func(d *Delivery) bool {
		isQueuedWhole := d.Part == 0 && d.State == store.Queued
		return isQueuedWhole && d.OrderBy > order
	}

	at := slices.IndexFunc(l.Waiting, isLater)
	d := o.Enqueue(l, outbound.KindReply, messageID, p, notBefore)
	d.OrderBy = order
	if at < 0 {
		l.Waiting = append(l.Waiting, d)
		return d
	}

	o.moveBefore(l, d, l.Waiting[at].Seq)
	l.Waiting = slices.Insert(l.Waiting, at, d)
	if l.isNextAndFree(d.Seq) {
		o.SetDue(l, notBefore)
	}

	return d
}

// moveBefore gives d a place in its lane. The delivery that has it, and all behind that one, move back by one.
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

// IsNamed reports whether Load has looked for a lane that belongs to no conversation: the batch can put nothing into others.
func IsNamed(o *Outbox, key LaneKey) bool { return o.named[key] }

// LaneOf returns the lane with a key. If there is none, it makes one with a priority, the gate whose budget the lane
// spends, and how long a request in it may take.
func (o *Outbox) LaneOf(key LaneKey, conversation store.ConversationID, priority int, gate store.Gate, request time.Duration) *Lane {
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

// EnqueueFirst puts a post, such as the new root of a thread, before everything that waits in its lane. An attempt that is under way
// fails with ErrThreadLost, since the old root is gone, and is tried again behind the post. message is the one that it shows, 0 if none.
func (o *Outbox) EnqueueFirst(l *Lane, kind bridge.PostKind, message store.MessageID, p outbound.Payload) {
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

// SetDue sets when the head of a lane may be claimed: at notBefore, or at once if that is nil, but not while the lane rests.
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

// IsHead reports whether a delivery is next in its lane and nobody is working on it.
func (o *Outbox) IsHead(d *Delivery) bool {
	l := o.Lanes[d.LaneID]
	return l != nil && l.isNextAndFree(d.Seq)
}

// Cancel takes a waiting delivery back. It returns false if the delivery is being sent or was sent. If a reply may have left by
// an earlier attempt, only the next attempt is taken back: a person has to say whether the reply left.
func (o *Outbox) Cancel(d *Delivery) bool {
	if !o.CanBeTakenBack(d) {
		return false
	}
	state := store.Cancelled
	if d.mayHaveLeft() {
		state = store.NeedsDecision
	}
	d.State, d.Dirty = state, true
	d.NotBefore = nil // its hold ends, so that nothing behind it waits for that
	if o.IsHead(d) {
		o.SetDue(o.Lanes[d.LaneID], nil) // the dispatcher passes over it
	}
	return true
}

// Settle gives a delivery the state that a receipt tells, so that what waits behind it may leave.
func (o *Outbox) Settle(d *Delivery, state store.DeliveryState) {
	o.MakeDue(d)
	d.State, d.NotBefore, d.Dirty = state, nil, true
}

// MakeDue ends the pause before the next attempt at a delivery, if nothing waits before it in its lane.
func (o *Outbox) MakeDue(d *Delivery) {
	if o.IsHead(d) {
		o.SetDue(o.Lanes[d.LaneID], nil)
	}
}

// Postpone has a waiting delivery held until a time.
func (o *Outbox) Postpone(d *Delivery, until time.Time) {
	d.NotBefore, d.Dirty = &until, true
	if o.IsHead(d) {
		o.SetDue(o.Lanes[d.LaneID], &until)
	}
}

// CanBeTakenBack reports whether a delivery can still be changed or taken back: it waits, no attempt runs, and no piece of it is
// known to have left. That is so also for a reply that a person sends again though it may have left: the click is taken back.
func (o *Outbox) CanBeTakenBack(d *Delivery) bool {
	if d.State != store.Queued || hasPieceLeft(d) {
		return false
	}
	l := o.Lanes[d.LaneID]
	if l == nil || l.isUnderWay(d.Seq) {
		return false
	}
	return !d.DecodedPayload().Unsure // a post that may be there
}

// addDelivery makes a stored delivery known, unless it is.
func (o *Outbox) addDelivery(d store.Delivery) {
	if o.Deliveries[d.ID] != nil {
		return
	}

	row := &Delivery{Delivery: d}
	o.addToIndex(row)
	l := o.Lanes[d.LaneID]
	isAgentsMessage := d.OrderBy != ""
	if l == nil || !isAgentsMessage {
		return
	}
	if d.Seq > l.Head && d.State == store.Queued {
		l.Waiting = append(l.Waiting, row)
		slices.SortFunc(l.Waiting, func(a, b *Delivery) int { return int(a.Seq - b.Seq) })
	}
}

// loadDeliveries reads the deliveries of messages that were found only after the others were loaded.
func (o *Outbox) loadDeliveries(ctx context.Context, tx pgx.Tx, late []store.Message) error {
	var ids []store.MessageID
	for _, m := range late {
		ids = append(ids, m.ID)
	}
	if len(ids) == 0 {
		return nil
	}

	var p store.Pipeline
	var found []store.Delivery
	p.DeliveriesOf(&found, ids, nil)
	if err := p.Run(ctx, tx); err != nil {
		return err
	}

	for _, d := range found {
		o.addDelivery(d)
	}
	return nil
}

// flushLanes writes lanes. If another transaction has made the same lane meanwhile, this one fails and is repeated: otherwise
// its deliveries would be in a lane that doesn't exist.
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

// FilesPost returns the latest post of a message's files in its conversation's thread, or nil if there is none. Posts of
// single files that came late don't count.
func (o *Outbox) FilesPost(m *Message) *Delivery {
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

// ComparePosts compares two deliveries by when they were queued: in one lane by their places, else by their times. Ids don't
// tell it, since each batch takes its ids from a block.
func ComparePosts(a, b *Delivery) int {
	if a.LaneID == b.LaneID {
		return cmp.Compare(a.Seq, b.Seq)
	}
	return a.CreatedAt.Compare(b.CreatedAt)
}
