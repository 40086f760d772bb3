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

// known keeps the set-up as it was read last, so that pages of a company with thousands of people, tags and templates
// don't read all of it again each time. Each use asks the database whether it still holds (sites.SetupStamp): a change is
// seen at once, whichever process made it. Who may see a page is never asked here, but read anew (people).
type known struct {
	pool  *pgxpool.Pool
	specs []channels.Spec

	entries   kept[[]setup.Entry]
	directory kept[store.Directory]
}

// kept is one thing, as it was when the set-up had a stamp: both are read from one snapshot of the database. A stamp that
// was read before its thing could belong to what the set-up was before, and come back, as an account's status does: then
// what was never so under that stamp would be shown from there on. Nobody changes what it holds.
type kept[T any] struct {
	mu    sync.Mutex
	stamp string // "" = nothing was read yet
	value T
}

// get returns the thing as it is now; read reads it.
func (k *kept[T]) get(ctx context.Context, pool *pgxpool.Pool, read func(store.Querier) (T, error)) (T, error) {
	var none T
	stamp, err := sites.SetupStamp(ctx, pool)
	if err != nil {
		return none, err
	}
	k.mu.Lock()
	same, value := k.stamp == stamp, k.value
	k.mu.Unlock()
	if same {
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
func (k *known) Entries(ctx context.Context) ([]setup.Entry, error) {
	return k.entries.get(ctx, k.pool, func(q store.Querier) ([]setup.Entry, error) { return setup.Entries(ctx, q, k.specs) })
}

// Directory is that of store.LoadDirectory. It is shared: nobody may change it.
func (k *known) Directory(ctx context.Context) (store.Directory, error) {
	return k.directory.get(ctx, k.pool, func(q store.Querier) (store.Directory, error) { return store.LoadDirectory(ctx, q) })
}
