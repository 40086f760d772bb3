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

// setupCache keeps the set-up as it was read last: a company may have thousands of people, tags and templates, and a page
// should not read all of them each time.
//
// What it returns is never stale. Each use asks the database for the stamp of the current set-up (sites.SetupStamp), and
// reads the set-up anew if the cached one has another stamp. So a change is seen at once, whichever process made it.
//
// What a person may see is not kept here, but read for each request (people).
type setupCache struct {
	pool  *pgxpool.Pool
	specs []channels.Spec

	entries   cached[[]setup.Entry]
	directory cached[store.Directory]
}

// Entries returns those of setup.Entries. They are shared: nobody may change them.
func (c *setupCache) Entries(ctx context.Context) ([]setup.Entry, error) {
	return c.entries.get(ctx, c.pool, func(q store.Querier) ([]setup.Entry, error) { return setup.Entries(ctx, q, c.specs) })
}

// Directory returns that of store.LoadDirectory. It is shared: nobody may change it.
func (c *setupCache) Directory(ctx context.Context) (store.Directory, error) {
	return c.directory.get(ctx, c.pool, func(q store.Querier) (store.Directory, error) { return store.LoadDirectory(ctx, q) })
}

// cached is one value, with the stamp of the set-up from which it was read.
type cached[T any] struct {
	mu    sync.Mutex
	stamp string // "" means that nothing was read yet
	value T
}

// get returns the value for the current set-up. It calls read if the cached one is of another.
func (c *cached[T]) get(ctx context.Context, pool *pgxpool.Pool, read func(store.Querier) (T, error)) (value T, err error) {
	stamp, err := sites.SetupStamp(ctx, pool)
	if err != nil {
		return value, err
	}
	if value, isCurrent := c.load(stamp); isCurrent {
		return value, nil
	}

	// Stamp and value are read in one snapshot. Otherwise a stamp could be kept with the value of another state, which would be
	// shown again when the same stamp comes back, as happens when an account's status changes to and fro.
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if stamp, err = sites.SetupStamp(ctx, tx); err == nil {
			value, err = read(tx)
		}
		return err
	})
	if err == nil {
		c.keep(stamp, value)
	}
	return value, err
}

// load returns the cached value, and reports whether it is that of a stamp.
func (c *cached[T]) load(stamp string) (value T, isCurrent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.value, c.stamp == stamp
}

func (c *cached[T]) keep(stamp string, value T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stamp, c.value = stamp, value
}
