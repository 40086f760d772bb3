package engine_test

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/store/storetest"
)

// poolsOfEngine returns the pool of one more replica, and the sessions of its relay.
func (w *world) poolsOfEngine() (pool, sessions *pgxpool.Pool) {
	w.t.Helper()
	sessions = storetest.Further(w.t, w.pool, "sessions", relay.OpenSessions)
	if len(w.engines) == 0 {
		return w.pool, sessions
	}
	return storetest.Further(w.t, w.pool, "replica", openLikeIt), sessions
}

// openLikeIt opens one more pool with the settings of another.
func openLikeIt(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	return pgxpool.NewWithConfig(ctx, pool.Config())
}
