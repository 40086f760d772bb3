package site

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup"
	"parley/channels"
	"parley/store"
)

// setupCache caches Parley's configuration (the set-up: agents, teams, accounts, tags and so on) in memory. A company may
// have thousands of people, tags and templates, and a page should not read all of them for each request.
//
// The cache never returns stale data. Each lookup first reads a short stamp from the database (sites.SetupStamp), which
// differs whenever the set-up has changed. If it equals the stamp of the cached value, that value is returned; otherwise
// the value is loaded again. A change is therefore visible immediately, even if another process made it.
//
// Permissions are not cached: they are read for each request (see people). A setupCache is safe for concurrent use.
type setupCache struct {
	pool  *pgxpool.Pool
	specs []channels.Spec

	entries   cached[[]setup.Entry]
	directory cached[store.Directory]
}

// Entries returns the result of setup.Entries. Callers share it and must not modify it.
func (c *setupCache) Entries(ctx context.Context) ([]setup.Entry, error) {
	return c.entries.get(ctx, c.pool, func(q store.Querier) ([]setup.Entry, error) { return setup.Entries(ctx, q, c.specs) })
}

// Directory returns the result of store.LoadDirectory. Callers share it and must not modify it.
func (c *setupCache) Directory(ctx context.Context) (store.Directory, error) {
	return c.directory.get(ctx, c.pool, func(q store.Querier) (store.Directory, error) { return store.LoadDirectory(ctx, q) })
}

// cached holds a value and the stamp of the set-up from which it was loaded.
type cached[T any] struct {
	mu    sync.Mutex
	stamp string // "" until a value has been loaded
	value T
}

// get returns the value for the current set-up. It calls read if the cached value has another stamp.
func (c *cached[T]) get(ctx context.Context, pool *pgxpool.Pool, read func(store.Querier) (T, error)) (value T, err error) {
	stamp, err := store.SetupStamp(ctx, pool)
	if err != nil {
		return value, err
	}
	if value, isCurrent := c.load(stamp); isCurrent {
		return value, nil
	}

	// Read stamp and value in one snapshot. Otherwise a change between the two reads could store a value under the stamp
	// of another state. That value would be returned when the stamp recurs, for example when an account's status
	// changes and changes back.
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if stamp, err = store.SetupStamp(ctx, tx); err != nil {
			return err
		}
		value, err = read(tx)
		return err
	})
	if err != nil {
		return value, err
	}
	c.keep(stamp, value)
	return value, nil
}

// load returns the cached value and reports whether it has the given stamp.
func (c *cached[T]) load(stamp string) (value T, isCurrent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.value, c.stamp == stamp
}

// keep replaces the cached value.
func (c *cached[T]) keep(stamp string, value T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stamp, c.value = stamp, value
}
