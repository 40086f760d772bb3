package relay

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// An applier that has taken events from a queue is the queue's holder and sends heartbeats, called signs of life. Without
// one for signLasts, other processes presume the holder dead and free its events, so that another applier gets them.
const (
	signLasts    = 20 * time.Second
	signInterval = 5 * time.Second
)

// runSignsOfLife renews the signs of life of this process's appliers until ctx ends.
func (r *Relay) runSignsOfLife(ctx context.Context) error {
	tick := time.NewTicker(signInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := r.holders.keep(ctx, r.pool); err != nil {
			r.warn(ctx, "the appliers' signs of life were not renewed", err)
		}
	}
}

// holders is the set of appliers of this process.
type holders struct {
	mu   sync.Mutex
	lost map[int]*atomic.Bool // by applier id; the flag is set once other processes presumed it dead
}

// add registers an applier and returns the flag that keep sets if other processes presumed it dead.
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

// keep renews the signs of life in the database, and sets the flags of appliers that others presumed dead.
func (h *holders) keep(ctx context.Context, q *pgxpool.Pool) error {
	ctx, cancel := context.WithTimeout(ctx, signLasts)
	defer cancel()
	mine := h.list()
	if len(mine) == 0 {
		return nil
	}

	kept, err := store.KeepHolders(ctx, q, mine, signLasts)
	if err != nil {
		return err
	}

	alive := map[int]bool{}
	for _, id := range kept {
		alive[int(id)] = true
	}

	h.mu.Lock()
	defer h.mu.Unlock()

	for _, id := range mine {
		lost := h.lost[id] // nil if the applier has ended since
		if lost != nil && !alive[id] {
			lost.Store(true)
		}
	}
	return nil
}
