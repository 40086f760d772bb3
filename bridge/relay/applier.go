package relay

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

const (
	holderLasts = 20 * time.Second // the events that a stopped process had taken are free after that
	holderKeep  = 5                // seconds between two signs of life
)

// applier takes events and applies them in a database session of its own. When the session ends, for
// whatever reason, the events that it took are free for others.
type applier struct {
	*Relay
	conn   *pgxpool.Conn // nil = none
	holder int           // its name in the queues
	lost   *atomic.Bool  // another process took it for dead and freed its events
}

// begin makes sure that the applier has a session.
func (a *applier) begin(ctx context.Context) error {
	if a.conn != nil && (a.lost.Load() || a.conn.Conn().IsClosed() || a.conn.Conn().PgConn().TxStatus() != 'I') {
		a.abandon()
	}
	if a.conn != nil {
		return renewPlans(ctx, a.conn.Conn())
	}
	conn, err := a.hot.Acquire(ctx)
	if err != nil {
		return err
	}
	holder, err := store.AddHolder(ctx, conn, holderLasts)
	if err != nil {
		closeSession(conn)
		return err
	}
	a.conn, a.holder, a.lost = conn, holder, a.holders.add(holder)
	return nil
}

// abandon ends the session at once, even while a goroutine uses it.
func (a *applier) abandon() {
	a.holders.drop(a.holder)
	closeSession(a.conn)
	a.conn = nil
}

// endSession ends the applier's session, if it has one: so what it could not give back is free for others.
func (a *applier) endSession() {
	if a.conn != nil {
		a.abandon()
	}
}

// closeSession ends a session so that PostgreSQL notices at once: what it locked is free. Its
// connection may be in use by a goroutine that nobody waits for.
func closeSession(conn *pgxpool.Conn) {
	raw := conn.Hijack()
	_ = raw.PgConn().Conn().Close()
}

// end gives the session back when the process stops.
func (a *applier) end(ctx context.Context) {
	if a.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := store.DropHolder(ctx, a.conn, a.holder); err != nil {
		a.abandon() // others find that its session has ended
		return
	}
	a.holders.drop(a.holder)
	a.conn.Release()
	a.conn = nil
}

// holders knows the appliers of this process, by their names in the queues.
type holders struct {
	mu   sync.Mutex
	lost map[int]*atomic.Bool
}

func newHolders() *holders { return &holders{lost: map[int]*atomic.Bool{}} }

func (h *holders) add(id int) *atomic.Bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost[id] = &atomic.Bool{}
	return h.lost[id]
}

func (h *holders) drop(id int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.lost, id)
}

func (h *holders) list() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]int, 0, len(h.lost))
	for id := range h.lost {
		list = append(list, id)
	}
	return list
}

// keepHolders renews the life signs of this process's appliers in the database, and marks those that
// others took for dead as lost.
func (r *Relay) keepHolders(ctx context.Context) error {
	mine := r.holders.list()
	if len(mine) == 0 {
		return nil
	}
	kept, err := store.KeepHolders(ctx, r.pool, mine, holderLasts)
	if err != nil {
		return err
	}
	alive := map[int]bool{}
	for _, id := range kept {
		alive[int(id)] = true
	}
	r.holders.mu.Lock()
	defer r.holders.mu.Unlock()
	for _, id := range mine {
		if lost := r.holders.lost[id]; lost != nil && !alive[id] {
			lost.Store(true)
		}
	}
	return nil
}
