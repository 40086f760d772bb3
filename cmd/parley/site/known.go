package site

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
	sites "parley/store/site"
)

// setupCache remembers the set-up as it was read last. A company may have thousands of people, tags and templates, and pages
// should not read all of them each time. Each use asks the database whether the cached set-up is still the current one
// (sites.SetupStamp), so a change is seen at once, whichever process made it. What a person may see is never asked here, but
// read anew (people).
type setupCache struct {
	pool  *pgxpool.Pool
	specs []channels.Spec

	entries   cached[[]setup.Entry]
	directory cached[store.Directory]
}

// cached is one value, with the stamp of the set-up for which it was read. Both are read in one snapshot of the database:
// otherwise a stamp could be remembered with a value of another state, and be shown again when the same stamp comes back, as
// happens when an account's status changes to and fro. Nobody may change the value.
type cached[T any] struct {
	mu    sync.Mutex
	stamp string // "" if nothing was read yet
	value T
}

// get returns the current value; read reads it if it has changed.
func (k *cached[T]) get(ctx context.Context, pool *pgxpool.Pool, read func(store.Querier) (T, error)) (T, error) {
	var none T
	stamp, err := sites.SetupStamp(ctx, pool)
	if err != nil {
		return none, err
	}

	k.mu.Lock()
	isCurrent := k.stamp == stamp
	value := k.value
	k.mu.Unlock()

	if isCurrent {
		return value, nil
	}

	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if stamp, err = sites.SetupStamp(ctx, tx); err == nil {
			value, err = read(tx)
		}
		return err
	})
	if err != nil {
		return none, err
	}

	k.mu.Lock()
	k.stamp, k.value = stamp, value
	k.mu.Unlock()
	return value, nil
}

// Entries are those of setup.Entries. They are shared: nobody may change them.
func (k *setupCache) Entries(ctx context.Context) ([]setup.Entry, error) {
	return k.entries.get(ctx, k.pool, func(q store.Querier) ([]setup.Entry, error) { return setup.Entries(ctx, q, k.specs) })
}

// Directory is that of store.LoadDirectory. It is shared: nobody may change it.
func (k *setupCache) Directory(ctx context.Context) (store.Directory, error) {
	return k.directory.get(ctx, k.pool, func(q store.Querier) (store.Directory, error) { return store.LoadDirectory(ctx, q) })
}
