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
	holderLasts = 20 * time.Second // what a process that was stopped has in hand is free after that
	holderKeep  = 5                // seconds between two signs of life
)

// applier has a session of its own, with which it takes events and applies them. What it took is
// free for others when the session ends, however that happens.
type applier struct {
	*Relay
	conn   *pgxpool.Conn // nil = none
	holder int           // its name in the queues
	lost   *atomic.Bool  // it was given up by others
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

// abandon ends the session at once, whoever uses it.
func (a *applier) abandon() {
	a.holders.drop(a.holder)
	closeSession(a.conn)
	a.conn = nil
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
	_ = store.DropHolders(ctx, a.conn, a.holder) // else others find that its session has ended
	a.abandon()
}

// holders knows the appliers of this process.
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

// keepHolders says that the appliers of this process go on, and learns which were given up.
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
