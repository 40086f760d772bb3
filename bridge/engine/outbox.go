package engine

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

// outbox holds what one batch has loaded or made for the relay to send: deliveries in their lanes, and
// the gates whose budgets the lanes spend.
type outbox struct {
	*moment
	lanes      map[int64]*lane
	laneKeys   map[laneKey]*lane
	gates      map[laneKey]*store.Gate // of new lanes
	deliveries map[int64]*delivery
	ofMessage  map[int64][]*delivery // deliveries by the message that they are about
	shifts     []shift
	known      *knownGates
	leaseFor   func(time.Duration) time.Duration // how long a lane is leased for a request that may take so long
}

func newOutbox(m *moment, known *knownGates, leaseFor func(time.Duration) time.Duration) *outbox {
	return &outbox{moment: m, lanes: map[int64]*lane{}, laneKeys: map[laneKey]*lane{}, gates: map[laneKey]*store.Gate{},
		deliveries: map[int64]*delivery{}, ofMessage: map[int64][]*delivery{}, known: known, leaseFor: leaseFor}
}

type laneKey struct {
	account int64
	key     string
}

type shift struct{ lane, seq int64 }

type lane struct {
	store.Lane
	fresh, dirty bool
	gate         *store.Gate // of a new lane
	waiting      []*delivery // agents' messages in their hold, in order, when loaded
}

// enqueue puts a delivery at the end of a lane.
func (o *outbox) enqueue(l *lane, kind string, messageID int64, p outbound.Payload, notBefore *time.Time) *delivery {
	body, err := json.Marshal(p)
	if err != nil {
		panic("engine: payload: " + err.Error()) // our own plain struct
	}
	d := &delivery{fresh: true, Delivery: store.Delivery{ID: o.ids.Next(), LaneID: l.ID, MessageID: messageID, Kind: kind, Payload: body,
		State: store.Queued, NotBefore: notBefore, CreatedAt: o.now}}
	l.Tail++
	d.Seq = l.Tail
	if d.Seq == l.Head+1 && l.LeasedUntil == nil {
		o.due(l, notBefore)
	}
	l.dirty = true
	o.put(d)
	return d
}

// put makes a delivery known.
func (o *outbox) put(d *delivery) {
	o.deliveries[d.ID] = d
	o.ofMessage[d.MessageID] = append(o.ofMessage[d.MessageID], d)
}

// laneOrder makes the orders of all surfaces comparable with each other and with those of forms: an
// order in milliseconds becomes one in seconds with a fraction.
func laneOrder(order string) string {
	at := orderTime(order)
	if strings.Contains(order, ".") || at.IsZero() {
		return order
	}
	return fmt.Sprintf("%d.%03d", at.Unix(), at.Nanosecond()/int(time.Millisecond))
}

// enqueueInOrder puts an agent's message among those that still wait, by the
// surface's own order (invariant 3).
func (o *outbox) enqueueInOrder(l *lane, order string, messageID int64, p outbound.Payload, notBefore *time.Time) *delivery {
	order = laneOrder(order)
	at := slices.IndexFunc(l.waiting, func(d *delivery) bool { return d.OrderBy > order && d.Part == 0 && d.State == store.Queued })
	d := o.enqueue(l, outbound.KindReply, messageID, p, notBefore)
	d.OrderBy = order
	if at < 0 {
		l.waiting = append(l.waiting, d)
		return d
	}
	// d takes the place of the first message with a later order, which moves back with all behind it.
	seq := l.waiting[at].Seq
	for _, later := range o.deliveries {
		if later.LaneID == l.ID && later != d && later.Seq >= seq {
			later.Seq++
		}
	}
	o.shifts = append(o.shifts, shift{l.ID, seq})
	d.Seq = seq
	l.waiting = slices.Insert(l.waiting, at, d)
	if seq == l.Head+1 && l.LeasedUntil == nil {
		o.due(l, notBefore)
	}
	return d
}

func (o *outbox) lane(key laneKey, conversation int64, priority int, gate store.Gate, request time.Duration) *lane {
	if l := o.laneKeys[key]; l != nil {
		return l
	}
	l := &lane{fresh: true, Lane: store.Lane{ID: o.ids.Next(), AccountID: key.account, Key: key.key, ConversationID: conversation,
		Priority: priority, LeaseSeconds: o.leaseFor(request).Seconds()}}
	o.setGate(l, gate)
	o.lanes[l.ID], o.laneKeys[key] = l, l
	return l
}

// enqueueFirst puts a post before everything that waits in a lane. An attempt under way fails with
// ErrThreadLost, and is tried again behind the post.
func (o *outbox) enqueueFirst(l *lane, kind bridge.PostKind) {
	d := o.enqueue(l, string(kind), 0, outbound.Payload{}, nil)
	first := l.Head + 1
	if d.Seq == first {
		return
	}
	for _, later := range o.deliveries {
		if later.LaneID == l.ID && later != d && later.Seq >= first {
			later.Seq++
		}
	}
	o.shifts = append(o.shifts, shift{l.ID, first})
	d.Seq = first
	if l.LeasedUntil == nil {
		o.due(l, nil)
	}
}

// due sets when the head of a lane may be claimed.
func (o *outbox) due(l *lane, at *time.Time) {
	when := o.now
	if at != nil && at.After(o.now) {
		when = *at
	}
	if l.RestUntil != nil && l.RestUntil.After(when) {
		when = *l.RestUntil
	}
	l.DueAt, l.dirty = &when, true
}

// isHead says that a delivery is next in its lane and nobody is working on it.
func (o *outbox) isHead(d *delivery) bool {
	l := o.lanes[d.LaneID]
	return l != nil && d.Seq == l.Head+1 && l.LeasedUntil == nil
}

// cancel takes a waiting delivery back. It says no when it is being sent or was sent.
func (o *outbox) cancel(d *delivery) bool {
	if d.State != store.Queued || d.Part > 0 || d.Attempt > 0 && d.ErrorClass == "" {
		return false
	}
	if l := o.lanes[d.LaneID]; l == nil || (d.Seq == l.Head+1 && l.LeasedUntil != nil) {
		return false
	}
	d.State, d.NotBefore, d.dirty = store.Cancelled, nil, true // nothing waits for its hold
	if o.isHead(d) {
		o.due(o.lanes[d.LaneID], nil) // the dispatcher passes over it
	}
	return true
}

// postpone moves a waiting delivery's hold.
func (o *outbox) postpone(d *delivery, until time.Time) {
	d.NotBefore, d.dirty = &until, true
	if o.isHead(d) {
		o.due(o.lanes[d.LaneID], &until)
	}
}

// holdable says that a delivery can still be changed or taken back: nothing of it has left, nor may have.
func (o *outbox) holdable(d *delivery) bool {
	l := o.lanes[d.LaneID]
	tried := d.Attempt > 0 && d.ErrorClass == "" // else the attempts so far failed for certain
	return d.State == store.Queued && d.Part == 0 && !tried && l != nil && !(d.Seq == l.Head+1 && l.LeasedUntil != nil)
}

// underWay says that an attempt runs, or that its result is unknown: nobody knows yet whether the
// customer gets what the message said when it began.
func (o *outbox) underWay(d *delivery) bool {
	l := o.lanes[d.LaneID]
	return d.State == store.Sending || d.State == store.Unknown || d.State == store.Queued && l != nil && d.Seq == l.Head+1 && l.LeasedUntil != nil
}

// untilPutOff is the pause between two looks whether an attempt is over.
const untilPutOff = 100 * time.Millisecond

// isPutOff says that an attempt at a reply of the conversation is running, and began after the event was
// stored. If the event waits in the queue of the reply's thread, the attempt finds it there and is put
// off; else the attempt ends within its lease. While it runs, an earlier text can't be placed before the
// reply, and the reply can't be taken back.
func (o *outbox) isPutOff(c *conv, event store.Event) bool {
	for _, d := range o.deliveries {
		if d.State != store.Sending || d.Kind != outbound.KindReply || d.Part > 0 || d.FirstAt == nil || !event.ReceivedAt.Before(*d.FirstAt) {
			continue
		}
		l := o.lanes[d.LaneID]
		if l != nil && l.ConversationID == c.ID && d.Seq == l.Head+1 && l.LeasedUntil != nil && l.LeasedUntil.After(o.real) {
			return true
		}
	}
	return false
}

// notBegun says that no attempt at a delivery is under way, and none landed.
func (o *outbox) notBegun(d *delivery) bool {
	l := o.lanes[d.LaneID]
	return l != nil && d.State == store.Queued && (l.LeasedUntil == nil || d.Seq > l.Head+1)
}

func (o *outbox) addDelivery(d store.Delivery) {
	if o.deliveries[d.ID] != nil {
		return
	}
	row := &delivery{Delivery: d}
	o.put(row)
	l := o.lanes[d.LaneID]
	if l != nil && d.Seq > l.Head && d.OrderBy != "" && d.State == store.Queued {
		l.waiting = append(l.waiting, row)
		slices.SortFunc(l.waiting, func(a, b *delivery) int { return int(a.Seq - b.Seq) })
	}
}

// loadDeliveries reads the deliveries of messages that were found after the others were loaded.
func (o *outbox) loadDeliveries(ctx context.Context, tx pgx.Tx, late []store.Message) error {
	var ids []int64
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
func (o *outbox) flushLanes(ctx context.Context, p *store.Pipeline) error {
	fresh, changed := written(o.lanes, func(l *lane) (store.Lane, bool, bool) { return l.Lane, l.fresh, l.dirty })
	if err := p.InsertLanes(fresh); err != nil {
		return err
	}
	return store.UpdateLanes(ctx, p, changed)
}

func (o *outbox) flushDeliveries(ctx context.Context, p *store.Pipeline) error {
	for _, s := range o.shifts {
		if err := store.ShiftDeliveries(ctx, p, s.lane, s.seq); err != nil {
			return err
		}
	}
	fresh, changed := written(o.deliveries, func(d *delivery) (store.Delivery, bool, bool) { return d.Delivery, d.fresh, d.dirty })
	if err := store.UpdateDeliveries(ctx, p, changed); err != nil {
		return err
	}
	return store.InsertDeliveries(ctx, p, fresh)
}
