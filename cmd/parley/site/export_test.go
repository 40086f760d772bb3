package site

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// Keeping returns how a text is kept that belongs to the set-up.
func Keeping(pool *pgxpool.Pool) func(ctx context.Context, read func(store.Querier) (string, error)) (string, error) {
	var k cached[string]
	return func(ctx context.Context, read func(store.Querier) (string, error)) (string, error) {
		return k.get(ctx, pool, read)
	}
}
