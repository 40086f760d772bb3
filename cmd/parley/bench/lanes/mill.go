package lanes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/pause"
	"parley/cmd/parley/bench/rig"
	"parley/store"
	"parley/store/dispatch"
)

const (
	millAccounts = 8
	millGates    = 64
	millInside   = 2000                 // maximum of lines in flight: accepted and not yet sent
	shortInside  = 100                  // the same in tests, and their number of customers
	millWithin   = 30 * time.Second     // limit for one line to come out, on a very busy machine
	millDrain    = 2 * time.Minute      // limit for the last lines to come out
	drainLook    = 5 * time.Millisecond // how often to check whether they have
	millBytes    = 500                  // bytes of text in a line
	// millIDs is the size of the id range of each mill in a database. The first range is left to other rows.
	millIDs = 1 << 40
)

// mill is a load generator that sends short customer messages, called lines, through Parley's relay in this
// process. It uses the tables and statements that a message needs on its whole way, but no chats and providers:
//
//	accept → journal (table events) → queue → apply → delivery in the customer's lane → send
//
// A lane is a queue of deliveries to one destination. A limited number of lines is in flight; when one has been
// sent, the next is accepted. So a mill runs as fast as the relay can. close ends it and checks that no line
// was lost.
type mill struct {
	w *rig.World

	accepted  []int64       // by customer, from 1 on: number of lines that were accepted
	inFlight  chan struct{} // semaphore: holds one element for each line that was accepted and is not sent yet
	rest      atomic.Int64  // how long a writer waits before each line, in ns; 0 means not at all
	stop      context.CancelFunc
	customers *errgroup.Group

	h     *millHandler
	relay *runningRelay
}

// A gate belongs to the account of its lanes.
const (
	millGateRows = `
	INSERT INTO gates (id, account_id, key)
	OVERRIDING SYSTEM VALUE
	SELECT $1::bigint + n, 10 + (n - 1) % $3::int, 'mill' || $1::bigint + n FROM generate_series(1, $2::int) AS n`

	millLaneRows = `
	INSERT INTO lanes (id, account_id, key, conversation_id, gate_id)
	SELECT $1::bigint + n, 10 + n % $3::int, 'mill' || $1::bigint + n, $1::bigint + n, $1::bigint + 1 + n % $4::int
	FROM generate_series(1, $2::int) AS n`
)

// startMill creates a lane for each customer and lets all customers write.
func startMill(ctx context.Context, w *rig.World, customers int) (*mill, error) {
	limit := millInside
	if w.Rig.Opt.Short {
		customers, limit = shortInside, shortInside
	}

	w.Mills++
	first := store.LaneID(w.Mills) * millIDs
	for sql, args := range map[string][]any{
		millGateRows: {first, millGates, millAccounts},
		millLaneRows: {first, customers, millAccounts, millGates},
	} {
		if _, err := w.Pool.Exec(ctx, sql, args...); err != nil {
			return nil, fmt.Errorf("bench: mill: %w", err)
		}
	}

	h := &millHandler{laneHandler: newLaneHandler(laneFill{queued: customers * laneDepth})}
	h.before = first
	h.remaining.Store(math.MaxInt64) // a mill never runs out
	h.deliveries.Store(int64(first))
	m := &mill{w: w, accepted: make([]int64, customers+1), inFlight: make(chan struct{}, limit), customers: &errgroup.Group{}, h: h}
	h.onSent = func() { <-m.inFlight }
	var err error
	if m.relay, err = startRelay(ctx, w, h); err != nil {
		return nil, err
	}

	ctx, m.stop = context.WithCancel(ctx)
	for i := range rig.Clients {
		m.customers.Go(func() error { return m.writeLines(ctx, i) })
	}

	return m, nil
}

// writeLines is one of rig.Clients writers. It writes for every rig.Clients-th customer in turn, starting with
// the i-th, whenever the limit of lines in flight allows it. It returns when ctx ends.
func (m *mill) writeLines(ctx context.Context, i int) error {
	text := strings.Repeat(".", millBytes)
	for {
		for c := i + 1; c < len(m.accepted); c += rig.Clients {
			rest := time.Duration(m.rest.Load())
			if rest > 0 && !pause.For(ctx, rest) {
				return nil
			}

			select {
			case <-ctx.Done():
				return nil
			case m.inFlight <- struct{}{}:
			}

			line := millLine{Customer: int64(m.h.before + store.LaneID(c)), Line: m.accepted[c] + 1}
			fact := channels.Fact{
				ExternalID: fmt.Sprintf("m:%d:%d", line.Customer, line.Line),
				OrderKey:   strconv.FormatInt(line.Customer, 10),
				Payload:    fmt.Appendf(nil, `{"customer": %d, "line": %d, "text": %q}`, line.Customer, line.Line, text),
			}
			if err := m.relay.Accept(context.WithoutCancel(ctx), 10+store.AccountID(c)%millAccounts, fact); err != nil {
				return fmt.Errorf("bench: mill: %w", err)
			}

			m.accepted[c]++
		}
	}
}

// setPace limits how many lines per second are accepted; 0 means no limit, other than the number in flight.
func (m *mill) setPace(perSecond int) {
	rest := int64(0)
	if perSecond > 0 {
		rest = int64(time.Second) * rig.Clients / int64(perSecond)
	}
	m.rest.Store(rest)
}

// measureRate measures for d, or longer if no line has come out by then. rate is the number of lines that come
// out per second. cpu is the processor time of PostgreSQL and this process per line, in µs.
func (m *mill) measureRate(ctx context.Context, d time.Duration) (rate, cpu float64, err error) {
	meter, err := rig.StartMeter(m.w, nil)
	if err != nil {
		return 0, 0, err
	}

	begin, before := time.Now(), m.h.sent.Load()
	for wait := d; ; wait = min(d, time.Second) {
		if !pause.For(ctx, wait) {
			return 0, 0, ctx.Err()
		}
		if m.h.sent.Load() > before || time.Since(begin) > d+millWithin {
			break
		}
	}

	took := time.Since(begin).Seconds()
	sent := m.h.sent.Load() - before
	used, err := meter.Machinery()
	if err == nil && sent == 0 {
		err = fmt.Errorf("%w: the mill stands still", rig.ErrNotDrained)
	}

	return float64(sent) / took, float64(used.Microseconds()) / float64(max(sent, 1)), err
}

const (
	millLoad  = `SELECT (SELECT count(*) FROM queued) + (SELECT count(*) FROM quarantine)`
	millHeads = `SELECT id, head FROM lanes WHERE id > $1 AND id <= $1 + $2::int AND head = tail AND due_at IS NULL ORDER BY id`
)

// close stops the customers, waits until all lines have come out, stops the relay, and checks that each line
// came out once, in order, and is recorded as sent.
//
// Errors: errLanes.
func (m *mill) close(ctx context.Context) (err error) {
	m.stop()
	if err = m.customers.Wait(); err == nil {
		err = m.waitUntilEmpty(ctx)
	}

	if err = errors.Join(err, m.relay.stop()); err != nil {
		return err
	}

	n, reconciled := m.h.disorder.Load(), m.h.reconciled.Load()
	if n > 0 || reconciled > 0 {
		return fmt.Errorf("%w: %d lines came out twice or not in their turn, %d were looked for", errLanes, n, reconciled)
	}

	var left int
	if err := m.w.Pool.QueryRow(ctx, millLoad).Scan(&left); err != nil {
		return fmt.Errorf("bench: mill: %w", err)
	}

	heads, err := readHeads(ctx, m.w, millHeads, m.h.before, len(m.accepted)-1)
	if err != nil {
		return err
	}
	if left > 0 || len(heads) != len(m.accepted)-1 {
		return fmt.Errorf("%w: %d events are left, %d of %d lanes are at their ends", errLanes, left, len(heads), len(m.accepted)-1)
	}

	for _, l := range heads {
		c := l.ID - m.h.before
		sent := m.h.last[c].Load()
		if sent != m.accepted[c] || l.Head != sent {
			return fmt.Errorf("%w: customer %d wrote %d lines, %d came out, the lane counts %d", errLanes, c, m.accepted[c], sent, l.Head)
		}
	}

	return nil
}

// waitUntilEmpty waits until no line is in flight. It stops early if a line came out of order, which close
// reports.
func (m *mill) waitUntilEmpty(ctx context.Context) error {
	deadline := time.Now().Add(millDrain)
	for len(m.inFlight) > 0 && m.h.disorder.Load() == 0 {
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: %d lines did not come out of the mill within %s", rig.ErrNotDrained, len(m.inFlight), millDrain)
		}
		if !pause.For(ctx, drainLook) {
			return ctx.Err()
		}
	}
	return nil
}

// millLine is the payload of an event and of its delivery. Customer is the id of the customer's lane.
type millLine struct {
	Customer int64 `json:"customer"`
	Line     int64 `json:"line"`
}

// millHandler is the relay.Handler of a mill: it turns each line into a delivery, and sends it like
// laneHandler.
type millHandler struct {
	*laneHandler

	deliveries atomic.Int64 // id of the newest delivery
}

// Decode implements relay.Handler.
func (*millHandler) Decode(_ store.Event, payload []byte) (any, error) {
	var line millLine
	err := json.Unmarshal(payload, &line)
	return line, err
}

// Apply implements relay.Handler. It uses the same statements as Parley's own handler.
func (h *millHandler) Apply(ctx context.Context, tx pgx.Tx, b relay.Batch) (relay.Outcome, error) {
	conversations := make([]store.ConversationID, len(b.Facts))
	for i, f := range b.Facts {
		conversations[i] = store.ConversationID(f.Value.(millLine).Customer) //nolint:forcetypeassert // Decode made it
	}

	b.Locks(conversations)
	var read, write store.Pipeline
	var locked []store.Lane
	read.LockLanes(&locked, conversations, nil, nil)
	if err := read.Run(ctx, tx); err != nil {
		return relay.Outcome{}, err
	}

	lanes := make(map[store.ConversationID]*store.Lane, len(locked))
	for i := range locked {
		lanes[locked[i].ConversationID] = &locked[i]
	}

	made := relay.Outcome{Write: &write}
	deliveries := make([]store.Delivery, len(b.Facts))
	for i, f := range b.Facts {
		l := lanes[conversations[i]]
		if l == nil {
			return relay.Outcome{}, fmt.Errorf("%w: lane %d is gone", errLanes, conversations[i])
		}

		l.Tail++
		if l.DueAt == nil {
			l.DueAt = &b.Now
			made.Due = append(made.Due, dispatch.GateDue{GateID: l.GateID, AccountID: l.AccountID, Waiting: 1 << l.Priority, Oldest: b.Now})
		}

		payload, err := json.Marshal(f.Value)
		if err != nil {
			return relay.Outcome{}, err
		}

		id := h.deliveries.Add(1)
		deliveries[i] = store.Delivery{
			ID:        store.DeliveryID(id),
			LaneID:    l.ID,
			Seq:       l.Tail,
			MessageID: store.MessageID(id),
			Kind:      "reply",
			Payload:   payload,
			State:     store.Queued,
			CreatedAt: b.Now,
		}
	}

	if err := store.UpdateLanes(ctx, &write, locked); err != nil {
		return relay.Outcome{}, err
	}

	return made, store.InsertDeliveries(ctx, &write, deliveries)
}

// Attempts implements relay.Handler. It checks that the n-th delivery of a lane is its customer's n-th line.
func (h *millHandler) Attempts(ctx context.Context, claims []dispatch.Claimed) []relay.Attempt {
	for _, c := range claims {
		var line millLine
		err := json.Unmarshal(c.Payload, &line)
		isOther := line.Customer != int64(c.LaneID) || line.Line != c.Seq
		if err != nil || isOther {
			h.disorder.Add(1)
		}
	}
	return h.laneHandler.Attempts(ctx, claims)
}
