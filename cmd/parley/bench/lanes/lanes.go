// Package lanes measures the mechanics of delivery alone: the relay runs in this process, with handlers that do
// nothing.
//
// What does not belong here: anything that needs a Parley of its own process.
package lanes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/cmd/parley/bench/rig"
	"parley/store"
)

// The words of this file:
//
//   - A delivery is one message on its way to one place.
//   - A lane is the queue of one conversation's deliveries to one place. Only the first of them may leave.
//   - A gate is a provider's budget, a number of requests a second. Several lanes share it.

// errLanes means that a delivery was handed out twice, out of its turn, or not at all.
var errLanes = errors.New("bench: lanes: broken order")

const (
	laneGates    = 200              // of the free lanes, unless laneFill.gates says otherwise
	laneAccounts = 8                // among which the gates are shared out
	laneDepth    = 10               // deliveries of a free lane
	laneClients  = 8                // of the reference insert
	laneDrain    = 30 * time.Second // for a test's queue to be sent
	laneConns    = 16               // of the relay to the database
)

// laneFill says what is queued. The ids of lanes are in this order:
//  1. free lanes, which nothing keeps from sending;
//  2. the stuck lane, whose first delivery always fails;
//  3. lanes behind the throttled gate, whose provider answers 429.
type laneFill struct {
	queued    int // deliveries in free lanes
	gates     int // of the free lanes; 0 means laneGates
	rate      int // deliveries that each of these gates allows a second, and at once; 0 means any number
	stuck     int // deliveries in one further lane whose head always fails, behind a gate of free lanes
	throttled int // further lanes, of one delivery each, behind one gate that answers 429
}

// freeGates is how many gates the free lanes have.
func (f laneFill) freeGates() int { return cmp.Or(f.gates, laneGates) }

func (f laneFill) freeLanes() int { return f.queued / laneDepth }

func (f laneFill) countLanes() int { return f.freeLanes() + 1 + f.throttled }

// stuckLane returns the id of the stuck lane, and 0 if there is none.
func (f laneFill) stuckLane() store.LaneID {
	if f.stuck == 0 {
		return 0
	}
	return store.LaneID(f.freeLanes() + 1)
}

// throttledGate returns the id of the throttled gate, and 0 if there is none.
func (f laneFill) throttledGate() store.GateID {
	if f.throttled == 0 {
		return 0
	}
	return store.GateID(f.freeGates() + 1)
}

const (
	emptyLanes = `TRUNCATE lanes, deliveries, gates`

	fillGates = `
	INSERT INTO gates (id, account_id, key, per_second, burst)
	OVERRIDING SYSTEM VALUE
	SELECT n, 10 + n % $2, 'gate' || n, $3::int, greatest($3::int, 1) FROM generate_series(1, $1::int) AS n`

	// Every account has gates of its own.
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

// fillTables empties the tables of lanes and gates, and fills them as f says.
func fillTables(ctx context.Context, w *rig.World, f laneFill) error {
	type part struct {
		before      int // the ids of the lanes begin with before+1
		lanes       int
		depth       int // deliveries of each lane
		gate, gates int // the lanes share so many gates, from the id gate on
	}

	parts := []part{{before: 0, lanes: f.freeLanes(), depth: laneDepth, gate: 1, gates: f.freeGates()}}
	if f.stuck > 0 {
		parts = append(parts, part{before: f.freeLanes(), lanes: 1, depth: f.stuck, gate: 1, gates: 1})
	}
	if f.throttled > 0 {
		parts = append(parts, part{before: f.freeLanes() + 1, lanes: f.throttled, depth: 1, gate: f.freeGates() + 1, gates: 1})
	}

	run := func(sql string, args ...any) error {
		if _, err := w.Pool.Exec(ctx, sql, args...); err != nil {
			return fmt.Errorf("bench: lanes: fill: %w", err)
		}
		return nil
	}

	// The checkpoint comes before filling. After a checkpoint the first change of each page writes the
	// whole page to the log, so a larger queue would cost more; pages that were filled since don't.
	if err := errors.Join(run(emptyLanes), w.Checkpoint(ctx), run(fillGates, f.freeGates()+1, laneAccounts, f.rate)); err != nil {
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

// laneRun is a relay at work on a fill. stopAndCheck ends it.
type laneRun struct {
	w     *rig.World
	h     *laneHandler
	relay *runningRelay
}

// startLanes lets the real relay work on what f queued: handing out and finishing is all that it does.
func startLanes(ctx context.Context, w *rig.World, f laneFill) (*laneRun, error) {
	h := newLaneHandler(f)
	r, err := startRelay(ctx, w, h)
	if err != nil {
		return nil, err
	}
	r.Wake()
	return &laneRun{w: w, h: h, relay: r}, nil
}

// runningRelay is a relay in this process, with connections of its own.
type runningRelay struct {
	*relay.Relay

	pool   *pgxpool.Pool
	cancel context.CancelFunc
	ended  chan error // gets what Run returns
}

// startRelay starts a relay with the settings as shipped on a world's database. The caller stops it.
func startRelay(ctx context.Context, w *rig.World, h relay.Handler) (*runningRelay, error) {
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

// stop ends the relay, and returns with which error it ended.
func (r *runningRelay) stop() error {
	r.cancel()
	err := <-r.ended
	r.pool.Close()
	return err
}

// waitAndCount waits until d has passed or the free lanes are empty. It returns how many deliveries were sent
// meanwhile, and how long that took.
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

// countMisplaced counts deliveries whose state contradicts the head of their lane, and deliveries that are
// neither queued nor accepted.
const countMisplaced = `
	SELECT count(*)
	FROM deliveries AS d
	JOIN lanes AS l ON l.id = d.lane_id
	WHERE (d.seq <= l.head) <> (d.state = 'accepted') OR d.state NOT IN ('queued', 'accepted')`

const laneHeads = `SELECT id, head FROM lanes WHERE head > 0 ORDER BY id`

// stopAndCheck ends the relay and checks that each delivery was handed out once, in its turn, and
// is written down as such. Errors: errLanes.
func (r *laneRun) stopAndCheck(ctx context.Context) error {
	if err := r.relay.stop(); err != nil {
		return fmt.Errorf("bench: lanes: %w", err)
	}

	n, looks := r.h.disorder.Load(), r.h.looks.Load()
	if n > 0 || looks > 0 {
		return fmt.Errorf("%w: %d deliveries came twice or not in their turn, %d were looked for", errLanes, n, looks)
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

// laneHead is how far a lane has come.
type laneHead struct {
	ID   store.LaneID
	Head int64
}

// readHeads reads the ids and heads of the lanes that a query selects.
func readHeads(ctx context.Context, w *rig.World, query string, args ...any) ([]laneHead, error) {
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

// checkHeads compares what was sent with the heads of the lanes, where PostgreSQL counts it. Errors: errLanes.
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

// measureLaneRate fills the tables and lets a relay send, again and again until relays have worked for atLeast; in a
// test only once. rate is how many deliveries of free lanes were sent a second. cpu is what one delivery costs
// PostgreSQL and the relay together, in µs: it tells more than the rate where others use the cores too.
func measureLaneRate(ctx context.Context, w *rig.World, f laneFill, atLeast time.Duration) (rate, cpu float64, err error) {
	var all laneWork
	const maxFills = 20 // so that a relay that sends nothing ends the measurement
	for fills := 0; all.took < atLeast && fills < maxFills; fills++ {
		if err := fillTables(ctx, w, f); err != nil {
			return 0, 0, err
		}

		wait := atLeast - all.took
		if w.Rig.Opt.Short {
			wait = laneDrain
		}

		once, err := runLanesOnce(ctx, w, f, wait)
		if err != nil {
			return 0, 0, err
		}

		all.sent += once.sent
		all.took += once.took
		all.cpu += once.cpu

		if w.Rig.Opt.Short {
			if once.sent < int64(f.queued) {
				return 0, 0, fmt.Errorf("%w within %s: %d of %d deliveries", rig.ErrNotDrained, laneDrain, once.sent, f.queued)
			}
			break
		}
	}

	return float64(all.sent) / all.took.Seconds(), float64(all.cpu.Microseconds()) / float64(max(all.sent, 1)), nil
}

// laneWork is what a relay did.
type laneWork struct {
	sent int64         // deliveries of free lanes
	took time.Duration // to send them
	cpu  time.Duration // that PostgreSQL and this process used
}

// runLanesOnce lets a relay work on filled tables for d, or until free lanes are empty.
func runLanesOnce(ctx context.Context, w *rig.World, f laneFill, d time.Duration) (done laneWork, err error) {
	m, err := rig.StartMeter(w, nil)
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
