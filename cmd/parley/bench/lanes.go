package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/store"
)

// Terms used in this file:
//
//   - A delivery is one outgoing message to one destination.
//   - A lane is the queue of one conversation's deliveries to one destination. Only its head may be sent.
//   - A gate is the rate limit of a provider, in requests per second. Several lanes share it.

// errLanes means that a delivery was sent twice, out of order, or not at all.
var errLanes = errors.New("bench: lanes: broken order")

const (
	laneGates    = 200              // gates of the free lanes
	laneAccounts = 8                // accounts, to which the gates belong
	laneDepth    = 10               // deliveries in a free lane
	laneClients  = 8                // clients that insert the reference
	laneDrain    = 30 * time.Second // limit for a queue to be sent in a test
	laneConns    = 16               // database connections of the relay
)

// laneFill describes what is queued when a measurement begins. Lane ids are assigned in this order:
//  1. free lanes, whose deliveries can all be sent,
//  2. the stuck lane, whose first delivery always fails,
//  3. throttled lanes, behind a gate whose provider answers 429.
type laneFill struct {
	queued    int // deliveries in free lanes
	stuck     int // deliveries in the stuck lane, which shares a gate with free lanes; 0 means no such lane
	throttled int // throttled lanes, with one delivery each, all behind the same gate
}

func (f laneFill) freeLanes() int { return f.queued / laneDepth }

func (f laneFill) countLanes() int { return f.freeLanes() + 1 + f.throttled }

// stuckLane returns the id of the stuck lane, or 0 if there is none.
func (f laneFill) stuckLane() store.LaneID {
	if f.stuck == 0 {
		return 0
	}
	return store.LaneID(f.freeLanes() + 1)
}

// throttledGate returns the id of the throttled gate, or 0 if there is none.
func (f laneFill) throttledGate() store.GateID {
	if f.throttled == 0 {
		return 0
	}
	return store.GateID(laneGates + 1)
}

const (
	emptyLanes = `TRUNCATE lanes, deliveries, gates`

	fillGates = `
	INSERT INTO gates (id, account_id, key, per_second, burst)
	OVERRIDING SYSTEM VALUE
	SELECT n, 10 + n % $2, 'gate' || n, 0, 1 FROM generate_series(1, $1::int) AS n`

	// The lanes of an account use only gates of that account.
	fillLanes = `
	INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, tail, due_at)
	SELECT $1::int + n, 10 + g.id % $6, 'c' || $1::int + n, $1::int + n, g.id, $3, parley_now() - interval '1 s'
	FROM generate_series(1, $2::int) AS n
	CROSS JOIN LATERAL (SELECT $4::int + n % $5::int AS id) AS g`

	fillDeliveries = `
	INSERT INTO deliveries (id, lane_id, seq, message_id, kind, payload, created_at)
	SELECT $1::int + n, $2::int + 1 + (n - 1) % $3::int, 1 + (n - 1) / $3::int, $1::int + n, 'reply',
		'{"text": "Thank you for writing to us. We look into it and come back to you by tomorrow."}', parley_now()
	FROM generate_series(1, $4::int) AS n`
)

// fillTables empties the tables of lanes, deliveries and gates, and fills them as f says.
func fillTables(ctx context.Context, w *World, f laneFill) error {
	type part struct {
		before      int // lanes have the ids before+1, before+2, …
		lanes       int
		depth       int // deliveries in each lane
		gate, gates int // id of the first gate, and number of gates that the lanes share
	}

	parts := []part{{before: 0, lanes: f.freeLanes(), depth: laneDepth, gate: 1, gates: laneGates}}
	if f.stuck > 0 {
		parts = append(parts, part{before: f.freeLanes(), lanes: 1, depth: f.stuck, gate: 1, gates: 1})
	}
	if f.throttled > 0 {
		parts = append(parts, part{before: f.freeLanes() + 1, lanes: f.throttled, depth: 1, gate: laneGates + 1, gates: 1})
	}

	run := func(sql string, args ...any) error {
		if _, err := w.Pool.Exec(ctx, sql, args...); err != nil {
			return fmt.Errorf("bench: lanes: fill: %w", err)
		}
		return nil
	}

	// The checkpoint must come before the fill. The first change of a page after a checkpoint logs the whole
	// page, so a checkpoint after the fill would make a larger queue more expensive.
	if err := errors.Join(run(emptyLanes), w.Checkpoint(ctx), run(fillGates, laneGates+1, laneAccounts)); err != nil {
		return err
	}

	deliveries := 0
	for _, p := range parts {
		if err := run(fillLanes, p.before, p.lanes, p.depth, p.gate, p.gates, laneAccounts); err != nil {
			return err
		}
		if err := run(fillDeliveries, deliveries, p.before, p.lanes, p.lanes*p.depth); err != nil {
			return err
		}

		deliveries += p.lanes * p.depth
	}

	for _, sql := range []string{`VACUUM (ANALYZE) lanes`, `VACUUM (ANALYZE) deliveries`, `ANALYZE gates`} {
		if err := run(sql); err != nil {
			return err
		}
	}

	return nil
}

// laneRun is a relay that is working on a fill. stopAndCheck ends it.
type laneRun struct {
	w     *World
	h     *laneHandler
	relay *runningRelay
}

// startLanes starts the real relay on the tables that were filled as f says.
func startLanes(ctx context.Context, w *World, f laneFill) (*laneRun, error) {
	h := newLaneHandler(f)
	r, err := startRelay(ctx, w, h)
	if err != nil {
		return nil, err
	}
	r.Wake()
	return &laneRun{w: w, h: h, relay: r}, nil
}

// runningRelay is a relay in this process, with its own connections.
type runningRelay struct {
	*relay.Relay

	pool   *pgxpool.Pool
	cancel context.CancelFunc
	ended  chan error // receives the result of Relay.Run
}

// startRelay starts a relay on a world's database, with default settings. The caller stops it.
func startRelay(ctx context.Context, w *World, h relay.Handler) (*runningRelay, error) {
	config, err := pgxpool.ParseConfig(w.URL())
	if err != nil {
		return nil, fmt.Errorf("bench: relay: address of the database: %w", err)
	}

	config.MaxConns = laneConns
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("bench: relay: connect: %w", err)
	}

	r, err := relay.New(ctx, relay.Options{Pool: pool, Handler: h, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("bench: relay: %w", err)
	}

	ctx, cancel := context.WithCancel(ctx)
	running := &runningRelay{Relay: r, pool: pool, cancel: cancel, ended: make(chan error, 1)}
	go func() { running.ended <- r.Run(ctx, 10*time.Second) }()
	return running, nil
}

// stop ends the relay and returns its error.
func (r *runningRelay) stop() error {
	r.cancel()
	err := <-r.ended
	r.pool.Close()
	return err
}

// waitAndCount waits until d has passed or the free lanes are empty. It returns how many deliveries were sent
// in that time, and how long it waited.
func (r *laneRun) waitAndCount(ctx context.Context, d time.Duration) (n int64, took time.Duration) {
	begin, before := time.Now(), r.h.sent.Load()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-r.h.drained:
	}
	return r.h.sent.Load() - before, time.Since(begin)
}

// countMisplaced counts deliveries whose state contradicts the head of their lane: those up to the head must be
// accepted, those after it queued.
const countMisplaced = `
	SELECT count(*)
	FROM deliveries AS d
	JOIN lanes AS l ON l.id = d.lane_id
	WHERE (d.seq <= l.head) <> (d.state = 'accepted') OR d.state NOT IN ('queued', 'accepted')`

const laneHeads = `SELECT id, head FROM lanes WHERE head > 0 ORDER BY id`

// stopAndCheck stops the relay, and checks that each delivery was sent once, in order, and recorded as sent.
//
// Errors: errLanes.
func (r *laneRun) stopAndCheck(ctx context.Context) error {
	if err := r.relay.stop(); err != nil {
		return fmt.Errorf("bench: lanes: %w", err)
	}

	n, reconciled := r.h.disorder.Load(), r.h.reconciled.Load()
	if n > 0 || reconciled > 0 {
		return fmt.Errorf("%w: %d deliveries came twice or not in their turn, %d were looked for", errLanes, n, reconciled)
	}

	var misplaced int
	if err := r.w.Pool.QueryRow(ctx, countMisplaced).Scan(&misplaced); err != nil {
		return fmt.Errorf("bench: lanes: check: %w", err)
	}
	if misplaced > 0 {
		return fmt.Errorf("%w: %d deliveries don't fit their lanes", errLanes, misplaced)
	}

	return r.checkHeads(ctx)
}

// laneHead is a lane's id and the sequence number of its last delivery that was sent.
type laneHead struct {
	ID   store.LaneID
	Head int64
}

// readHeads returns the lanes that a query selects.
func readHeads(ctx context.Context, w *World, query string, args ...any) ([]laneHead, error) {
	rows, err := w.Pool.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("bench: lanes: check: %w", err)
	}
	heads, err := pgx.CollectRows(rows, pgx.RowToStructByPos[laneHead])
	if err != nil {
		return nil, fmt.Errorf("bench: lanes: check: %w", err)
	}
	return heads, nil
}

// checkHeads compares what the handler sent with the heads of the lanes in the database.
//
// Errors: errLanes.
func (r *laneRun) checkHeads(ctx context.Context) error {
	heads, err := readHeads(ctx, r.w, laneHeads)
	if err != nil {
		return err
	}

	written := int64(0)
	for _, l := range heads {
		if sent := r.h.last[l.ID].Load(); sent != l.Head {
			return fmt.Errorf("%w: lane %d sent %d deliveries and counts %d", errLanes, l.ID, sent, l.Head)
		}
		written += l.Head
	}

	if sent := r.h.sent.Load(); sent != written {
		return fmt.Errorf("%w: %d deliveries were sent, %d are written down", errLanes, sent, written)
	}

	return nil
}

// measureLaneRate fills the tables and lets a relay send, and repeats that until relays have worked for
// atLeast; a test does it only once. rate is the number of deliveries of free lanes per second. cpu is the
// processor time of PostgreSQL and the relay per delivery, in µs: if other programs use the machine too, it is
// more meaningful than the rate.
func measureLaneRate(ctx context.Context, w *World, f laneFill, atLeast time.Duration) (rate, cpu float64, err error) {
	var total laneWork
	const maxFills = 20 // so that a relay that sends nothing ends the measurement
	for fills := 0; total.took < atLeast && fills < maxFills; fills++ {
		if err := fillTables(ctx, w, f); err != nil {
			return 0, 0, err
		}

		wait := atLeast - total.took
		if w.Rig.Opt.Short {
			wait = laneDrain
		}

		once, err := runLanesOnce(ctx, w, f, wait)
		if err != nil {
			return 0, 0, err
		}

		total.sent += once.sent
		total.took += once.took
		total.cpu += once.cpu

		if w.Rig.Opt.Short {
			if once.sent < int64(f.queued) {
				return 0, 0, fmt.Errorf("%w within %s: %d of %d deliveries", ErrNotDrained, laneDrain, once.sent, f.queued)
			}
			break
		}
	}

	return float64(total.sent) / total.took.Seconds(), float64(total.cpu.Microseconds()) / float64(max(total.sent, 1)), nil
}

// laneWork is the work that a relay has done.
type laneWork struct {
	sent int64         // number of deliveries of free lanes
	took time.Duration // time to send them
	cpu  time.Duration // processor time of PostgreSQL and this process
}

// runLanesOnce runs a relay on filled tables for d, or until the free lanes are empty.
func runLanesOnce(ctx context.Context, w *World, f laneFill, d time.Duration) (done laneWork, err error) {
	m, err := StartMeter(w, nil)
	if err != nil {
		return done, err
	}

	r, err := startLanes(ctx, w, f)
	if err != nil {
		return done, err
	}

	done.sent, done.took = r.waitAndCount(ctx, d)
	done.cpu, err = m.Machinery()
	return done, errors.Join(err, r.stopAndCheck(ctx), ctx.Err())
}
