package book

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// Outbox holds what one batch has loaded or made for the relay to send: deliveries in their lanes, and
// the gates whose budgets the lanes spend.
type Outbox struct {
	*Moment
	Lanes      map[store.LaneID]*Lane
	laneKeys   map[LaneKey]*Lane
	gates      map[LaneKey]*store.Gate // of new lanes
	Deliveries map[store.DeliveryID]*Delivery
	OfMessage  map[store.MessageID][]*Delivery // deliveries by the message that they are about
	shifts     []shift
	knownGates *Gates
	LeaseFor   func(time.Duration) time.Duration // how long a lane is leased for a request that may take so long
}

func newOutbox(m *Moment, known *Gates, leaseFor func(time.Duration) time.Duration) *Outbox {
	return &Outbox{Moment: m, Lanes: map[store.LaneID]*Lane{}, laneKeys: map[LaneKey]*Lane{}, gates: map[LaneKey]*store.Gate{},
		Deliveries: map[store.DeliveryID]*Delivery{}, OfMessage: map[store.MessageID][]*Delivery{}, knownGates: known, LeaseFor: leaseFor}
}

// LaneKey names a lane, or a gate, of an account.
type LaneKey struct {
	Account store.AccountID
	Key     string
}

type shift struct {
	lane store.LaneID
	seq  int64
}

// Lane is a lane that a batch has in hand.
type Lane struct {
	store.Lane
	Fresh, Dirty bool
	Gate         *store.Gate // of a new lane
	Waiting      []*Delivery // agents' messages in their hold, in order, when loaded
}

// Enqueue puts a delivery at the end of a lane.
func (o *Outbox) Enqueue(l *Lane, kind string, messageID store.MessageID, p outbound.Payload, notBefore *time.Time) *Delivery {
	body, err := json.Marshal(p)
	if err != nil {
		panic("book: payload: " + err.Error()) // our own plain struct
	}
	d := &Delivery{Fresh: true, Delivery: store.Delivery{ID: store.DeliveryID(o.IDs.Next()), LaneID: l.ID, MessageID: messageID, Kind: kind, Payload: body,
		State: store.Queued, NotBefore: notBefore, CreatedAt: o.Now}}
	l.Tail++
	d.Seq = l.Tail
	if d.Seq == l.Head+1 && l.LeasedUntil == nil {
		o.SetDue(l, notBefore)
	}
	l.Dirty = true
	o.addToIndex(d)
	return d
}

// addToIndex makes a delivery known.
func (o *Outbox) addToIndex(d *Delivery) {
	o.Deliveries[d.ID] = d
	o.OfMessage[d.MessageID] = append(o.OfMessage[d.MessageID], d)
}

// laneOrder makes the orders of all surfaces comparable with each other and with those of forms: an
// order in milliseconds becomes one in seconds with a fraction.
func laneOrder(order string) string {
	at := OrderTime(order)
	if strings.Contains(order, ".") || at.IsZero() {
		return order
	}
	return fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/int(time.Millisecond))
}

// EnqueueInOrder puts an agent's message among those that still wait, by the
// surface's own order (invariant 3).
func (o *Outbox) EnqueueInOrder(l *Lane, order string, messageID store.MessageID, p outbound.Payload, notBefore *time.Time) *Delivery {
	order = laneOrder(order)
	at := slices.IndexFunc(l.Waiting, func(d *Delivery) bool { return d.OrderBy > order && d.Part == 0 && d.State == store.Queued })
	d := o.Enqueue(l, outbound.KindReply, messageID, p, notBefore)
	d.OrderBy = order
	if at < 0 {
		l.Waiting = append(l.Waiting, d)
		return d
	}
	// d takes the place of the first message with a later order, which moves back with all behind it.
	seq := l.Waiting[at].Seq
	for _, later := range o.Deliveries {
		if later.LaneID == l.ID && later != d && later.Seq >= seq {
			later.Seq++
		}
	}
	o.shifts = append(o.shifts, shift{l.ID, seq})
	d.Seq = seq
	l.Waiting = slices.Insert(l.Waiting, at, d)
	if seq == l.Head+1 && l.LeasedUntil == nil {
		o.SetDue(l, notBefore)
	}
	return d
}

// LaneOf returns a lane, and makes it if need be: with a priority, the gate whose budget it spends, and how long
// a request in it may take.
func (o *Outbox) LaneOf(key LaneKey, conversation store.ConversationID, priority int, gate store.Gate, request time.Duration) *Lane {
	if l := o.laneKeys[key]; l != nil {
		return l
	}
	l := &Lane{Fresh: true, Lane: store.Lane{ID: store.LaneID(o.IDs.Next()), AccountID: key.Account, Key: key.Key, ConversationID: conversation,
		Priority: priority, LeaseSeconds: o.LeaseFor(request).Seconds()}}
	o.SetGate(l, gate)
	o.Lanes[l.ID], o.laneKeys[key] = l, l
	return l
}

// EnqueueFirst puts a post before everything that waits in a lane. An attempt under way fails with
// ErrThreadLost, and is tried again behind the post.
func (o *Outbox) EnqueueFirst(l *Lane, kind bridge.PostKind) {
	d := o.Enqueue(l, string(kind), 0, outbound.Payload{}, nil)
	first := l.Head + 1
	if d.Seq == first {
		return
	}
	for _, later := range o.Deliveries {
		if later.LaneID == l.ID && later != d && later.Seq >= first {
			later.Seq++
		}
	}
	o.shifts = append(o.shifts, shift{l.ID, first})
	d.Seq = first
	if l.LeasedUntil == nil {
		o.SetDue(l, nil)
	}
}

// SetDue sets when the head of a lane may be claimed.
func (o *Outbox) SetDue(l *Lane, at *time.Time) {
	when := o.Now
	if at != nil && at.After(o.Now) {
		when = *at
	}
	if l.RestUntil != nil && l.RestUntil.After(when) {
		when = *l.RestUntil
	}
	l.DueAt, l.Dirty = &when, true
}

// IsHead reports whether a delivery is next in its lane and nobody is working on it.
func (o *Outbox) IsHead(d *Delivery) bool {
	l := o.Lanes[d.LaneID]
	return l != nil && d.Seq == l.Head+1 && l.LeasedUntil == nil
}

// Cancel takes a waiting delivery back. It returns false when it is being sent or was sent.
func (o *Outbox) Cancel(d *Delivery) bool {
	if d.State != store.Queued || d.Part > 0 || d.Attempt > 0 && d.ErrorClass == "" {
		return false
	}
	if l := o.Lanes[d.LaneID]; l == nil || (d.Seq == l.Head+1 && l.LeasedUntil != nil) {
		return false
	}
	d.State, d.NotBefore, d.Dirty = store.Cancelled, nil, true // nothing waits for its hold
	if o.IsHead(d) {
		o.SetDue(o.Lanes[d.LaneID], nil) // the dispatcher passes over it
	}
	return true
}

// Postpone moves a waiting delivery's hold.
func (o *Outbox) Postpone(d *Delivery, until time.Time) {
	d.NotBefore, d.Dirty = &until, true
	if o.IsHead(d) {
		o.SetDue(o.Lanes[d.LaneID], &until)
	}
}

// CanBeTakenBack reports whether a delivery can still be changed or taken back: nothing of it has left, nor may have.
func (o *Outbox) CanBeTakenBack(d *Delivery) bool {
	l := o.Lanes[d.LaneID]
	tried := d.Attempt > 0 && d.ErrorClass == "" // else the attempts so far failed for certain
	return d.State == store.Queued && d.Part == 0 && !tried && l != nil && !(d.Seq == l.Head+1 && l.LeasedUntil != nil)
}

// isUnderWay reports whether an attempt runs, or that its result is unknown: nobody knows yet whether the
// customer gets what the message said when it began.
func (o *Outbox) isUnderWay(d *Delivery) bool {
	l := o.Lanes[d.LaneID]
	return d.State == store.Sending || d.State == store.Unknown || d.State == store.Queued && l != nil && d.Seq == l.Head+1 && l.LeasedUntil != nil
}

// AttemptPollInterval is the pause between two looks whether an attempt is over.
const AttemptPollInterval = 100 * time.Millisecond

// HasAttemptSince reports whether an attempt at a reply of the conversation is running, and began after the event was
// stored. If the event waits in the queue of the reply's thread, the attempt finds it there and is put
// off; else the attempt ends within its lease. While it runs, an earlier text can't be placed before the
// reply, and the reply can't be taken back.
func (o *Outbox) HasAttemptSince(c *Conversation, event store.Event) bool {
	for _, d := range o.Deliveries {
		if d.State != store.Sending || d.Kind != outbound.KindReply || d.Part > 0 || d.FirstAt == nil || !event.ReceivedAt.Before(*d.FirstAt) {
			continue
		}
		l := o.Lanes[d.LaneID]
		if l != nil && l.ConversationID == c.ID && d.Seq == l.Head+1 && l.LeasedUntil != nil && l.LeasedUntil.After(o.DatabaseNow) {
			return true
		}
	}
	return false
}

// HasNotBegun reports whether no attempt at a delivery is under way, and none landed.
func (o *Outbox) HasNotBegun(d *Delivery) bool {
	l := o.Lanes[d.LaneID]
	return l != nil && d.State == store.Queued && (l.LeasedUntil == nil || d.Seq > l.Head+1)
}

func (o *Outbox) addDelivery(d store.Delivery) {
	if o.Deliveries[d.ID] != nil {
		return
	}
	row := &Delivery{Delivery: d}
	o.addToIndex(row)
	l := o.Lanes[d.LaneID]
	if l != nil && d.Seq > l.Head && d.OrderBy != "" && d.State == store.Queued {
		l.Waiting = append(l.Waiting, row)
		slices.SortFunc(l.Waiting, func(a, b *Delivery) int { return int(a.Seq - b.Seq) })
	}
}

// loadDeliveries reads the deliveries of messages that were found after the others were loaded.
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

// flushLanes writes lanes. The transaction fails if another one has made the same lane meanwhile: the
// deliveries in ours would be lost.
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

// FilesPost finds the post of a message's files in its conversation's thread.
func (o *Outbox) FilesPost(m *Message) *Delivery {
	var found *Delivery
	for _, d := range o.OfMessage[m.ID] {
		if d.Kind == string(bridge.PostFiles) && o.Lanes[d.LaneID] != nil && (found == nil || d.ID > found.ID) && !d.DecodedPayload().Only {
			found = d
		}
	}
	return found
}
