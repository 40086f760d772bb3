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
	holderLasts    = 20 * time.Second // the events that a stopped process had taken are free after that
	holderInterval = 5                // seconds between two signs of life
)

// holders knows the appliers of this process, by the ids under which queues name who has taken them.
type holders struct {
	mu   sync.Mutex
	lost map[int]*atomic.Bool // set when other processes took the applier for dead and freed its events
}

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

// keep renews the life signs of the appliers in the database, and marks those that others took for dead as lost.
func (h *holders) keep(ctx context.Context, q *pgxpool.Pool) error {
	mine := h.list()
	if len(mine) == 0 {
		return nil
	}

	kept, err := store.KeepHolders(ctx, q, mine, holderLasts)
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
		lost := h.lost[id] // nil if the applier ended meanwhile
		if lost != nil && !alive[id] {
			lost.Store(true)
		}
	}

	return nil
}
